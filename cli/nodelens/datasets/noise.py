"""The noise of measured trajectories, estimated from their own roughness."""

import numpy as np

from nodelens.datasets.trajectories import Trajectory

NEIGHBOURS = 4  # of a point, by which it is predicted: two before it and two behind it
TO_DEVIATION = 1.4826  # from the median absolute value of normal numbers to their deviation


def noise(trajectories: tuple[Trajectory, ...]) -> np.ndarray:
    """Estimates the standard deviation of the noise of each component.

    Each measurement is compared with the cubic through its four neighbours. Smooth motion between
    points that lie close leaves almost nothing; motion that is resolved coarsely counts as noise,
    because nothing tells them apart.

    Args:
        trajectories: The trajectories; missing measurements are passed over.

    Returns:
        The deviations, shape [dimension], in the units of the data; 0 where a component was not
        measured five times in a row.
    """
    parts = [_residuals(each) for each in trajectories if len(each) > NEIGHBOURS]
    if not parts:
        return np.zeros(trajectories[0].states.shape[1])
    residuals = np.abs(np.concatenate(parts))
    counted = np.isfinite(residuals).any(axis=0)
    found = np.zeros(residuals.shape[1])
    found[counted] = TO_DEVIATION * np.nanmedian(residuals[:, counted], axis=0)
    return found


def _residuals(trajectory: Trajectory) -> np.ndarray:
    """Residuals of the interior points, shape [points - 4, dimension], in deviations of noise."""
    times, states = trajectory.times, trajectory.states
    offsets = (0, 1, 3, 4)
    inner = len(times) - NEIGHBOURS
    around = np.stack([times[k : k + inner] for k in offsets])
    middle = times[2 : 2 + inner]
    # Lagrange's weights of the cubic through the neighbours, at the point between them.
    weights = np.ones((NEIGHBOURS, inner))
    for i in range(NEIGHBOURS):
        for j in range(NEIGHBOURS):
            if i != j:
                weights[i] *= (middle - around[j]) / (around[i] - around[j])
    neighbours = np.stack([states[k : k + inner] for k in offsets])
    predicted = np.sum(weights[..., None] * neighbours, axis=0)
    spread = np.sqrt(1 + np.sum(weights**2, axis=0))
    return (states[2 : 2 + inner] - predicted) / spread[:, None]
