"""The division of trajectories into those to train on and those held out for validation."""

from dataclasses import dataclass, replace

import numpy as np

from nodelens.datasets.settings import SplitBy
from nodelens.datasets.trajectories import Trajectory, TrajectoryData
from nodelens.errors import UsageError


@dataclass(frozen=True)
class Split:
    """A division of data.

    Attributes:
        train: The data to train on.
        validation: The data held out; None if there is none.
        how: The parts, in words.
    """

    train: TrajectoryData
    validation: TrajectoryData | None
    how: str


def split(data: TrajectoryData, *, fraction: float, by: SplitBy, seed: int) -> Split:
    """Holds out a part of the data.

    Args:
        data: All data.
        fraction: The fraction that is held out; 0 is none.
        by: `time` holds out the end of every trajectory (extrapolation), `trajectory` whole
            trajectories drawn at random, `points` points drawn at random (interpolation).
        seed: The seed of the draw.

    Raises:
        UsageError: If too little would be left on one side.
    """
    if fraction == 0:
        return Split(data, None, "all data is trained on")
    if by == "time":
        how = f"the last {fraction:.0%} of the points are held out (extrapolation)"
        parts = [_by_time(trajectory, fraction) for trajectory in data.trajectories]
    elif by == "points":
        how = f"{fraction:.0%} of the points, drawn at random, are held out (interpolation)"
        generator = np.random.default_rng(seed)
        parts = [_by_points(trajectory, fraction, generator) for trajectory in data.trajectories]
    else:
        return _by_trajectory(data, fraction, seed)
    train, validation = zip(*parts, strict=True)
    return Split(replace(data, trajectories=train), replace(data, trajectories=validation), how)


def _by_trajectory(data: TrajectoryData, fraction: float, seed: int) -> Split:
    count = len(data.trajectories)
    held_out = max(1, round(fraction * count))
    if count - held_out < 1:
        raise UsageError(
            f"of {count} trajectories none would be left to train on",
            hint="use data.validation.by=time, or a smaller data.validation.fraction",
        )
    chosen = set(np.random.default_rng(seed).permutation(count)[:held_out].tolist())
    train = tuple(t for i, t in enumerate(data.trajectories) if i not in chosen)
    validation = tuple(t for i, t in enumerate(data.trajectories) if i in chosen)
    return Split(
        replace(data, trajectories=train),
        replace(data, trajectories=validation),
        f"{held_out} of {count} trajectories are held out",
    )


def _by_time(trajectory: Trajectory, fraction: float) -> tuple[Trajectory, Trajectory]:
    count = len(trajectory)
    cut = round((1 - fraction) * count)
    if cut < 2 or count - cut < 1:
        raise _too_few(
            trajectory,
            fraction,
            "set data.validation.fraction=0, or use data.validation.by=trajectory",
        )
    # The last point of the training is where the extrapolation starts from.
    return trajectory.part(0, cut), trajectory.part(cut - 1, count)


def _by_points(
    trajectory: Trajectory, fraction: float, generator: np.random.Generator
) -> tuple[Trajectory, Trajectory]:
    """Hides points from each part as if they were not measured; the first is in both."""
    count = len(trajectory)
    held_out = max(1, round(fraction * count))
    if count - held_out < 2:
        raise _too_few(trajectory, fraction, "use a smaller data.validation.fraction")
    hidden = np.zeros(count, bool)
    hidden[1 + generator.permutation(count - 1)[:held_out]] = True
    first = np.arange(count) == 0
    return trajectory.hiding(hidden), trajectory.hiding(~hidden & ~first)


def _too_few(trajectory: Trajectory, fraction: float, hint: str) -> UsageError:
    return UsageError(
        f"{trajectory.name!r} has {len(trajectory)} points: too few to hold out {fraction:.0%} of "
        "them",
        hint=hint,
    )
