"""The trained field itself, evaluated at points."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from nodelens.datasets.trajectories import Points
from nodelens.training.runs.load import Run
from nodelens.training.runs.numbers import as_csv


@dataclass(frozen=True)
class Slopes:
    """The values of a field.

    Attributes:
        components: The names of the components.
        times: Shape [points].
        states: Shape [points, dimension].
        derivatives: dz/dt there, shape [points, dimension].
    """

    components: tuple[str, ...]
    times: np.ndarray
    states: np.ndarray
    derivatives: np.ndarray

    name = "field"

    def to_csv(self) -> str:
        """A table with a row for each point."""
        slopes = [f"d{name}/dt" for name in self.components]
        rows = np.column_stack([self.times, self.states, self.derivatives])
        return as_csv(["time", *self.components, *slopes], rows)

    def arrays(self) -> dict[str, np.ndarray]:
        """What an NPZ file holds."""
        return {"times": self.times, "states": self.states, "derivatives": self.derivatives}

    def document(self, files: dict[str, Path]) -> dict[str, Any]:
        """The JSON document of `predict-ode --field-only`."""
        return {
            "components": list(self.components),
            "times": self.times,
            "states": self.states,
            "derivatives": self.derivatives,
            "files": {name: str(path) for name, path in files.items()},
        }


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
    inputs = np.pad(states, ((0, 0), (0, run.problem.augment))).astype(np.float32)
    found = run.field(tf.constant(times[:, None], tf.float32), tf.constant(inputs))
    derivatives = found.numpy().astype(np.float64)[:, : len(run.components)]
    return Slopes(run.components, times, states, derivatives)
