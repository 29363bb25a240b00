"""Every solver converges at its order and stays as accurate at observation times as its steps."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.integrate._ivp import rk

from nodelens.ode import SOLVERS, FixedController, odeint
from nodelens.ode.problems import LinearProblem

EXPLICIT = [name for name, solver in SOLVERS.items() if not solver.implicit]
PROBLEM = LinearProblem.random(size=3, count=2, seed=3)
EXACT_END = PROBLEM.states()[-1]


@pytest.mark.parametrize("name", EXPLICIT)
def test_error_shrinks_with_the_order_of_the_method(name):
    # Slope of the error against the step size, on a linear system solved by expm.
    order = SOLVERS[name].tableau.order
    steps = np.array(
        {1: [32, 64, 128], 2: [16, 32, 64], 3: [8, 16, 32], 4: [8, 16, 32], 5: [8, 16, 32]}[order]
        if order < 8
        else [2, 3, 4]
    )
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


@pytest.mark.parametrize("name", ["heun_euler", "bosh3", "fehlberg", "dopri5", "tsit5"])
def test_the_companion_has_the_order_that_step_control_counts_on(name):
    """The order conditions of trees with up to four vertices (Hairer, Norsett, Wanner, II.2)."""
    tableau = SOLVERS[name].tableau
    b = np.array(tableau.b) - np.array(tableau.error)
    c = np.array(tableau.c)
    a = np.zeros([len(c), len(c)])
    for i, row in enumerate(tableau.a):
        a[i, : len(row)] = row
    trees = [
        [(np.ones_like(c), 1)],
        [(c, 2)],
        [(c**2, 3), (a @ c, 6)],
        [(c**3, 4), (c * (a @ c), 8), (a @ c**2, 12), (a @ a @ c, 24)],
    ]
    for order, conditions in enumerate(trees, start=1):
        met = [abs(b @ vector * factor - 1) < 1e-12 for vector, factor in conditions]
        assert all(met) == (order <= tableau.error_order)


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
