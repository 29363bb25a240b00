"""The facts about trajectories that predictions start from."""

from pathlib import Path

import numpy as np

from nodelens.datasets.trajectories import Trajectory, TrajectoryData
from nodelens.fields.hybrid import HybridField
from nodelens.ode import SolveOptions
from nodelens.training.registry import LOSSES
from nodelens.training.trajectories.initial_states import FittedStarts
from nodelens.training.trajectories.objective import Objective
from nodelens.training.trajectories.summary import (
    NUMBERS,
    POINTS,
    TrajectorySummary,
    _kept,
)
from nodelens.training.trajectories.windows import make_windows


def summary() -> tuple[TrajectorySummary, TrajectoryData]:
    times, never = np.arange(5.0), np.array([[np.nan, 1.0]] * 5)
    states = np.arange(10.0).reshape(5, 2)
    states[0, 0] = states[1, 1] = np.nan
    trajectories = (Trajectory(times, never, "a"), Trajectory(times, states, "b"))
    data = TrajectoryData(trajectories, ("x", "y"), "", "", time="t_ms")
    field = HybridField(("x", "y"), {"x": "y", "y": "0 - x"}, {})
    objective = Objective(field, 0, np.ones(2), LOSSES["huber"], SolveOptions())
    return TrajectorySummary.of(data, make_windows(data, 2), objective, None, {}), data


def test_predictions_start_from_the_first_state_that_was_measured_completely() -> None:
    found, _ = summary()
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


def test_the_data_for_pictures_and_the_name_of_the_time_are_kept(tmp_path: Path) -> None:
    found, data = summary()
    found.write(tmp_path / "summary.npz")
    read = TrajectorySummary.read(tmp_path / "summary.npz")
    assert read.time == ("t_ms",)
    for kept, given in zip(read.kept, data.trajectories, strict=True):
        assert kept.name == given.name
        np.testing.assert_array_equal(kept.times, given.times)
        np.testing.assert_array_equal(kept.states, given.states)


def test_a_summary_of_an_earlier_version_keeps_no_data(tmp_path: Path) -> None:
    found, _ = summary()
    found.write(tmp_path / "new.npz")
    with np.load(tmp_path / "new.npz") as arrays:
        old = {name: arrays[name] for name in arrays if not name.startswith(("data_", "time"))}
    np.savez(tmp_path / "old.npz", **old)
    read = TrajectorySummary.read(tmp_path / "old.npz")
    assert (read.kept, read.time) == ((), ("t",))


def test_long_data_is_thinned_out_but_for_the_state_that_predictions_start_from() -> None:
    times = np.arange(1000.0)
    states = np.column_stack([times, -times])
    states[:3, 1] = np.nan
    kept = _kept(TrajectoryData((Trajectory(times, states, "a"),), ("x", "y"), "", ""))
    assert 0.9 * POINTS < kept["data_times"].size <= POINTS + 1
    assert {0.0, 3.0, 9.0, 18.0, 999.0} <= set(kept["data_times"][0])
    whole = Trajectory(times[: POINTS + 1], states[: POINTS + 1], "a")
    kept = _kept(TrajectoryData((whole,), ("x", "y"), "", ""))
    assert kept["data_times"].size == POINTS + 1
    many = tuple(Trajectory(times, states, str(number)) for number in range(2000))
    kept = _kept(TrajectoryData(many, ("x", "y"), "", ""))
    assert 0.9 * NUMBERS < kept["data_times"].size + kept["data_states"].size <= 1.02 * NUMBERS
