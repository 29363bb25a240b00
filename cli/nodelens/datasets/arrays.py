"""Trajectories from NumPy files."""

from pathlib import Path

import numpy as np

from nodelens.datasets.trajectories import Trajectory, TrajectoryData
from nodelens.errors import UsageError


def read_npz(path: Path) -> TrajectoryData:
    """Reads trajectories from an NPZ file with the arrays `times` and `states`.

    `times` has the shape [points] or [trajectories, points], `states` [points, dimension] or
    [trajectories, points, dimension]. NaN in `states` is a missing value.

    Args:
        path: The file.

    Raises:
        UsageError: If it is no such file.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            found = {name: np.asarray(arrays[name], dtype=np.float64) for name in arrays.files}
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, AttributeError) as error:
        raise UsageError(f"{path} is no NPZ file of numbers: {error}") from error
    if not {"times", "states"} <= set(found):
        raise UsageError(
            f"{path} holds {', '.join(found) or 'nothing'}; the arrays `times` and `states` "
            "were expected"
        )
    times, states = found["times"], found["states"]
    if states.ndim == 2:
        states = states[None]
    if states.ndim != 3 or times.shape[-1] != states.shape[1] or times.ndim > 2:
        raise UsageError(
            f"{path}: times of shape {list(found['times'].shape)} do not fit states of shape "
            f"{list(found['states'].shape)}; [points] and [points, dimension], or both with an "
            "axis of trajectories in front, were expected"
        )
    times = np.broadcast_to(times, states.shape[:2])
    if not np.isfinite(times).all() or (np.diff(times, axis=1) <= 0).any():
        raise UsageError(f"{path}: the times must be finite and strictly increasing")
    return TrajectoryData(
        tuple(
            Trajectory(times[index], states[index], f"trajectory {index + 1}")
            for index in range(len(states))
        ),
        tuple(f"z{index + 1}" for index in range(states.shape[2])),
        path.stem.replace("_", " "),
        str(path),
    )
