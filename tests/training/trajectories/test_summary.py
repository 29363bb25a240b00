"""The facts about trajectories that predictions start from."""

import numpy as np

from nodelens.datasets.trajectories import Trajectory, TrajectoryData
from nodelens.fields.hybrid import HybridField
from nodelens.ode import SolveOptions
from nodelens.training.registry import LOSSES
from nodelens.training.trajectories.initial_states import FittedStarts
from nodelens.training.trajectories.objective import Objective
from nodelens.training.trajectories.summary import TrajectorySummary
from nodelens.training.trajectories.windows import make_windows


def test_predictions_start_from_the_first_state_that_was_measured_completely() -> None:
    times, never = np.arange(5.0), np.array([[np.nan, 1.0]] * 5)
    states = np.arange(10.0).reshape(5, 2)
    states[0, 0] = states[1, 1] = np.nan
    trajectories = (Trajectory(times, never, "a"), Trajectory(times, states, "b"))
    data = TrajectoryData(trajectories, ("x", "y"), "", "")
    field = HybridField(("x", "y"), {"x": "y", "y": "0 - x"}, {})
    objective = Objective(field, 0, np.ones(2), LOSSES["huber"], SolveOptions())
    found = TrajectorySummary.of(data, make_windows(data, 2), objective, None, {})
    np.testing.assert_array_equal(found.first_state, [4.0, 5.0])
    np.testing.assert_array_equal(found.first_times, [2.0, 3.0, 4.0])


def test_predictions_start_from_the_fitted_states_where_these_were_fitted() -> None:
    data = TrajectoryData((Trajectory(np.arange(4.0), np.ones((4, 1)), "a"),), ("x",), "", "")
    objective = Objective(
        HybridField(("x",), {"x": "x"}, {}), 0, np.ones(1), LOSSES["huber"], SolveOptions()
    )
    starts = FittedStarts.of(data, np.array([100.0]))  # in units of 0.5
    starts.deviations.assign(np.array([[2.0], [4.0], [6.0], [8.0]], np.float32))
    shifts = starts.per_trajectory(data)
    found = TrajectorySummary.of(data, make_windows(data, 2), objective, starts, shifts)
    np.testing.assert_allclose(found.first_state, [2.0])
    np.testing.assert_allclose(found.window_states, [[2.0], [3.0], [4.0]])
