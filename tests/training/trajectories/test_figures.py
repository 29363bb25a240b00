"""The trajectories that are drawn where there are too many."""

from types import SimpleNamespace

import pytest

from nodelens.training.trajectories import conclusion
from nodelens.training.trajectories.conclusion import _chosen


def evaluation(error: float, train_points: int = 5) -> SimpleNamespace:
    return SimpleNamespace(score=SimpleNamespace(largest=error), train_points=train_points)


def test_of_many_the_best_the_worst_and_one_held_out_are_drawn_in_the_order_of_the_data(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(conclusion, "MOST", 6)
    every = [evaluation(float(error)) for error in (3, 9, 1, 8, 4, 7, 0, 2, 6)]
    assert [each.score.largest for each in _chosen(every)] == [9, 1, 8, 7, 0, 2]
    assert _chosen(every[:6]) == every[:6]
    held_out = evaluation(5.0, train_points=0)
    found = _chosen([*every, held_out])
    assert [each.score.largest for each in found] == [9, 1, 8, 7, 2, 5]
    assert found[-1] is held_out
