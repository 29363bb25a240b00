"""Data that is held out is never trained on, and nothing is lost."""

import numpy as np
import pytest

from nodelens.datasets.split import split
from nodelens.datasets.trajectories import Trajectory, TrajectoryData
from nodelens.errors import UsageError

TIMES = np.linspace(0, 1, 11)
DATA = TrajectoryData(
    tuple(Trajectory(TIMES, np.full((11, 2), float(k)), f"t{k}") for k in range(4)),
    ("x", "y"),
    "test",
    "test",
)


def test_the_end_of_every_trajectory() -> None:
    parts = split(DATA, fraction=0.3, by="time", seed=0)
    assert [len(t) for t in parts.train.trajectories] == [8] * 4
    assert parts.validation is not None
    # The extrapolation starts from the last point of the training.
    np.testing.assert_array_equal(parts.validation.trajectories[0].times, TIMES[7:])


def test_whole_trajectories() -> None:
    parts = split(DATA, fraction=0.25, by="trajectory", seed=0)
    assert parts.validation is not None
    names = (
        {t.name for t in parts.train.trajectories},
        {t.name for t in parts.validation.trajectories},
    )
    assert names[0] | names[1] == {"t0", "t1", "t2", "t3"}
    assert not names[0] & names[1]
    assert len(names[1]) == 1


def test_points_at_random() -> None:
    parts = split(DATA, fraction=0.3, by="points", seed=0)
    assert parts.validation is not None
    hidden = []
    for train, validation in zip(
        parts.train.trajectories, parts.validation.trajectories, strict=True
    ):
        seen, kept = train.observed[:, 0], validation.observed[:, 0]
        assert seen[0] and kept[0], "both sides start where the trajectory starts"
        assert kept[1:].sum() == 3
        np.testing.assert_array_equal(seen[1:], ~kept[1:])
        hidden.append(tuple(np.flatnonzero(kept)))
    assert len(set(hidden)) > 1, "each trajectory has a draw of its own"
    again = split(DATA, fraction=0.3, by="points", seed=0).train.trajectories
    np.testing.assert_array_equal(again[0].observed, parts.train.trajectories[0].observed)


@pytest.mark.parametrize("by", ["time", "trajectory", "points"])
def test_too_little_is_refused(by) -> None:
    short = TrajectoryData((Trajectory(TIMES[:2], np.zeros((2, 1)), "t"),), ("x",), "test", "test")
    with pytest.raises(UsageError):
        split(short, fraction=0.9, by=by, seed=0)
