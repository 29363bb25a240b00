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
        return _by_time(data, fraction)
    if by == "points":
        return _by_points(data, fraction, seed)
    count = len(data.trajectories)
    kept = max(1, round(fraction * count))
    if count - kept < 1:
        raise UsageError(
            f"of {count} trajectories none would be left to train on",
            hint="use data.validation.by=time, or a smaller data.validation.fraction",
        )
    chosen = set(np.random.default_rng(seed).permutation(count)[:kept].tolist())
    train = tuple(t for i, t in enumerate(data.trajectories) if i not in chosen)
    validation = tuple(t for i, t in enumerate(data.trajectories) if i in chosen)
    return Split(
        replace(data, trajectories=train),
        replace(data, trajectories=validation),
        f"{kept} of {count} trajectories are held out",
    )


def _by_time(data: TrajectoryData, fraction: float) -> Split:
    train: list[Trajectory] = []
    validation: list[Trajectory] = []
    for trajectory in data.trajectories:
        cut = round((1 - fraction) * len(trajectory))
        if cut < 2 or len(trajectory) - cut < 1:
            raise UsageError(
                f"{trajectory.name!r} has {len(trajectory)} points: too few to hold out "
                f"{fraction:.0%} of them",
                hint="set data.validation.fraction=0, or use data.validation.by=trajectory",
            )
        train.append(trajectory.part(0, cut))
        # The last point of the training is where the extrapolation starts from.
        validation.append(trajectory.part(cut - 1, len(trajectory)))
    return Split(
        replace(data, trajectories=tuple(train)),
        replace(data, trajectories=tuple(validation)),
        f"the last {fraction:.0%} of the points are held out (extrapolation)",
    )


def _by_points(data: TrajectoryData, fraction: float, seed: int) -> Split:
    """Hides points from each part as if they were not measured; the first is in both."""
    generator = np.random.default_rng(seed)
    train: list[Trajectory] = []
    validation: list[Trajectory] = []
    for trajectory in data.trajectories:
        kept = max(1, round(fraction * len(trajectory)))
        if len(trajectory) - kept < 2:
            raise UsageError(
                f"{trajectory.name!r} has {len(trajectory)} points: too few to hold out "
                f"{fraction:.0%} of them",
                hint="use a smaller data.validation.fraction",
            )
        hidden = np.zeros(len(trajectory), bool)
        hidden[1 + generator.permutation(len(trajectory) - 1)[:kept]] = True
        first = np.arange(len(trajectory)) == 0
        train.append(trajectory.hiding(hidden))
        validation.append(trajectory.hiding(~hidden & ~first))
    return Split(
        replace(data, trajectories=tuple(train)),
        replace(data, trajectories=tuple(validation)),
        f"{fraction:.0%} of the points, drawn at random, are held out (interpolation)",
    )
