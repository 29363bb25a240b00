"""Predictions of a run as files."""

import io
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

MAX_TIMES = 1_000_000


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


def initial_states(run: Run, z0: str | None, file: Path | None) -> Points:
    """The states to start from: given, read from a CSV, NPZ or NPY file, or that of the data.

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
    try:
        values = [float(value) for value in z0.split(",")]
    except ValueError as error:
        raise UsageError(
            f"--z0 {z0!r} is no list of numbers", hint="for example --z0 2,0"
        ) from error
    if len(values) != dimension or not np.isfinite(values).all():
        raise UsageError(
            f"--z0 {z0!r}: {dimension} finite numbers ({', '.join(run.components)}) were expected"
        )
    return Points(np.array([values]), None)


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
