"""Predictions of a run as files."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from nodelens.datasets.tables import read_states
from nodelens.errors import UsageError
from nodelens.report.figures.prediction import PredictionPicture, draw_prediction
from nodelens.runtime.files import make_directory, refuse_overwriting, write_bytes, write_text
from nodelens.training.load import Run

MAX_TIMES = 1_000_000


@dataclass(frozen=True)
class Prediction:
    """Trajectories, or derivatives, from one or several states.

    Attributes:
        components: The names of the components.
        times: Shape [times].
        initial: The initial states, shape [trajectories, dimension].
        states: Shape [trajectories, times, dimension].
        derivative: Whether `states` holds dz/dt at the initial states and `times` is one time.
    """

    components: tuple[str, ...]
    times: np.ndarray
    initial: np.ndarray
    states: np.ndarray
    derivative: bool

    def to_csv(self) -> str:
        """A table with a row for each time of each trajectory."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        prefix = "d" if self.derivative else ""
        suffix = "/dt" if self.derivative else ""
        names = [f"{prefix}{name}{suffix}" for name in self.components]
        writer.writerow(["trajectory", "time", *names])
        for number, states in enumerate(self.states, start=1):
            for time, state in zip(self.times, states, strict=True):
                writer.writerow([number, f"{time:.9g}", *(f"{value:.9g}" for value in state)])
        return text.getvalue()

    def document(self, files: dict[str, Path]) -> dict[str, Any]:
        """The JSON document of `predict-ode`."""
        return {
            "components": list(self.components),
            "trajectories": len(self.states),
            "times": [float(self.times[0]), float(self.times[-1]), len(self.times)],
            "initial": self.initial,
            "final": self.states[:, -1],
            "files": {name: str(path) for name, path in files.items()},
        }


def parse_times(text: str) -> np.ndarray:
    """Reads `start:stop:count`, both ends included.

    Raises:
        UsageError: If it is not that.
    """
    parts = text.split(":")
    try:
        start, stop, count = float(parts[0]), float(parts[1]), int(parts[2])
        valid = len(parts) == 3 and 2 <= count <= MAX_TIMES and start != stop
        valid = valid and bool(np.isfinite([start, stop]).all())
    except (ValueError, IndexError):
        valid = False
    if not valid:
        raise UsageError(
            f"--times {text!r} is not start:stop:count", hint="for example --times 0:50:500"
        )
    return np.linspace(start, stop, count)


def initial_states(run: Run, z0: str | None, file: Path | None) -> np.ndarray:
    """The states to start from: given, read from a CSV file, or that of the data.

    Returns:
        Shape [trajectories, dimension].
    """
    if file is not None:
        return read_states(file, run.components)
    if z0 is None:
        return np.nan_to_num(run.first_state)[None]
    try:
        return np.array([[float(value) for value in z0.split(",")]])
    except ValueError as error:
        raise UsageError(
            f"--z0 {z0!r} is no list of numbers", hint="for example --z0 2,0"
        ) from error


def predict(run: Run, initial: np.ndarray, times: np.ndarray) -> Prediction:
    """Solves the trained field from each state."""
    states = np.stack([run.predict(state, times) for state in initial])
    return Prediction(run.components, times, initial, states, derivative=False)


def evaluate_field(run: Run, initial: np.ndarray, time: float) -> Prediction:
    """Evaluates the trained field at each state.

    Raises:
        UsageError: If the states have the wrong length.
    """
    if initial.shape[1] != len(run.components):
        raise UsageError(f"states of {len(run.components)} components were expected")
    points = np.pad(initial, ((0, 0), (0, run.problem.augment))).astype(np.float32)
    derivative = run.field(tf.constant(np.float32(time)), tf.constant(points)).numpy()
    derivative = derivative[:, None, : len(run.components)]
    return Prediction(run.components, np.array([time]), initial, derivative, derivative=True)


def write_prediction(
    prediction: Prediction, directory: Path, title: str, *, force: bool
) -> dict[str, Path]:
    """Writes a prediction as CSV, NPZ and picture.

    Raises:
        UsageError: If a file is there already and `force` is not set.
    """
    files = {name: directory / f"prediction.{name}" for name in ("csv", "npz")}
    if not prediction.derivative:
        files["png"] = directory / "prediction.png"
    make_directory(directory)
    refuse_overwriting(list(files.values()), force=force)
    write_text(files["csv"], prediction.to_csv())
    buffer = io.BytesIO()
    np.savez(buffer, times=prediction.times, states=prediction.states, initial=prediction.initial)
    write_bytes(files["npz"], buffer.getvalue())
    if "png" in files:
        picture = PredictionPicture(
            title, prediction.components, prediction.times, prediction.states
        )
        write_bytes(files["png"], draw_prediction(picture))
    return files
