"""The picture of a field is drawn around any data."""

import numpy as np
import pytest

from nodelens.datasets.split import split
from nodelens.datasets.trajectories import Trajectory, TrajectoryData
from nodelens.fields.hybrid import HybridField
from nodelens.figures.curves import FitCurve
from nodelens.figures.fit import FitPicture, draw_fit
from nodelens.figures.time_axis import TimeAxis
from nodelens.ode import SolveOptions, Status
from nodelens.training.registry import LOSSES
from nodelens.training.trajectories.evaluate import (
    CURVE_POINTS,
    curve_on,
    evaluate,
    field_on_grid,
)
from nodelens.training.trajectories.objective import Objective

TIMES = np.arange(8.0)
ROTATION = HybridField(("x", "y"), {"x": "y", "y": "0 - x"}, {})
NAN = np.nan
DATA = {
    "constant": np.column_stack([TIMES, np.ones(8)]),
    "at rest": np.zeros((8, 2)),
    "far from zero": np.column_stack([1e6 + TIMES, 1e9 + 1e-3 * TIMES]),
}


@pytest.mark.parametrize("states", DATA.values(), ids=DATA.keys())
def test_the_field_is_drawn(states: np.ndarray) -> None:
    objective = Objective(ROTATION, 0, np.ones(2), LOSSES["huber"], SolveOptions())
    grid, slopes = field_on_grid(objective, states, 0.0)
    assert (grid[0, 0] < states.min(axis=0)).all()
    assert (grid[-1, -1] > states.max(axis=0)).all()
    np.testing.assert_allclose(slopes[..., 0], grid[..., 1], rtol=1e-6, atol=1e-6)
    picture = FitPicture(
        title="",
        components=("x", "y"),
        curves=(FitCurve("a", TIMES, states, TIMES, states, 8),),
        count=1,
        worst="a",
        grid=grid,
        field=slopes,
        losses=np.array([1.0, np.nan, 0.5]),
    )
    assert draw_fit(picture).startswith(b"\x89PNG")


def test_the_field_of_a_single_component_is_a_curve_at_the_time_asked_for() -> None:
    field = HybridField(("x",), {"x": "t - x"}, {})
    objective = Objective(field, 0, np.ones(1), LOSSES["huber"], SolveOptions())
    grid, slopes = field_on_grid(objective, TIMES[:, None], 3.0)
    assert grid[0, 0] < 0 and grid[-1, 0] > 7
    np.testing.assert_allclose(slopes, 3.0 - grid, rtol=1e-6, atol=1e-6)


def rotating(name: str, start: float, times: np.ndarray) -> Trajectory:
    states = np.column_stack([np.cos(times + start), -np.sin(times + start)])
    return Trajectory(times, states, name)


def evaluated(*trajectories: Trajectory, field=ROTATION, **split_by):
    data = TrajectoryData(trajectories, ("x", "y"), "", "")
    objective = Objective(field, 0, np.ones(2), LOSSES["huber"], SolveOptions())
    parts = split(data, **{"fraction": 0.0, "by": "time", "seed": 0, **split_by})
    return evaluate(objective, data, parts)


def test_a_trajectory_is_solved_from_its_first_complete_measurement() -> None:
    whole = rotating("a", 0.0, TIMES)
    states = whole.states.copy()
    states[0, 0] = states[1, 1] = states[5, 0] = NAN
    (found,) = evaluated(Trajectory(TIMES, states, "a"))
    assert (found.begin, found.train_points, found.status) == (2, 8, Status.SUCCESS)
    np.testing.assert_allclose(found.states[2:], whole.states[2:], atol=1e-4)
    assert np.isnan(found.states[:2]).all()
    assert found.curve_times[0] == 2.0 and len(found.curve_times) >= CURVE_POINTS
    score = found.score
    assert (score.start, score.first, score.held_out_error) == (2.0, False, None)
    assert score.error < 1e-4


def test_without_a_complete_measurement_there_is_no_score() -> None:
    none = Trajectory(TIMES, np.where(np.arange(2) == 0, NAN, np.ones((8, 2))), "none")
    found, other = evaluated(none, rotating("b", 1.0, TIMES))
    assert found.score.start is None and found.score.error is None
    assert not found.score.failed
    assert other.score.error < 1e-4


def test_all_trajectories_are_solved_each_by_itself_and_those_held_out_whole() -> None:
    lengths = (5.0, 8.0, 3.0)
    given = [rotating(n, s, np.linspace(0, s + 2, 9)) for n, s in zip("abc", lengths, strict=True)]
    found = evaluated(*given, fraction=0.3, by="trajectory")
    assert [each.trajectory.name for each in found] == ["a", "b", "c"]
    (held_out,) = [each for each in found if each.train_points == 0]
    assert held_out.score.error is None and held_out.score.held_out_error < 1e-4
    for each, trajectory in zip(found, given, strict=True):
        np.testing.assert_allclose(each.states, trajectory.states, atol=1e-4)
        assert each.curve_times[-1] == trajectory.times[-1]
        assert each.curve.shape == (len(each.curve_times), 2)


def test_the_end_that_is_held_out_is_told_from_what_was_trained_on() -> None:
    shifted = rotating("a", 0.0, TIMES)
    shifted.states[6:] += 1.0
    (found,) = evaluated(shifted, fraction=0.25)
    assert (found.train_points, found.score.error < 1e-4) == (6, True)
    assert found.score.held_out_error == pytest.approx(1.0, abs=1e-3)


def test_a_solution_that_blows_up_spoils_no_other() -> None:
    growing = HybridField(("x", "y"), {"x": "x**2", "y": "0*x"}, {})  # x = 1 / (1/x0 - t)
    small = Trajectory(TIMES, np.column_stack([1 / (20 - TIMES), np.ones(8)]), "small")
    large = Trajectory(TIMES, np.ones((8, 2)), "large")
    fine, broken = evaluated(small, large, field=growing)
    assert (fine.score.error < 1e-4, fine.score.failed) == (True, False)
    assert broken.score.failed and broken.score.status != "SUCCESS"
    assert np.isnan(broken.score.error) and 0.9 < broken.score.reached < 1.01


def test_a_curve_on_a_logarithmic_axis_is_smooth_there() -> None:
    times = np.geomspace(1e-4, 1.0, 20)
    (found,) = evaluated(rotating("a", 1.0, times))
    axis = TimeAxis.of(times)
    objective = Objective(ROTATION, 0, np.ones(2), LOSSES["huber"], SolveOptions())
    assert axis.first == 1e-4 and not axis.resolves(found.curve_times, 0.01)
    drawn, curve = curve_on(objective, found, axis)
    assert axis.resolves(drawn, 0.01)
    np.testing.assert_allclose(curve, rotating("a", 1.0, drawn).states, atol=1e-4)
    assert curve_on(objective, found, TimeAxis())[1] is found.curve
