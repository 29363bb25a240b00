"""Dense output: the solution at any time, with gradients, without solving again from the start."""

import numpy as np
import pytest
import tensorflow as tf

from nodelens.ode import SolveError, Status, odeint

PRECISE = {"rtol": 1e-8, "atol": 1e-8, "adjoint": "discrete", "jit_compile": False, "dense": True}
ANYWHERE = np.array([0.3, 2.0, 0.0, 1.234, 0.999, 1.0])


def turning(t, z):
    return tf.stack([z[1], -z[0]])


def exact(t):
    return np.stack([np.sin(t), np.cos(t)], -1)


@pytest.mark.parametrize(
    ("solver", "step_size", "error"),
    [("dopri5", None, 1e-7), ("dopri8", None, 1e-7), ("kencarp5", None, 1e-6), ("rk4", 0.1, 1e-5)],
)
def test_it_is_the_solution_at_any_time(solver, step_size, error):
    start = tf.constant([0.0, 1.0], tf.float64)
    options = {**PRECISE, "solver": solver, "step_size": step_size}
    solution = odeint(turning, start, [0.0, 1.0, 2.0], **options)
    assert Status(int(solution.status)) is Status.SUCCESS
    found = solution.interpolate(ANYWHERE)
    assert found.dtype == tf.float64
    np.testing.assert_allclose(found, exact(ANYWHERE), atol=error)
    # At the requested times, and at the end of any step, it is the solution itself.
    np.testing.assert_allclose(solution.interpolate([0.0, 1.0, 2.0]), solution.states, atol=1e-7)
    ends = solution.steps.times[:, 0]
    np.testing.assert_allclose(solution.interpolate(ends), solution.steps.states[:, 0], atol=1e-9)
    # A scalar gives a state.
    np.testing.assert_allclose(solution.interpolate(1.234), found[3], rtol=1e-14)


def growth(z0, a, times, t, **options):
    # z = z0 exp(a (t - t0)) times a captured variable, in a nest.
    solution = odeint(
        lambda t, z, p: {"x": p * z["x"], "y": RATE * z["y"]},
        {"x": z0, "y": z0},
        times,
        params=a,
        **{**PRECISE, **options},
    )
    return solution.interpolate(t)


RATE = tf.Variable(-0.4, dtype=tf.float64)


@pytest.mark.parametrize("adjoint", ["discrete", "backsolve", "direct"])
def test_gradients_flow_to_everything_there_is(adjoint):
    z0, a = tf.constant([1.5, 0.5], tf.float64), tf.constant(0.7, tf.float64)
    times, t = tf.constant([0.2, 3.0], tf.float64), tf.constant([2.1, 0.21], tf.float64)

    def gradients(name, sources):
        with tf.GradientTape() as tape:
            tape.watch([z0, a, times, t])
            found = tf.reduce_sum(growth(z0, a, times, t, adjoint=adjoint)[name])
        return tape.gradient(found, sources)

    late = t.numpy() - 0.2
    each = 2.0 * np.exp(0.7 * late)  # the sum of z0 is 2
    by_z0, by_a, by_t, by_times = gradients("x", [z0, a, t, times])
    np.testing.assert_allclose(by_z0, [np.exp(0.7 * late).sum()] * 2, rtol=1e-6)
    np.testing.assert_allclose(by_a, (late * each).sum(), rtol=1e-6)
    np.testing.assert_allclose(by_t, 0.7 * each, rtol=1e-5)
    np.testing.assert_allclose(by_times, [-0.7 * each.sum(), 0], rtol=1e-5)
    by_rate, by_a = gradients("y", [RATE, a])
    np.testing.assert_allclose(by_rate, (late * 2.0 * np.exp(-0.4 * late)).sum(), rtol=1e-6)
    assert by_a is None or float(by_a) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("solver", ["tsit5", "dopri8", "implicit_euler"])
def test_gradients_are_those_of_what_was_computed(solver):
    # The closed form is far; steps of one size make differences smooth.
    z0, a = tf.constant([1.2, -0.3], tf.float64), tf.constant(0.9, tf.float64)
    t = tf.constant([0.8, 0.35, 0.0], tf.float64)
    weights = np.array([[1.0, -2.0], [0.5, 0.25], [3.0, 1.0]])

    def loss(z0, a, t):
        solution = odeint(
            lambda t, z, p: tf.stack([z[1] * p, -tf.sin(z[0]) + 0.1 * t]),
            z0,
            [0.0, 1.0],
            params=a,
            solver=solver,
            step_size=0.25,
            **PRECISE,
        )
        return tf.reduce_sum(weights * solution.interpolate(t))

    with tf.GradientTape() as tape:
        tape.watch([z0, a, t])
        value = loss(z0, a, t)
    by_z0, by_a, by_t = tape.gradient(value, [z0, a, t])

    def difference(by, h=1e-5):
        forward, back = (
            [x + sign * h * y for x, y in zip((z0, a, t), by, strict=True)] for sign in (1, -1)
        )
        return float((loss(*forward) - loss(*back)) / (2 * h))

    up, none, later = np.array([1.0, 0.0]), np.zeros(2), np.array([1.0, 1.0, 0.0])
    assert float(by_z0[0]) == pytest.approx(difference((up, 0.0, 0 * later)), rel=1e-6)
    assert float(by_a) == pytest.approx(difference((none, 1.0, 0 * later)), rel=1e-6)
    expected = difference((none, 0.0, later))
    assert float(tf.reduce_sum(by_t * later)) == pytest.approx(expected, rel=1e-6)


