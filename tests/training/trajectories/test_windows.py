"""Windows of data that was measured at uneven times: each is solved at times of its own."""

import numpy as np
import pytest
import tensorflow as tf

from nodelens.datasets.trajectories import Scaling, Trajectory, TrajectoryData
from nodelens.errors import UsageError
from nodelens.fields.hybrid import HybridField
from nodelens.ode import SolveOptions
from nodelens.training.registry import LOSSES
from nodelens.training.trajectories.objective import Objective
from nodelens.training.trajectories.windows import make_windows, usual_length

UNEVEN = np.array([0.0, 0.3, 1.0, 1.1, 2.5, 3.0])


def data_at(times: np.ndarray) -> TrajectoryData:
    """dx/dt = cos(t) x has x = exp(sin t)."""
    states = np.exp(np.sin(times))[:, None]
    return TrajectoryData((Trajectory(times, states, "one"),), ("x",), "test", "x' = x cos t")


def test_even_times_are_shared_and_uneven_ones_are_not() -> None:
    assert make_windows(data_at(np.linspace(1, 3, 9)), 4).shared is not None
    windows = make_windows(data_at(UNEVEN), 3)
    assert windows.shared is None
    batch = windows.batch(tf.constant([0, 2]))
    np.testing.assert_allclose(batch.times, [[0, 0], [0.3, 0.1], [1.0, 1.5]], atol=1e-15)
    np.testing.assert_allclose(batch.t0, [[0.0], [1.0]])


@pytest.mark.parametrize("times", [np.linspace(1, 3, 9), UNEVEN], ids=["even", "uneven"])
def test_only_the_true_field_has_no_loss(times: np.ndarray) -> None:
    windows = make_windows(data_at(times), 4)

    def loss(rate: float) -> float:
        objective = Objective(
            field=HybridField(("x",), {"x": "a * cos(t) * x"}, {"a": rate}),
            augment=0,
            scale=np.ones(1),
            loss=LOSSES["mean_absolute_error"],
            options=SolveOptions(rtol=1e-6, atol=1e-7, adjoint="discrete"),
        )
        batch = windows.batch(windows.starts)
        solution, _ = objective.solve(batch)
        return float(objective.compare(solution.states, batch))

    assert loss(1.0) < 1e-5
    assert loss(0.9) > 1e-2


def test_what_single_precision_cannot_hold_is_refused() -> None:
    states = np.array([[1.0], [-1e31]])
    data = TrajectoryData((Trajectory(np.arange(2.0), states, "one"),), ("x",), "test", "")
    with pytest.raises(UsageError, match="the value 1e\\+31, too large"):
        make_windows(data, 2)


@pytest.mark.parametrize(
    ("points", "turns", "expected"),
    # A turn takes 2 pi times in which the state moves by its size, so a window is 1/pi of a turn.
    [(101, 5.0, 7), (1001, 10.0, 33), (10_001, 10.0, 100), (9, 4.0, 5), (3, 1.0, 3)],
)
def test_a_usual_window_spans_two_times_of_the_motion(
    points: int, turns: float, expected: int
) -> None:
    t = np.linspace(0, 2 * np.pi * turns, points)
    swing = Trajectory(60.0 * t, np.stack([np.sin(t), np.cos(t)], -1), "")
    rate = Scaling.standard((swing,)).rate
    found = usual_length(TrajectoryData((swing,), ("x", "y"), "", ""), rate)
    assert abs(found - expected) <= 0.1 * expected
