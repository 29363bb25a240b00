"""Every solver converges at its order and stays as accurate at observation times as its steps."""

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from scipy.integrate._ivp import rk

from nodelens.ode import SOLVERS, FixedController, odeint, odeint_vjp
from nodelens.ode.problems import LinearProblem
from nodelens.ode.tableau import Tableau

EXPLICIT = [name for name, solver in SOLVERS.items() if not solver.implicit]
PROBLEM = LinearProblem.random(size=3, count=2, seed=3)
EXACT_END = PROBLEM.states()[-1]


@pytest.mark.parametrize("name", EXPLICIT)
def test_error_shrinks_with_the_order_of_the_method(name):
    # Slope of the error against the step size, on a linear system solved by expm.
    order = SOLVERS[name].tableau.order
    by_order = {1: [32, 64, 128], 2: [16, 32, 64], 6: [4, 6, 8], 7: [3, 4, 6]}
    steps = np.array(by_order.get(order, [8, 16, 32] if order < 8 else [2, 3, 4]))
    errors = []
    for count in steps:
        times = tf.constant(np.linspace(PROBLEM.times[0], PROBLEM.times[-1], 2))
        controller = FixedController(step_size=float(1.5 / count))
        end = odeint(
            PROBLEM.vector_field,
            tf.constant(PROBLEM.z0),
            times,
            params=[tf.constant(PROBLEM.matrix)],
            solver=name,
            controller=controller,
            jit_compile=False,
        ).states[-1]
        errors.append(np.linalg.norm(end - EXACT_END))
    slope = -np.polyfit(np.log(steps), np.log(errors), 1)[0]
    assert slope == pytest.approx(order, abs=0.3)


@pytest.mark.parametrize("name", [name for name in EXPLICIT if SOLVERS[name].adaptive])
def test_states_at_observation_times_are_within_the_tolerance(name):
    tolerance = 1e-12 if SOLVERS[name].tableau.order >= 5 else 1e-6
    times = np.linspace(0.2, 1.7, 23)
    problem = LinearProblem(PROBLEM.matrix, PROBLEM.z0, times)
    for order in (slice(None), slice(None, None, -1)):
        problem = LinearProblem(PROBLEM.matrix, PROBLEM.z0, times[order])
        solution = odeint(
            problem.vector_field,
            tf.constant(problem.z0),
            tf.constant(problem.times),
            params=[tf.constant(problem.matrix)],
            solver=name,
            rtol=tolerance,
            atol=tolerance,
            jit_compile=False,
        )
        np.testing.assert_allclose(solution.states, problem.states(), atol=100 * tolerance, rtol=0)


def test_dopri5_and_dopri8_have_the_coefficients_of_scipy():
    # Another implementation of the same methods.
    for name, other in (("dopri5", rk.RK45), ("dopri8", rk.DOP853), ("bosh3", rk.RK23)):
        tableau = SOLVERS[name].tableau
        np.testing.assert_allclose(tableau.b[:-1], other.B, rtol=1e-14)
        np.testing.assert_allclose(tableau.c[:-1], other.C, atol=1e-14)
        for row, expected in zip(tableau.a[:-1], other.A, strict=True):
            np.testing.assert_allclose(row, expected[: len(row)], rtol=1e-13)
    np.testing.assert_allclose(SOLVERS["dopri5"].tableau.dense, rk.RK45.P, rtol=1e-14)


Tree = tuple[Any, ...]


def rooted_trees(order: int) -> set[Tree]:
    """All rooted trees of so many vertices, each as the sorted tuple of the trees at its root."""
    if order == 1:
        return {()}
    return {grown for tree in rooted_trees(order - 1) for grown in with_a_leaf(tree)}


def with_a_leaf(tree: Tree) -> Iterator[Tree]:
    yield tuple(sorted((*tree, ())))
    for i, branch in enumerate(tree):
        for grown in with_a_leaf(branch):
            yield tuple(sorted((*tree[:i], grown, *tree[i + 1 :])))


def vertices(tree: Tree) -> int:
    return 1 + sum(map(vertices, tree))


