"""Predictions of a run that has learned from trajectories, and the files of all predictions."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import tensorflow as tf

from nodelens.datasets.csv_files import read_points
from nodelens.datasets.dates import Calendar
from nodelens.datasets.numpy_files import read_point_arrays
from nodelens.datasets.trajectories import Points
from nodelens.errors import UsageError
from nodelens.figures.over_time import OverTime
from nodelens.figures.prediction import draw_prediction
from nodelens.runtime.files import (
    make_directory,
    refuse_overwriting,
    write_arrays,
    write_bytes,
    write_text,
)
from nodelens.training.runs.load import Run
from nodelens.training.runs.numbers import as_csv
from nodelens.training.runs.predict_samples import SamplePrediction
from nodelens.training.runs.prediction_picture import prediction_picture


@dataclass(frozen=True)
class Prediction:
    """Trajectories from one or several initial states.

    Attributes:
        components: The names of the components.
        times: Shape [times].
        initial: The initial states, shape [trajectories, dimension].
        states: Shape [trajectories, times, dimension].
        calendar: The meaning of the times, if those of the data were dates.
        picture: The trajectories as they are drawn.
    """

    components: tuple[str, ...]
    times: np.ndarray
    initial: np.ndarray
    states: np.ndarray
    picture: OverTime
    calendar: Calendar | None = None

    name: ClassVar[str] = "prediction"

    def to_csv(self) -> str:
        """Returns a CSV table with a row for each time of each trajectory, as `train-ode` reads."""
        times = _written(self.times, self.calendar)
        rows = (
            [number, time, *state]
            for number, states in enumerate(self.states, start=1)
            for time, state in zip(times, states, strict=True)
        )
        return as_csv(["trajectory", "time", *self.components], rows)

    def arrays(self) -> dict[str, np.ndarray]:
        """Returns the arrays of an NPZ file."""
        return {"times": self.times, "states": self.states, "initial": self.initial}


@dataclass(frozen=True)
class Slopes:
    """The values of a field.

    Attributes:
        components: The names of the components.
        times: Shape [points].
        states: Shape [points, dimension].
        derivatives: dz/dt there, shape [points, dimension].
        calendar: The meaning of the times, if those of the data were dates.
    """

    components: tuple[str, ...]
    times: np.ndarray
    states: np.ndarray
    derivatives: np.ndarray
    calendar: Calendar | None = None

    name: ClassVar[str] = "field"

    def to_csv(self) -> str:
        """Returns a CSV table with a row for each point."""
        slopes = [f"d{name}/dt" for name in self.components]
        times = _written(self.times, self.calendar)
        rows = (
            [time, *state, *slope]
            for time, state, slope in zip(times, self.states, self.derivatives, strict=True)
        )
        return as_csv(["time", *self.components, *slopes], rows)

    def arrays(self) -> dict[str, np.ndarray]:
        """Returns the arrays of an NPZ file."""
        return {"times": self.times, "states": self.states, "derivatives": self.derivatives}


def _written(times: np.ndarray, calendar: Calendar | None) -> Sequence[float | str]:
    """Returns times as the data had them: numbers or dates."""
    return times.tolist() if calendar is None else calendar.dates(times)


def initial_states(run: Run, z0: Sequence[float] | None, file: Path | None) -> Points:
    """Returns the states to start from: given, read from a file, or the one of the data.

    Args:
        run: The run that predicts.
        z0: One state; None if none is given.
        file: A CSV, NPZ or NPY file of states; None if none is given.

    Raises:
        UsageError: If they are no states of this run.
    """
    dimension = len(run.components)
    if file is not None and file.suffix.lower() in {".npz", ".npy"}:
        return read_point_arrays(file, dimension)
    if file is not None:
        return read_points(file, run.components, run.calendar)
    if z0 is None:
        return Points(run.first_state[None], None)
    if len(z0) != dimension or not np.isfinite(z0).all():
        names = ", ".join(run.components)
        raise UsageError(f"z0: {dimension} finite numbers ({names}) were expected")
    return Points(np.array([z0], dtype=float), None)


def predict(run: Run, initial: np.ndarray, times: np.ndarray) -> Prediction:
    """Solves the trained field from each state."""
    states = np.stack([run.predict(state, times) for state in initial])
    picture = prediction_picture(run, initial, times, states)
    return Prediction(run.components, times, initial, states, picture, run.calendar)


def evaluate_field(run: Run, points: Points, times: np.ndarray | None) -> Slopes:
    """Evaluates the trained field.

    Args:
        run: The run; components that its field adds to the data count as zero.
        points: The states, of the length that the run has.
        times: Each state is evaluated at all of these, shape [times]; without them at the time
            that belongs to it, or else at the first time of the data.
    """
    count = len(points.states)
    own = points.times if points.times is not None else np.repeat(run.first_times[:1], count)
    if times is None:
        times, states = own, points.states
    else:
        states, times = np.repeat(points.states, len(times), axis=0), np.tile(times, count)
    inputs = np.pad(states, ((0, 0), (0, run.objective.augment))).astype(np.float32)
    found = run.field(tf.constant(times[:, None], tf.float32), tf.constant(inputs))
    derivatives = found.numpy().astype(np.float64)[:, : len(run.components)]
    return Slopes(run.components, times, states, derivatives, run.calendar)


Predicted = Prediction | Slopes | SamplePrediction


def write_prediction(
    found: Predicted, directory: Path, title: str, *, force: bool
) -> dict[str, Path]:
    """Writes a prediction as CSV and NPZ, and draws trajectories.

    Raises:
        UsageError: If a file is there already and `force` is not set.
    """
    kinds = ("csv", "npz", "png") if isinstance(found, Prediction) else ("csv", "npz")
    files = {kind: directory / f"{found.name}.{kind}" for kind in kinds}
    make_directory(directory)
    refuse_overwriting(list(files.values()), force=force)
    write_text(files["csv"], found.to_csv())
    write_arrays(files["npz"], found.arrays())
    if isinstance(found, Prediction):
        write_bytes(files["png"], draw_prediction(title, found.picture))
    return files
