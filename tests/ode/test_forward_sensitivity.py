"""Forward sensitivity: the gradient of `discrete`, found on the way there."""

import numpy as np
import pytest
import tensorflow as tf

from nodelens.ode import Discrete, ForwardSensitivity, odeint, odeint_vjp

RATES = (tf.constant([1.5, 1.0], tf.float64), tf.constant(3.0, tf.float64), tf.constant([7, 7]))
Z0 = {"prey": tf.constant([1.0], tf.float64), "predator": tf.constant([1.2], tf.float64)}
TIMES = np.array([0.0, 0.0, 1.0, 1.7, 3.0])
generator = np.random.default_rng(0)
WEIGHTS = {name: tf.constant(generator.normal(size=(5, 1))) for name in Z0}


def lotka_volterra(t, z, params):
    """Time-dependent; the last of the parameters are integers that nobody uses."""
    (birth, catch), death = tf.unstack(params[0]), params[1]
    prey, predator = z["prey"], z["predator"]
    return {
        "prey": (birth + 0.3 * tf.sin(2 * t)) * prey - catch * prey * predator,
        "predator": prey * predator - death * predator,
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    ("solver", "options"),
    [
        ("dopri5", {"atol": {"prey": 1e-6, "predator": 1e-8}, "jit_compile": True}),
        ("rk4", {"step_size": 0.1}),
    ],
)
def test_it_is_the_gradient_of_discrete_to_rounding(solver, options):
    found = {}
    for adjoint in (Discrete(), ForwardSensitivity()):
        arguments = {"rtol": 1e-5, "jit_compile": False, **options}
        solution, pullback = odeint_vjp(
            lotka_volterra, Z0, TIMES, params=RATES, solver=solver, adjoint=adjoint, **arguments
        )
        found[adjoint] = (solution, pullback(WEIGHTS))
    (solution, expected), (same, gradients) = found.values()
    # The error norm sees z alone, so the steps are those of the solve without sensitivities.
    np.testing.assert_array_equal(same.stats[1:], solution.stats[1:])
    for name in Z0:
        np.testing.assert_allclose(gradients.z0[name], expected.z0[name], rtol=1e-12)
        np.testing.assert_allclose(same.states[name], solution.states[name], rtol=1e-12)
    np.testing.assert_allclose(gradients.times, expected.times, rtol=1e-11, atol=1e-12)
    for mine, theirs in zip(gradients.params[:2], expected.params[:2], strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12)
    assert gradients.params[2] is None


def test_it_works_under_a_tape_with_captured_variables():
    # dz/dt = a z: dL/da = t exp(a t) z0.
    rate = tf.Variable(-1.3, dtype=tf.float64)
    with tf.GradientTape() as tape:
        states = odeint(
            lambda t, z: rate * z,
            tf.constant([2.0], tf.float64),
            [0.0, 1.5],
            rtol=1e-9,
            atol=1e-9,
            adjoint="forward",
            jit_compile=False,
        ).states
        loss = tf.reduce_sum(states[-1])
    assert float(tape.gradient(loss, rate)) == pytest.approx(3 * np.exp(-1.3 * 1.5), rel=1e-7)


@pytest.mark.parametrize(
    ("z0", "adjoint", "message"),
    [
        (tf.constant([1.0 + 1j]), "forward", "real state"),
        (tf.ones([300]), "forward", r"300 \* \(300 \+ 1\) = 90300 .*'discrete'"),
        (tf.ones([3]), ForwardSensitivity(largest=11), "the limit is 11"),
    ],
)
def test_what_it_cannot_do_is_refused(z0, adjoint, message):
    rate = tf.cast(-1.0, z0.dtype)
    with pytest.raises(ValueError, match=message):
        odeint(lambda t, z, p: p * z, z0, [0.0, 1.0], params=rate, adjoint=adjoint)