def density(tree: Tree) -> int:
    return vertices(tree) * math.prod(map(density, tree))


def weight_of(tree: Tree, a: np.ndarray) -> np.ndarray:
    """What the weights b of a method with the matrix a are to be multiplied with."""
    return math.prod((a @ weight_of(branch, a) for branch in tree), start=np.ones(len(a)))


def order_of(weights: Any, tableau: Tableau, at: float = 1.0) -> int:
    """The order of y0 + h sum_i weights_i k_i at t + at * h, by Butcher's order conditions.

    sum_i b_i phi_i(tree) = at**vertices / density for all trees of up to as many vertices as the
    order (Hairer, Norsett and Wanner, theorem II.2.13).
    """
    a = np.zeros([len(tableau.c)] * 2)
    for i, row in enumerate(tableau.a):
        a[i, : len(row)] = row
    for order in itertools.count(1):
        for tree in rooted_trees(order):
            found = np.dot(weights, weight_of(tree, a))
            if abs(found - at**order / density(tree)) > 1e-10:
                return order - 1
    raise AssertionError


@pytest.mark.parametrize("name", SOLVERS)
def test_a_method_has_the_orders_that_step_control_and_interpolation_count_on(name):
    tableau = SOLVERS[name].tableau
    b = np.array(tableau.b)
    assert order_of(b, tableau) == SOLVERS[name].order
    if tableau.error is not None and tableau.error_check is None:
        companion = order_of(b - np.array(tableau.error), tableau)
        assert min(tableau.order, companion) == tableau.error_order
    if tableau.dense is not None:
        powers = 0.4 ** np.arange(1, len(tableau.dense[0]) + 1)
        assert order_of(np.array(tableau.dense) @ powers, tableau, 0.4) == tableau.dense_order


@pytest.mark.slow
@pytest.mark.parametrize("name", SOLVERS)
def test_a_solver_has_its_gradients(name):
    """By the discrete and by the continuous adjoint, held against the closed form."""
    problem = LinearProblem.random(size=2, count=3, seed=5)
    weights = np.random.default_rng(0).normal(size=(3, 2))
    expected = problem.gradients(weights)
    for adjoint in ("discrete", "backsolve"):
        solution, pullback = odeint_vjp(
            problem.vector_field,
            tf.constant(problem.z0),
            problem.times,
            params=[tf.constant(problem.matrix)],
            solver=name,
            step_size=None if SOLVERS[name].adaptive else 0.01,
            adjoint=adjoint,
            jit_compile=False,
        )
        gradients = pullback(tf.constant(weights))
        assert int(solution.status) == 0
        allowed = 0.1 if SOLVERS[name].order == 1 else 1e-3
        np.testing.assert_allclose(gradients.z0, expected.z0, atol=allowed)
        np.testing.assert_allclose(gradients.params[0], expected.params[0], atol=allowed)


@pytest.mark.parametrize("name", EXPLICIT)
def test_a_tableau_is_consistent(name):
    tableau = SOLVERS[name].tableau
    assert sum(tableau.b) == pytest.approx(1, abs=1e-13)
    for row, c in zip(tableau.a, tableau.c, strict=True):
        assert sum(row) == pytest.approx(c, abs=1e-12)
    if tableau.error is not None:
        assert sum(tableau.error) == pytest.approx(0, abs=1e-13)
    if tableau.dense is not None:
        # The interpolant ends at the step's end.
        np.testing.assert_allclose(np.sum(tableau.dense, axis=1), tableau.b, atol=1e-13)


def test_the_field_is_never_evaluated_outside_of_the_times():
    @tf.function
    def earliest_and_latest(times):
        def watched(t, z, p):
            low, high = p
            outside = (t < low) | (t > high)
            return tf.where(outside, np.nan * z, tf.cos(t) * z)

        return odeint(
            watched,
            tf.constant([1.0], tf.float64),
            times,
            params=(times[0], times[-1]),
            rtol=1e-3,
        )

    times = tf.constant([0.1, 0.3, 2.7], tf.float64)
    solution = earliest_and_latest(times)
    assert int(solution.status) == 0
    assert int(solution.stats.rejected) == 0
