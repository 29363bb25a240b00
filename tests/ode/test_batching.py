"""batching="independent": each sample as if it were solved alone."""

import numpy as np
import pytest
import tensorflow as tf

from nodelens.ode import SolveError, Status, odeint, odeint_vjp

RATES = np.array([[0.5], [3.0], [12.0]])
Z0 = np.array([[1.0, 0.5], [2.0, 1.0], [-1.0, 2.0]])
# The third sample goes backward in time; the second one ends early and repeats its last time.
TIMES = np.array([[0.0, 0.0, 0.0], [1.0, 0.3, -0.2], [2.0, 0.8, -0.5], [2.0, 0.8, -0.5]])
WEIGHTS = np.random.default_rng(0).normal(size=(2, 2)) * 0.3


def field(t, z, params):
    rates, weights = params
    return -rates * (z - tf.cos(t)) + tf.tanh(z @ weights)


def solve(rates, z0, times, **kwargs):
    """States, counts and gradients of the sum of all states."""
    params = (tf.constant(rates), tf.constant(WEIGHTS))
    defaults = {"rtol": 1e-7, "atol": 1e-7, "jit_compile": False, "params": params}
    solution, pullback = odeint_vjp(field, tf.constant(z0), times, **(defaults | kwargs))
    return solution, pullback(tf.ones_like(solution.states))


@pytest.mark.parametrize(
    "options",
    [
        {"adjoint": "backsolve"},
        {"adjoint": "discrete"},
        {"adjoint": "checkpointed"},
        {"adjoint": "reversible"},
        {"adjoint": "forward"},
        {"adjoint": "discrete", "solver": "kvaerno3"},
        {"adjoint": "backsolve", "solver": "rk4", "step_size": 0.05},
    ],
    ids=lambda options: "-".join(str(value) for value in options.values()),
)
def test_a_sample_is_solved_as_if_it_were_alone(options):
    together, gradients = solve(RATES, Z0, TIMES, batching="independent", **options)
    by_rates, by_weights = gradients.params
    sum_of_weights = np.zeros_like(WEIGHTS)
    for b in range(3):
        alone, own = solve(RATES[b : b + 1], Z0[b : b + 1], TIMES[:, b], **options)
        np.testing.assert_allclose(together.states[:, b], alone.states[:, 0], rtol=1e-13)
        np.testing.assert_allclose(gradients.z0[b], own.z0[0], rtol=1e-9, atol=1e-14)
        np.testing.assert_allclose(gradients.times[:, b], own.times, rtol=1e-9, atol=1e-12)
        assert [int(x[b]) for x in together.stats] == [int(x) for x in alone.stats]
        assert int(gradients.stats.accepted[b]) == int(own.stats.accepted)
        np.testing.assert_allclose(by_rates[b], own.params[0][0], rtol=1e-9)
        sum_of_weights += own.params[1]
    np.testing.assert_allclose(by_weights, sum_of_weights, rtol=1e-10)


def test_xla_and_the_graph_agree():
    graph, by_graph = solve(RATES, Z0, TIMES, batching="independent")
    xla, by_xla = solve(RATES, Z0, TIMES, batching="independent", jit_compile=True)
    np.testing.assert_allclose(xla.states, graph.states, rtol=1e-12)
    np.testing.assert_allclose(by_xla.params[1], by_graph.params[1], rtol=1e-11)
    np.testing.assert_array_equal(xla.stats.nfe, graph.stats.nfe)


