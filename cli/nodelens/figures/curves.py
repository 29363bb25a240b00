"""Trajectories as figures draw them: data, and the curve of a model."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

MARKERS = 120


@dataclass(frozen=True)
class FitCurve:
    """A trajectory by a trained field, beside its data.

    Attributes:
        name: The name of the trajectory.
        times: The times of the data, shape [points].
        data: The measured states, shape [points, dimension].
        curve_times: Times dense enough for a smooth curve, shape [curve].
        curve: The states of the trained field there, shape [curve, dimension].
        train_points: The number of points used for training; those after them were held out.
    """

    name: str
    times: np.ndarray
    data: np.ndarray
    curve_times: np.ndarray
    curve: np.ndarray
    train_points: int

    @property
    def held_out(self) -> tuple[float, float] | None:
        """The first and the last time of the part that was held out; None if none was."""
        if self.train_points == len(self.times):
            return None
        return float(self.times[max(0, self.train_points - 1)]), float(self.times[-1])

    @property
    def whole(self) -> bool:
        """True if it was held out whole."""
        return self.train_points == 0 < len(self.times)

    def thinned(self) -> "FitCurve":
        """Leaves out data where there is too much to see."""
        every = max(1, len(self.times) // MARKERS)
        return replace(self, times=self.times[::every], data=self.data[::every])


def all_data(curves: Sequence[FitCurve]) -> np.ndarray:
    """Returns the measured states of all curves, shape [points, dimension]."""
    return np.concatenate([curve.data for curve in curves])


def all_models(curves: Sequence[FitCurve]) -> np.ndarray:
    """Returns the states of the model of all curves, shape [points, dimension]."""
    return np.concatenate([curve.curve for curve in curves])


def all_times(curves: Sequence[FitCurve]) -> np.ndarray:
    """Returns the times of data and models of all curves, shape [points]."""
    return np.concatenate([part for curve in curves for part in (curve.times, curve.curve_times)])
