"""A batch is solved as the settings say."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from nodelens.datasets.trajectories import Trajectory, TrajectoryData
from nodelens.fields.hybrid import HybridField
from nodelens.fields.solve_settings import solve_options
from nodelens.ode import SolveOptions, Status
from nodelens.settings.resolve import resolve
from nodelens.training.loop.state import TrainingState
from nodelens.training.loop.task import Stage
from nodelens.training.loop.train import Hooks, train
from nodelens.training.registry import LOSSES
from nodelens.training.runs.prepare import prepare
from nodelens.training.settings import TrainOdeSettings
from nodelens.training.trajectories.evaluate import solve_whole
from nodelens.training.trajectories.objective import Objective
from nodelens.training.trajectories.task import TrajectoryTask
from nodelens.training.trajectories.windows import Batch, make_windows

GRID = np.linspace(0, 1, 5)
DATA = TrajectoryData(
    tuple(Trajectory(GRID, x * np.exp(-GRID)[:, None], str(x)) for x in (0.1, 0.3, 9.0)),
    ("x",),
    "",
    "",
)


def test_steps_of_a_fixed_size_are_those_of_the_method() -> None:
    # Euler's method for x' = a x with step h multiplies by 1 + a h.
    options = SolveOptions("euler", step_size=0.25, adjoint="discrete")
    field = HybridField(("x",), {"x": "a*x"}, {"a": -0.5})
    objective = Objective(field, 0, np.ones(1), LOSSES["huber"], options)
    times = tf.constant([0.0, 0.5, 2.0], tf.float64)
    one = tf.ones([1, 1])
    solution, _ = objective.solve(Batch(one, one * 0, times, one, one, tf.constant([0])))
    expected = 0.875 ** np.array([0.0, 2.0, 8.0])
    np.testing.assert_allclose(solution.states[:, 0, 0], expected, rtol=1e-6)
    states, _ = solve_whole(objective, np.ones(1), np.array([0.0, 0.5, 2.0]))
    np.testing.assert_allclose(states[:, 0], expected, rtol=1e-6)


@pytest.mark.parametrize("even", [True, False])
def test_a_window_that_blows_up_is_left_out_and_spoils_no_gradient(even: bool) -> None:
    # x' = a x² has x = 1 / (1/x0 - a t): from 4 it blows up at 1/4, from 0.5 not before 2.
    options = SolveOptions(rtol=1e-6, atol=1e-6, adjoint="discrete")
    field = HybridField(("x",), {"x": "a*x**2"}, {"a": 1.0})
    objective = Objective(field, 0, np.ones(1), LOSSES["mean_squared_error"], options)
    z0 = np.array([[0.5], [4.0], [1.0]])
    times = np.array([0.0, 0.25, 0.5])
    target = np.zeros((3, 3, 1))
    given = times if even else np.repeat(times[:, None], 3, axis=1)
    batch = Batch(
        z0=tf.constant(z0, tf.float32),
        t0=tf.zeros([3, 1]),
        times=tf.constant(given, tf.float64),
        target=tf.constant(target, tf.float32),
        weight=tf.ones([3, 3, 1]),
        rows=tf.range(3),
    )
    task = TrajectoryTask(objective, make_windows(DATA, 2), None, 2, 3, 0)
    assert int(task.differentiate(batch).cost.status) != int(Status.SUCCESS)
    result = replace(task, spares=True).differentiate(batch)
    assert (int(result.cost.status), int(result.cost.left_out)) == (int(Status.SUCCESS), 1)
    x = 1 / (1 / z0[[0, 2], 0] - times[:, None])
    assert float(result.loss) == pytest.approx(np.mean(x**2), rel=1e-4)
    # d/da of x at a = 1 is t x².
    expected = np.mean(2 * x * times[:, None] * x**2)
    assert float(result.gradients[0]) == pytest.approx(expected, rel=1e-3)


@pytest.mark.slow
def test_a_training_goes_on_where_one_trajectory_cannot_be_solved_at_first() -> None:
    stage, settings = diverging("training.steps=12")
    kept: list[TrainingState] = []
    hooks = Hooks(lambda _: None, kept.append, lambda: False)
    found = train([stage], settings, hooks)
    assert found.state.guard.skipped == 0 and found.state.totals.left_out > 0
    assert np.isfinite(found.state.losses).all() and len(found.state.losses) == 12
    # Stopped in between and resumed it is the same training.
    resumed = train([diverging("training.steps=12")[0]], settings, hooks, start=kept[0])
    assert kept[0].step == 4
    assert repr(resumed.state) == repr(found.state)


def diverging(*more: str) -> tuple[Stage, TrainOdeSettings]:
    """Windows of x' = -x fitted by x' = a x², which blows up from the largest of them."""
    given = ["field={kind: hybrid, equations: {x: a*x**2}, parameters: {a: 1.0}}"]
    given += ["training={window: 3, batch_size: 4, steps_per_call: 4, checkpoint_every: 4}"]
    given += ["adjoint.method=discrete", "solver.method=heun_euler"]
    settings = resolve(TrainOdeSettings, overrides=[*given, *more]).settings
    options = solve_options(settings.solver, settings.adjoint)
    field = HybridField(("x",), {"x": "a*x**2"}, {"a": 1.0})
    objective = Objective(field, 0, np.ones(1), LOSSES["mean_squared_error"], options)
    task = TrajectoryTask(objective, make_windows(DATA, 3), None, 3, 4, 0)
    return Stage(settings.training.steps, task, replace(task, spares=True)), settings


def test_the_unit_of_time_does_not_matter_to_a_scaled_training(tmp_path: Path) -> None:
    t = np.linspace(0, 20, 80)
    losses = []
    for unit in (1.0, 1024.0):  # a power of two, so that rounding is the same
        rows = np.column_stack([unit * t, np.sin(t), np.cos(t)])
        path = tmp_path / f"{unit:g}.csv"
        np.savetxt(path, rows, delimiter=",", header="t,x,y", comments="", fmt="%.17g")
        data = f"data={{kind: csv, path: {path}}}"
        settings = resolve(TrainOdeSettings, overrides=[data, "training.batch_size=4"]).settings
        task = prepare(settings).task
        losses.append([float(task.differentiate(task.draw(tf.constant(i))).loss) for i in (0, 1)])
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-5)