@pytest.mark.parametrize("adjoint", ["backsolve", "discrete"])
def test_a_sample_that_fails_does_not_spoil_the_others(adjoint):
    """dz/dt = z**2 reaches infinity at t = 1 / z0: before t = 2 for the second sample only."""
    z0 = tf.Variable([[0.25], [1.0], [-1.0]], dtype=tf.float64)
    with tf.GradientTape() as tape:
        solution = odeint(
            lambda t, z: z**2,
            z0,
            [0.0, 2.0],
            rtol=1e-9,
            atol=1e-9,
            adjoint=adjoint,
            batching="independent",
            throw=False,
            jit_compile=False,
        )
        good = tf.gather(solution.states[-1], [0, 2])
    exact = np.array([[0.25 / 0.5], [-1.0 / 3.0]])
    np.testing.assert_allclose(good, exact, rtol=1e-8)
    assert np.isnan(solution.states[-1, 1]).all()
    status = solution.status.numpy()
    assert status[0] == status[2] == Status.SUCCESS
    assert status[1] != Status.SUCCESS
    gradient = tape.gradient(good, z0).numpy()
    np.testing.assert_allclose(gradient[[0, 2]], [[1 / 0.25], [1 / 9]], rtol=1e-7)


def test_the_error_names_the_sample():
    with pytest.raises(SolveError, match=r"in sample 1 \(1 of 2 failed\)"):
        odeint(
            lambda t, z: z**2,
            tf.constant([[0.25], [1.0]], tf.float64),
            [0.0, 2.0],
            batching="independent",
            jit_compile=False,
        )


def test_times_given_once_for_all_get_one_gradient():
    """z = exp(t - t_0) z0: dL/dt_1 = sum of the states there, over all samples."""
    times = tf.Variable([0.0, 1.0], dtype=tf.float64)
    z0 = tf.constant([[1.0], [2.0]], tf.float64)
    with tf.GradientTape() as tape:
        solution = odeint(lambda t, z: z, z0, times, rtol=1e-9, atol=1e-9, batching="independent")
        loss = tf.reduce_sum(solution.states[-1])
    np.testing.assert_allclose(tape.gradient(loss, times), [-3 * np.e, 3 * np.e], rtol=1e-8)
    _, pullback = odeint_vjp(
        lambda t, z: z, z0, times, rtol=1e-9, atol=1e-9, batching="independent"
    )
    gradient = pullback(tf.stack([tf.zeros_like(z0), tf.ones_like(z0)])).times
    np.testing.assert_allclose(gradient, [-3 * np.e, 3 * np.e], rtol=1e-8)


def test_time_broadcasts_against_every_nest():
    """Two leaves of different rank; dz/dt = t has z(1) = z0 + 1/2."""
    z0 = {"a": tf.zeros([2, 3, 1], tf.float64), "b": tf.ones([2, 4], tf.float64)}
    solution = odeint(
        lambda t, z: {"a": tf.zeros_like(z["a"]) + t, "b": tf.zeros_like(z["b"]) + t[:, 0]},
        z0,
        np.array([[0.0, 0.0], [1.0, 2.0]]),
        batching="independent",
        jit_compile=False,
    )
    assert solution.times.shape == (2, 2)
    np.testing.assert_allclose(solution.states["a"][1, :, 0, 0], [0.5, 2.0], rtol=1e-6)
    np.testing.assert_allclose(solution.states["b"][1, :, 3], [1.5, 3.0], rtol=1e-6)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"batching": "sideways"}, "There is no batching 'sideways'"),
        ({"z0": tf.constant(1.0)}, "needs a batch axis"),
        ({"z0": [tf.zeros([2, 1]), tf.zeros([3, 1])]}, "needs one batch size"),
        ({"times": np.zeros([2, 5])}, r"one column a sample, 2 here; got shape \(2, 5\)"),
        ({"times": np.array([[0.0, 0.0], [1, 1], [2, 0.5]])}, "times of sample 1 must not change"),
        ({"solver": "scipy:RK45"}, "solves jointly"),
    ],
)
def test_bad_input_is_refused(changes, message):
    call = {"z0": tf.zeros([2, 1]), "times": [0.0, 1.0], "batching": "independent"} | changes
    with pytest.raises(ValueError, match=message):
        odeint(lambda t, z: z, **call)
