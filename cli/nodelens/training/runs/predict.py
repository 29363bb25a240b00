"""Predictions of a run as files."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nodelens.datasets.arrays import read_point_arrays
from nodelens.datasets.tables import read_points
from nodelens.datasets.trajectories import Points
from nodelens.errors import UsageError
from nodelens.figures.prediction import PredictionPicture, draw_prediction
from nodelens.runtime.files import make_directory, refuse_overwriting, write_bytes, write_text
from nodelens.training.runs.load import Run
from nodelens.training.runs.numbers import as_csv
from nodelens.training.runs.slopes import Slopes


@dataclass(frozen=True)
class Prediction:
    """Trajectories from one or several states.

    Attributes:
        components: The names of the components.
        times: Shape [times].
        initial: The initial states, shape [trajectories, dimension].
        states: Shape [trajectories, times, dimension].
    """

    components: tuple[str, ...]
    times: np.ndarray
    initial: np.ndarray
    states: np.ndarray

    name = "prediction"

    def to_csv(self) -> str:
        """A table with a row for each time of each trajectory."""
        count = len(self.states)
        numbers = np.repeat(np.arange(1, count + 1), len(self.times))
        states = self.states.reshape(len(numbers), -1)
        rows = np.column_stack([numbers, np.tile(self.times, count), states])
        return as_csv(["trajectory", "time", *self.components], rows)

    def arrays(self) -> dict[str, np.ndarray]:
        """What an NPZ file holds."""
        return {"times": self.times, "states": self.states, "initial": self.initial}

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
        return read_points(file, run.components)
    if z0 is None:
        return Points(np.nan_to_num(run.first_state)[None], None)
    if len(z0) != dimension or not np.isfinite(z0).all():
        names = ", ".join(run.components)
        raise UsageError(f"z0: {dimension} finite numbers ({names}) were expected")
    return Points(np.array([z0], dtype=float), None)


def predict(run: Run, initial: np.ndarray, times: np.ndarray) -> Prediction:
    """Solves the trained field from each state."""
    states = np.stack([run.predict(state, times) for state in initial])
    return Prediction(run.components, times, initial, states)


def write_prediction(
    found: Prediction | Slopes, directory: Path, title: str, *, force: bool
) -> dict[str, Path]:
    """Writes trajectories as CSV, NPZ and picture, or the values of a field as CSV and NPZ.

    Raises:
        UsageError: If a file is there already and `force` is not set.
    """
    kinds = ("csv", "npz", "png") if isinstance(found, Prediction) else ("csv", "npz")
    files = {kind: directory / f"{found.name}.{kind}" for kind in kinds}
    make_directory(directory)
    refuse_overwriting(list(files.values()), force=force)
    write_text(files["csv"], found.to_csv())
    buffer = io.BytesIO()
    np.savez(buffer, **found.arrays())  # type: ignore[arg-type]
    write_bytes(files["npz"], buffer.getvalue())
    if isinstance(found, Prediction):
        picture = PredictionPicture(title, found.components, found.times, found.states)
        write_bytes(files["png"], draw_prediction(picture))
    return files
