"""Trajectories from NumPy files."""

import zipfile
from pathlib import Path

import numpy as np

from nodelens.datasets.trajectories import Points, Trajectory, TrajectoryData
from nodelens.errors import UsageError

ONLY = "an array without a name"  # of an NPY file


def read_arrays(path: Path) -> TrajectoryData:
    """Reads trajectories from an NPZ or NPY file.

    An NPZ file has the arrays `times` of shape [points] or [trajectories, points] and `states` of
    shape [points, dimension] or [trajectories, points, dimension]. An NPY file has one array of
    shape [points, 1 + dimension] or [trajectories, points, 1 + dimension] whose first column is
    the time. NaN in a state is a missing value.

    Args:
        path: The file.

    Raises:
        UsageError: If it is no such file.
    """
    times, states = _times_and_states(path, as_numbers(open_arrays(path), path))
    given = f"times of shape {list(times.shape)} do not fit states of shape {list(states.shape)}"
    if states.ndim == 2:
        states = states[None]
    if states.ndim != 3 or times.shape[-1:] != states.shape[1:2] or times.ndim not in (1, 2):
        raise UsageError(
            f"{path}: {given}; [points] and [points, dimension], or both with an axis of "
            "trajectories in front, were expected"
        )
    if times.ndim == 2 and len(times) not in (1, len(states)):
        raise UsageError(f"{path}: {given}; as many trajectories in one as in the other")
    if states.shape[1] < 2:
        raise UsageError(f"{path} has a single point; a trajectory needs two or more")
    if not states.shape[2] or not len(states):
        raise UsageError(f"{path}: {given}; there is nothing to learn")
    times = np.broadcast_to(times, states.shape[:2])
    if not np.isfinite(times).all() or (np.diff(times, axis=1) <= 0).any():
        raise UsageError(f"{path}: the times must be finite and strictly increasing")
    if np.isinf(states).any():
        raise UsageError(f"{path}: a state is infinite; NaN stands for a missing value")
    for index in np.flatnonzero(~np.isfinite(states).any(axis=(0, 1))):
        raise UsageError(f"{path}: component {index + 1} of the states has no value at all")
    return TrajectoryData(
        tuple(
            Trajectory(times[index], states[index], f"trajectory {index + 1}")
            for index in range(len(states))
        ),
        tuple(f"z{index + 1}" for index in range(states.shape[2])),
        path.stem.replace("_", " "),
        str(path),
    )


def read_point_arrays(path: Path, dimension: int) -> Points:
    """Reads states from the array `states` of an NPZ file, or the only one of an NPZ or NPY file.

    Args:
        path: The file. An array `times` of an NPZ file has their times.
        dimension: The components of a state.

    Raises:
        UsageError: If there is no such array, or it does not have the shape [points, dimension].
    """
    arrays = as_numbers(open_arrays(path), path)
    times = arrays.pop("times", None)
    states = next(iter(arrays.values())) if len(arrays) == 1 else arrays.get("states")
    if states is None:
        raise UsageError(
            f"{path} holds {', '.join(arrays) or 'nothing'}; an array `states` was expected"
        )
    if states.ndim != 2 or states.shape[1] != dimension or not len(states):
        raise UsageError(
            f"{path}: states of shape {list(states.shape)}; [points, {dimension}] was expected"
        )
    if times is not None and times.shape != states.shape[:1]:
        raise UsageError(
            f"{path}: {len(states)} states and times of shape {list(times.shape)}; "
            "one time for each state was expected"
        )
    if not np.isfinite(states).all() or not (times is None or np.isfinite(times).all()):
        raise UsageError(f"{path}: every state and time must be finite")
    return Points(states, times)


def read_time_array(path: Path) -> np.ndarray:
    """Reads times from an NPY file, or from the array `times` of an NPZ file.

    Raises:
        UsageError: If there is no such array, or it does not have one axis.
    """
    arrays = as_numbers(open_arrays(path), path)
    times = arrays.get(ONLY, arrays.get("times"))
    if times is None:
        raise UsageError(
            f"{path} holds {', '.join(arrays) or 'nothing'}; an array `times` was expected"
        )
    if times.ndim != 1:
        raise UsageError(f"{path}: times of shape {list(times.shape)}; [times] was expected")
    return times


def open_arrays(
    path: Path, *, kind: str = "NumPy", hint: str | None = None
) -> dict[str, np.ndarray]:
    """Reads the arrays of an NPZ file by name, or that of an NPY file under the name `ONLY`.

    Args:
        path: The file; nothing in it is run as code.
        kind: The kind of file that was expected, for messages.
        hint: The hint where it is no such file.

    Raises:
        UsageError: If it cannot be read.
    """
    try:
        with path.open("rb") as file:
            loaded = np.load(file, allow_pickle=False)
            return {ONLY: loaded} if isinstance(loaded, np.ndarray) else dict(loaded)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        # What NumPy says of a file that is none is about pickles, which nobody should load.
        reason = "" if "pickle" in str(error) else f": {error}"
        raise UsageError(f"{path} is no {kind} file of numbers{reason}", hint=hint) from error


def as_numbers(arrays: dict[str, np.ndarray], path: Path) -> dict[str, np.ndarray]:
    """Converts arrays of real numbers to float64.

    Raises:
        UsageError: If one holds anything else.
    """
    for name, array in arrays.items():
        if array.dtype.kind not in "fiu":
            what = "the array" if name == ONLY else f"the array {name!r}"
            raise UsageError(f"{path}: {what} is of {array.dtype}; real numbers were expected")
    return {name: array.astype(np.float64) for name, array in arrays.items()}


def _times_and_states(path: Path, arrays: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    if {"times", "states"} <= set(arrays):
        return arrays["times"], arrays["states"]
    if set(arrays) != {ONLY}:
        raise UsageError(
            f"{path} holds {', '.join(arrays) or 'nothing'}; the arrays `times` and `states` "
            "were expected"
        )
    table = arrays[ONLY]
    if table.ndim not in (2, 3) or table.shape[-1] < 2:
        raise UsageError(
            f"{path} is of shape {list(table.shape)}; [points, 1 + dimension] was expected, or "
            "that with an axis of trajectories in front, the first column being the time"
        )
    return table[..., 0], table[..., 1:]
