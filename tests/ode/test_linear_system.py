"""Every adjoint against the closed form of a linear system (expm and its Frechet derivative)."""

import numpy as np
import pytest
import tensorflow as tf

from nodelens.ode import ADJOINTS, odeint, odeint_vjp
from nodelens.ode.problems import LinearProblem

PROBLEM = LinearProblem.random()
WEIGHTS = np.random.default_rng(1).normal(size=(5, 4))
EXACT = PROBLEM.gradients(WEIGHTS)


def test_exact_gradients_agree_with_central_differences():
    def loss(matrix, z0, times):
        return np.sum(WEIGHTS * LinearProblem(matrix, z0, times).states())

    step = 1e-6
    for index in np.ndindex(4, 4):
        shift = np.zeros((4, 4))
        shift[index] = step
        up = loss(PROBLEM.matrix + shift, PROBLEM.z0, PROBLEM.times)
        down = loss(PROBLEM.matrix - shift, PROBLEM.z0, PROBLEM.times)
        assert EXACT.params[0][index] == pytest.approx((up - down) / (2 * step), abs=1e-8)
    for index in range(5):
        shift = np.zeros(5)
        shift[index] = step
        up = loss(PROBLEM.matrix, PROBLEM.z0, PROBLEM.times + shift)
        down = loss(PROBLEM.matrix, PROBLEM.z0, PROBLEM.times - shift)
        assert EXACT.times[index] == pytest.approx((up - down) / (2 * step), abs=1e-8)


@pytest.mark.parametrize("adjoint", ["discrete", "checkpointed", "backsolve", "direct"])
def test_pullback_gives_the_exact_gradients(adjoint):
    for tolerance in (1e-6, 1e-10):
        solution, pullback = odeint_vjp(
            PROBLEM.vector_field,
            PROBLEM.z0,
            PROBLEM.times,
            params=PROBLEM.params,
            rtol=tolerance,
            atol=tolerance,
            adjoint=adjoint,
        )
        gradients = pullback(tf.constant(WEIGHTS))
        limit = {"atol": 10 * tolerance, "rtol": 0}
        np.testing.assert_allclose(solution.states, EXACT.states, **limit)
        np.testing.assert_allclose(gradients.z0, EXACT.z0, **limit)
        np.testing.assert_allclose(gradients.params[0], EXACT.params[0], **limit)
        np.testing.assert_allclose(gradients.times, EXACT.times, **limit)
        assert int(gradients.stats.nfe) > 0
        assert int(gradients.stats.status) == 0


@pytest.mark.parametrize("adjoint", ADJOINTS)
def test_tape_gives_the_exact_gradients_of_captured_variables_and_times(adjoint):
    matrix = tf.Variable(PROBLEM.matrix)
    z0, times = tf.constant(PROBLEM.z0), tf.constant(PROBLEM.times)
    with tf.GradientTape() as tape:
        tape.watch([z0, times])
        solution = odeint(
            lambda t, z: tf.linalg.matvec(matrix, z),
            z0,
            times,
            rtol=1e-9,
            atol=1e-9,
            adjoint=adjoint,
        )
        loss = tf.reduce_sum(WEIGHTS * solution.states)
    by_z0, by_matrix, by_times = tape.gradient(loss, [z0, matrix, times])
    np.testing.assert_allclose(by_z0, EXACT.z0, atol=1e-8)
    np.testing.assert_allclose(by_matrix, EXACT.params[0], atol=1e-8)
    np.testing.assert_allclose(by_times, EXACT.times, atol=1e-8)


@pytest.mark.parametrize("adjoint", ["discrete", "backsolve"])
def test_whole_training_steps_run_inside_one_xla_loop(adjoint):
    target = tf.constant(EXACT.states)

    @tf.function(jit_compile=True)
    def train(matrix):
        def step(i, matrix, loss, nfe):
            solution, pullback = odeint_vjp(
                PROBLEM.vector_field, PROBLEM.z0, PROBLEM.times, params=[matrix], adjoint=adjoint
            )
            error = solution.states - target
            gradients = pullback(2 * error)
            nfe += solution.stats.nfe + gradients.stats.nfe
            return i + 1, matrix - 0.1 * gradients.params[0], tf.reduce_sum(error**2), nfe

        return tf.while_loop(
            lambda i, *_: i < 200,
            step,
            (tf.constant(0), matrix, tf.constant(0.0, tf.float64), tf.constant(0)),
            maximum_iterations=200,
        )

    start = tf.constant(PROBLEM.matrix + 0.1)
    first_loss = np.sum(
        (LinearProblem(start.numpy(), PROBLEM.z0, PROBLEM.times).states() - target) ** 2
    )
    _, _, loss, nfe = train(start)
    assert float(loss) < first_loss / 100
    assert int(nfe) > 200 * 20
