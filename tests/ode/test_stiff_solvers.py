"""The implicit solvers: order, stability, and gradients by the implicit function theorem."""

import numpy as np
import pytest
import tensorflow as tf
from tests.ode.conformance.stiff import ROBERTSON

from nodelens.ode import SOLVERS, FixedController, odeint, odeint_vjp
from nodelens.ode.problems import LinearProblem

PROBLEM = LinearProblem.random(size=3, count=2, seed=3)
STIFF = 1000.0
IMPLICIT = [name for name, solver in SOLVERS.items() if solver.implicit]


def relaxation(t, z, rate):
    """z' = -rate (z - cos t)."""
    return -rate * (z - tf.cos(t))


def relaxed(rate, t, z0):
    """Its exact solution; complex rates give the derivative by a complex step."""
    particular = (rate**2 * np.cos(t) + rate * np.sin(t)) / (1 + rate**2)
    return (z0 - rate**2 / (1 + rate**2)) * np.exp(-rate * t) + particular


@pytest.mark.slow
@pytest.mark.parametrize("name", IMPLICIT)
def test_error_shrinks_with_the_order_of_the_method(name):
    order = SOLVERS[name].tableau.order
    steps = np.array([32, 64, 128] if order == 1 else [8, 16, 32])
    errors = []
    for count in steps:
        end = odeint(
            PROBLEM.vector_field,
            tf.constant(PROBLEM.z0),
            PROBLEM.times,
            params=[tf.constant(PROBLEM.matrix)],
            solver=name,
            controller=FixedController(step_size=float(1.5 / count)),
            jit_compile=False,
        ).states[-1]
        errors.append(np.linalg.norm(end - PROBLEM.states()[-1]))
    slope = -np.polyfit(np.log(steps), np.log(errors), 1)[0]
    assert slope == pytest.approx(order, abs=0.3)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in IMPLICIT if SOLVERS[name].adaptive])
def test_stiff_relaxation_takes_few_steps_and_has_the_exact_gradient(name):
    z0, rate = tf.constant([1.5], tf.float64), tf.constant(STIFF, tf.float64)
    times = [0.0, 0.5, 2.0]
    solution, pullback = odeint_vjp(
        relaxation, z0, times, params=rate, solver=name, rtol=1e-8, atol=1e-8, adjoint="discrete"
    )
    exact = relaxed(STIFF, np.array(times), 1.5)
    np.testing.assert_allclose(solution.states[:, 0], exact, atol=1e-6)
    explicit = odeint(relaxation, z0, times, params=rate, rtol=1e-8, atol=1e-8)
    assert int(solution.stats.accepted) < int(explicit.stats.accepted)
    by_rate = pullback(tf.constant([[0.0], [0.0], [1.0]], tf.float64)).params
    step = 1e-30
    expected = relaxed(STIFF + 1j * step, 2.0, 1.5).imag / step
    assert float(by_rate) == pytest.approx(expected, rel=1e-2)


def test_robertson_agrees_with_the_published_table():
    solution = odeint(
        ROBERTSON.vector_field,
        tf.constant(ROBERTSON.z0),
        ROBERTSON.times,
        solver="kencarp5",
        rtol=1e-6,
        atol=1e-10,
        jit_compile=False,
    )
    np.testing.assert_allclose(solution.states[1:], ROBERTSON.states, rtol=1e-4)
    assert int(solution.stats.accepted) < 200


def test_a_state_too_large_for_a_dense_jacobian_is_refused():
    with pytest.raises(ValueError, match="dense 5000 x 5000 Jacobian"):
        odeint(lambda t, z: -z, tf.zeros([5000]), [0.0, 1.0], solver="kvaerno3")