@pytest.mark.slow
def test_eager_code_and_xla_agree():
    def run(z0, t):
        with tf.GradientTape() as tape:
            tape.watch(z0)
            solution = odeint(turning, z0, [0.0, 2.0], **{**PRECISE, "dense": 64})
            found = solution.interpolate(t)
            loss = tf.reduce_sum(found[:2] * found[:2, :1])
        return found, tape.gradient(loss, z0), solution.status

    z0 = tf.constant([0.3, 1.0], tf.float64)
    found, gradient, status = run(z0, [0.5, 1.5])
    inside = tf.function(run, jit_compile=True)(z0, [0.5, 1.5, 7.0])
    np.testing.assert_allclose(inside[0][:2], found, rtol=1e-8)
    assert np.isnan(inside[0][2]).all()
    np.testing.assert_allclose(inside[1], gradient, rtol=1e-8)
    assert int(inside[2]) == int(status) == 0


def test_a_graph_says_where_there_was_no_room():
    @tf.function
    def run(z0):
        solution = odeint(turning, z0, [0.0, 20.0], **{**PRECISE, "dense": 3})
        return solution.status, solution.interpolate([0.0, 15.0, 21.0]), solution.states

    start = tf.constant([0.0, 1.0], tf.float64)
    status, found, states = run(start)
    assert Status(int(status)) is Status.CAPACITY
    np.testing.assert_array_equal(np.isnan(found[:, 0]), [False, True, True])
    np.testing.assert_allclose(states[1], exact(20.0), atol=1e-5)
    # Eager code takes more.
    solution = odeint(turning, start, [0.0, 20.0], **{**PRECISE, "dense": 3})
    np.testing.assert_allclose(solution.interpolate(15.0), exact(15.0), atol=1e-5)


def test_every_sample_has_its_own_steps():
    rates = tf.constant([[1.0], [30.0], [-0.1]], tf.float64)
    times = np.array([[0.0, 1.0, 2.0], [1.0, 0.5, 0.0]])
    options = {**PRECISE, "batching": "independent"}
    solution = odeint(lambda t, z: -rates * z, tf.ones([3, 1], tf.float64), times, **options)
    assert len(set(solution.stats.accepted.numpy())) == 3
    own = np.array([[0.25, 0.6, 1.0], [1.0, 0.99, 0.0]])
    found = solution.interpolate(own)
    assert found.shape == (2, 3, 1)
    np.testing.assert_allclose(
        found[..., 0], np.exp(-rates.numpy()[:, 0] * (own - times[0])), rtol=1e-5
    )
    with pytest.raises(ValueError, match=r"from 0 to 2; got 1.5"):
        solution.interpolate([[1.5, 0.6, 1.0]])


def test_it_takes_one_step_and_does_not_solve_again():
    calls = []

    def counted(t, z):
        def count(z):
            calls.append(1)
            return -z

        slope = tf.numpy_function(count, [z], tf.float64)
        return tf.ensure_shape(slope, z.shape)

    solution = odeint(counted, tf.constant([1.0], tf.float64), [0.0, 30.0], **PRECISE)
    assert len(calls) > 200
    solution.interpolate(29.0)
    calls.clear()
    value = solution.interpolate(28.0)
    assert float(value[0]) == pytest.approx(np.exp(-28), abs=1e-7)
    assert len(calls) == 7


def test_jumps_and_times_that_decrease():
    def kicked(t, z):
        return tf.where(t < 1.0, tf.ones_like(z), -tf.ones_like(z))

    start = tf.constant([0.0], tf.float64)
    solution = odeint(kicked, start, [3.0, 0.0], jump_times=[1.0], **PRECISE)
    # Backward from 3: z rises until 1, then falls.
    np.testing.assert_allclose(
        solution.interpolate([2.5, 1.0, 0.75, 0.0])[:, 0], [0.5, 2.0, 1.75, 1.0], atol=1e-9
    )


@pytest.mark.parametrize(
    ("t", "message"),
    [
        (2.1, "from 0 to 2; got 2.1"),
        ([1.0, -1e-9], "got -1e-09"),
        ([[1.0]], r"\[\] or \[count\]; got \(1, 1\)"),
        (float("nan"), "got nan"),
    ],
)
def test_what_is_outside_is_refused(t, message):
    solution = odeint(turning, tf.constant([0.0, 1.0], tf.float64), [0.0, 2.0], **PRECISE)
    with pytest.raises(ValueError, match=message):
        solution.interpolate(t)


def test_it_must_be_asked_for_and_possible():
    start = tf.constant([0.0, 1.0], tf.float64)
    plain = odeint(turning, start, [0.0, 2.0], **{**PRECISE, "dense": False})
    with pytest.raises(ValueError, match="dense=True"):
        plain.interpolate(1.0)
    with pytest.raises(ValueError, match="leave out dense"):
        odeint(turning, start, [0.0, 2.0], solver="scipy:LSODA", dense=True)
    with pytest.raises(ValueError, match="a number of steps; got -1"):
        odeint(turning, start, [0.0, 2.0], dense=-1)
    with pytest.raises(SolveError, match="at t = 1"):
        odeint(lambda t, z: z**2, tf.constant([1.0], tf.float64), [0.0, 2.0], **PRECISE)
