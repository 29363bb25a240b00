"""Trajectories: the times and states that a Neural ODE learns from."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Trajectory:
    """One trajectory.

    Attributes:
        times: Strictly increasing, shape [points], float64.
        states: The state at each time, shape [points, dimension], float32.
        name: What it is, for titles.
    """

    times: np.ndarray
    states: np.ndarray
    name: str

    @property
    def dimension(self) -> int:
        """The number of components of the state."""
        return int(self.states.shape[1])

    def evenly_spaced(self) -> bool:
        """Whether all steps in time are equal, so that every window has the same times."""
        steps = np.diff(self.times)
        return bool(np.allclose(steps, steps[0], rtol=1e-6, atol=0.0))
