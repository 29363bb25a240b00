"""Kinetic energy and Jacobian norm along linear systems, whose integrals are known."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from scipy.integrate import quad_vec
from scipy.linalg import expm

from nodelens.datasets.trajectories import Trajectory, TrajectoryData
from nodelens.errors import UsageError
from nodelens.fields.hybrid import HybridField
from nodelens.ode import SolveOptions
from nodelens.settings.resolve import resolve
from nodelens.training.registry import LOSSES
from nodelens.training.runs.prepare import prepare
from nodelens.training.settings import TrainOdeSettings
from nodelens.training.trajectories.objective import Objective
from nodelens.training.trajectories.regularization import Regularization
from nodelens.training.trajectories.task import TrajectoryTask
from nodelens.training.trajectories.windows import make_windows

A = np.array([[-0.3, 0.8], [-1.1, 0.2]])
Z0, END = np.array([1.0, -2.0]), 1.5
SCALE = np.array([2.0, 0.5])
TIMES = np.linspace(0.0, END, 4)


def make_task(weights: tuple[float, float], adjoint: str, times: np.ndarray) -> TrajectoryTask:
    """A field that has no loss on its data, so that the regularization is all there is."""
    states = np.stack([expm(A * t) @ Z0 for t in times])
    data = TrajectoryData((Trajectory(times, states, "one"),), ("x", "y"), "test", "z' = A z")
    field = HybridField(
        ("x", "y"),
        {"x": "a*x + b*y", "y": "c*x + d*y"},
        dict(zip("abcd", A.ravel().tolist(), strict=True)),
    )
    objective = Objective(
        field=field,
        augment=0,
        scale=SCALE,
        loss=LOSSES["mean_squared_error"],
        options=SolveOptions("bosh3", rtol=1e-6, atol=1e-7, adjoint=adjoint),
        regularization=Regularization(*weights, SCALE),
    )
    windows = make_windows(data, len(times))
    return TrajectoryTask(objective, windows, None, 0, batch_size=3, seed=5)


def kinetic(a: np.ndarray) -> float:
    return float(quad_vec(lambda t: np.sum((a @ expm(a * t) @ Z0 / SCALE) ** 2), 0, END)[0])


def jacobian(a: np.ndarray, probes: np.ndarray) -> float:
    scaled = a / SCALE[:, None] * SCALE
    return float(np.mean(np.sum((probes @ scaled) ** 2, axis=1)) * END)


def slope(of: Any, a: np.ndarray) -> np.ndarray:
    """The gradient by central differences of a function that is nearly quadratic."""
    found = np.zeros(4)
    for index in range(4):
        step = np.zeros(4)
        step[index] = 1e-5
        found[index] = (of(a + step.reshape(2, 2)) - of(a - step.reshape(2, 2))) / 2e-5
    return found


@pytest.mark.parametrize("weights", [(0.5, 0.0), (0.0, 0.25), (0.5, 0.25)])
def test_the_integrands_stand_behind_the_slope(weights: tuple[float, float]) -> None:
    regularization = Regularization(*weights, SCALE)
    probe = np.array([[0.5, -1.5], [2.0, 1.0]])
    field = regularization.along(lambda t, z, params: z @ tf.constant(A.T), tf.constant(probe))
    z = np.array([[1.0, 2.0], [-3.0, 0.5]])
    state = np.column_stack([z, np.ones((2, len(regularization.weights)))])
    speed = np.sum((z @ A.T / SCALE) ** 2, axis=1)
    norm = np.sum((probe @ (A / SCALE[:, None] * SCALE)) ** 2, axis=1)
    integrands = [value for weight, value in zip(weights, (speed, norm), strict=True) if weight]
    expected = np.column_stack([z @ A.T, *integrands])
    np.testing.assert_allclose(field(tf.constant(0.0), tf.constant(state), ()), expected)
    last = np.array([[7.0, 7.0, 1.0, 2.0], [7.0, 7.0, 3.0, 6.0]])
    if all(weights):
        np.testing.assert_allclose(regularization.of(tf.constant(last)), 0.5 * 2 + 0.25 * 4)


@pytest.mark.slow
@pytest.mark.parametrize("adjoint", ["discrete", "backsolve"])
def test_value_and_gradient_are_those_of_the_integrals(adjoint: str) -> None:
    task = make_task((0.5, 0.25), adjoint, TIMES)
    batch = task.draw(tf.constant(7))
    result = task.differentiate(batch)
    assert batch.probe is not None

    def expected(a: np.ndarray) -> float:
        return 0.5 * kinetic(a) + 0.25 * jacobian(a, batch.probe.numpy())

    np.testing.assert_allclose(result.loss, expected(A), rtol=1e-4)
    np.testing.assert_allclose(tf.stack(result.gradients), slope(expected, A), rtol=2e-3)


@pytest.mark.slow
def test_windows_that_step_alone_have_integrals_of_their_own() -> None:
    times = np.array([0.0, 0.4, END, 1.6, 2.4])  # windows of 3 points with different times
    task = make_task((0.5, 0.0), "discrete", times)
    windows = make_windows(
        TrajectoryData(
            (Trajectory(times, np.stack([expm(A * t) @ Z0 for t in times]), "one"),),
            ("x", "y"),
            "test",
            "",
        ),
        3,
    )
    assert windows.shared is None
    batch = windows.batch(tf.constant([0]))
    solution, _ = task.objective.solve(batch)
    loss = task.objective.compare(solution.states, batch)
    np.testing.assert_allclose(loss, 0.5 * kinetic(A), rtol=1e-4)


def test_directions_are_new_each_step_and_the_same_again() -> None:
    task = make_task((0.0, 1.0), "discrete", TIMES)
    one, two = (task.draw(tf.constant(step)).probe.numpy() for step in (0, 1))
    assert not np.allclose(one, two)
    np.testing.assert_array_equal(one, task.draw(tf.constant(0)).probe)


@pytest.mark.slow
def test_validation_leaves_them_out() -> None:
    task = make_task((100.0, 100.0), "discrete", TIMES)
    states = np.stack([expm(A * t) @ Z0 for t in TIMES])
    kept = TrajectoryData((Trajectory(TIMES, states, "one"),), ("x", "y"), "test", "")
    validate = TrajectoryTask(task.objective, task.windows, kept, 0, 3, 5).validator()
    assert validate is not None
    assert validate().loss < 1e-8


def test_what_has_no_second_derivative_is_refused() -> None:
    overrides = ["field.activation=silu", "training.regularization.jacobian_norm=0.1"]
    with pytest.raises(UsageError, match="second derivatives"):
        prepare(resolve(TrainOdeSettings, overrides=overrides).settings)
    overrides = ["data={kind: annuli}", "training.regularization.kinetic_energy=0.1"]
    with pytest.raises(UsageError, match="is for trajectories"):
        prepare(resolve(TrainOdeSettings, overrides=overrides).settings)
