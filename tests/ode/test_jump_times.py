"""Fields that jump at listed times: exact pieces, by every adjoint, at less cost."""

import numpy as np
import pytest
import tensorflow as tf

from nodelens.ode import (
    ADJOINTS,
    Event,
    FixedController,
    Status,
    odeint,
    odeint_event,
    odeint_vjp,
)

SWITCH, END = 0.7, 2.0
Z0 = tf.constant([1.5], tf.float64)
PARAMS = {name: tf.constant(x, tf.float64) for name, x in zip("abc", (0.8, 2.0, -3.0), strict=True)}


def forced(t, z, p):
    """dz/dt = -a z + b before the switch, -a z + c after it. On it: never."""
    switch = tf.constant(SWITCH, t.dtype)
    force = tf.where(t < switch, p["b"], tf.where(t > switch, p["c"], float("nan")))
    return -p["a"] * z + tf.cast(force, z.dtype)


def relaxed(z, duration, a, force):
    """The solution of dz/dt = -a z + force."""
    return z * tf.exp(-a * duration) + force / a * (1 - tf.exp(-a * duration))


def exact(z0, params, switch=SWITCH):
    middle = relaxed(z0, switch, params["a"], params["b"])
    return relaxed(middle, END - switch, params["a"], params["c"])


def both_sides(t, z, p):
    """The same field, defined on the switch."""
    force = tf.where(t < tf.constant(SWITCH, t.dtype), p["b"], p["c"])
    return -p["a"] * z + force


@pytest.mark.parametrize("adjoint", sorted(ADJOINTS))
def test_pieces_and_gradients_are_exact(adjoint):
    with tf.GradientTape() as tape:
        tape.watch([Z0, PARAMS])
        end = exact(Z0, PARAMS)
    by_z0, by_params = tape.gradient(end, [Z0, PARAMS])
    solution, pullback = odeint_vjp(
        forced,
        Z0,
        [0.0, SWITCH, 1.0, END],
        params=PARAMS,
        rtol=1e-7,
        atol=1e-7,
        adjoint=adjoint,
        jump_times=[SWITCH, 17.0],
        jit_compile=False,
    )
    found = pullback(tf.constant([[0.0], [0.0], [0.0], [1.0]], tf.float64))
    middle = relaxed(Z0, SWITCH, PARAMS["a"], PARAMS["b"])
    assert Status(int(solution.status)) is Status.SUCCESS
    np.testing.assert_allclose(solution.states[1], middle, atol=1e-6)
    np.testing.assert_allclose(solution.states[3], end, atol=1e-6)
    np.testing.assert_allclose(found.z0, by_z0, atol=1e-6)
    for name in PARAMS:
        np.testing.assert_allclose(found.params[name], by_params[name], atol=1e-6)
    # Moving the last time moves the state along the field there.
    slope = -PARAMS["a"] * end[0] + PARAMS["c"]
    np.testing.assert_allclose(
        found.times, [-float(by_z0[0]) * (2.0 - 0.8 * 1.5), 0, 0, slope], atol=1e-6
    )


def test_a_listed_jump_saves_evaluations():
    options = {"params": PARAMS, "rtol": 1e-6, "atol": 1e-6, "jit_compile": False}
    end = exact(Z0, PARAMS)
    listed = odeint(both_sides, Z0, [0.0, END], jump_times=[SWITCH], **options)
    unlisted = odeint(both_sides, Z0, [0.0, END], **options)
    np.testing.assert_allclose(listed.states[-1], end, atol=1e-6)
    assert int(listed.stats.nfe) < int(unlisted.stats.nfe) / 2


@pytest.mark.parametrize(
    ("dtype", "jump", "direction"),
    [("float64", 0.1, 1), ("float64", 0.0, -1), ("float32", 0.1, -1), ("float32", -300.7, 1)],
)
def test_the_field_is_seen_on_the_proper_side_only(dtype, jump, direction):
    # |t - s| has the slope -1 before and +1 after; the field is NaN at s in its own precision.
    def field(t, z):
        s = tf.constant(jump, t.dtype)
        return tf.cast(tf.where(t == s, float("nan"), tf.where(t < s, -1.0, 1.0)), z.dtype) + 0 * z

    times = [jump - 0.5 * direction, jump, jump + 0.25 * direction]
    solution = odeint(field, tf.constant(0.5, dtype), times, jump_times=[jump], jit_compile=False)
    tolerance = 1e-6 if dtype == "float32" else 1e-13
    np.testing.assert_allclose(solution.states, [0.5, 0.0, 0.25], atol=tolerance)


def test_solves_may_start_and_end_on_a_jump():
    # Chained at the switch, the times carry its gradient: dL/ds = a(s) (f(s-) - f(s+)).
    switch = tf.constant(SWITCH, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(switch)
        end = exact(Z0, PARAMS, switch)
    expected = tape.gradient(end, switch)
    for adjoint in ("discrete", "direct"):
        options = {"params": PARAMS, "adjoint": adjoint, "rtol": 1e-7, "atol": 1e-7}
        options |= {"jump_times": [SWITCH], "jit_compile": False}
        with tf.GradientTape() as tape:
            tape.watch(switch)
            middle = odeint(forced, Z0, tf.stack([0.0, switch]), **options).states[-1]
            found = odeint(forced, middle, tf.stack([switch, END]), **options).states[-1]
        np.testing.assert_allclose(found, end, atol=1e-6)
        np.testing.assert_allclose(tape.gradient(found, switch), expected, atol=1e-6)


def test_samples_of_their_own_times_meet_the_same_jump():
    # One goes forward across it, one backward, one starts on it and one never gets there.
    times = np.array([[0.0, 2.0, SWITCH, 0.0], [2.0, 0.0, 1.0, 0.5]])
    expected = [float(exact(Z0, PARAMS)[0])]
    middle = relaxed(1.5, SWITCH - 2.0, 0.8, -3.0)
    expected.append(float(relaxed(middle, -SWITCH, 0.8, 2.0)))
    expected.append(float(relaxed(1.5, 1.0 - SWITCH, 0.8, -3.0)))
    expected.append(float(relaxed(1.5, 0.5, 0.8, 2.0)))
    solution = odeint(
        forced,
        tf.fill([4, 1], tf.constant(1.5, tf.float64)),
        times,
        params=PARAMS,
        batching="independent",
        jump_times=[SWITCH],
        rtol=1e-7,
        atol=1e-7,
        jit_compile=False,
    )
    np.testing.assert_allclose(solution.states[-1, :, 0], expected, atol=1e-6)


def test_events_are_found_behind_a_jump():
    # From the switch on the solution relaxes from m to c / a, and is zero when exp(-a t) has
    # shrunk m - c / a to -c / a.
    z0, a, goal = float(Z0[0]), 0.8, -3.0 / 0.8
    middle = float(relaxed(z0, SWITCH, a, 2.0))
    with tf.GradientTape() as tape:
        tape.watch(Z0)
        solution = odeint_event(
            forced,
            Z0,
            [0.0, 5.0],
            params=PARAMS,
            events=[Event(lambda t, z, p: z[0])],
            jump_times=[SWITCH],
            adjoint="discrete",
            rtol=1e-7,
            atol=1e-7,
            jit_compile=False,
        )
        time = solution.event_times[0][0]
    assert float(time) == pytest.approx(SWITCH + np.log((middle - goal) / -goal) / a, abs=1e-6)
    slope = np.exp(-a * SWITCH) / (a * (middle - goal))
    np.testing.assert_allclose(tape.gradient(time, Z0), [slope], atol=1e-6)


def test_fixed_steps_land_on_jumps():
    options = {"params": PARAMS, "solver": "rk4", "jit_compile": False}
    options["controller"] = FixedController(0.05)
    found = odeint(forced, Z0, [0.0, END], jump_times=[SWITCH], **options)
    np.testing.assert_allclose(found.states[-1], exact(Z0, PARAMS), atol=1e-6)


def test_xla_and_new_jumps_do_not_trace_again():
    calls = []

    def field(t, z, s):
        calls.append(1)
        return tf.where(t < s, 1.0, -2.0) * tf.ones_like(z)

    for s in (0.3, 0.6):
        solution = odeint(
            field, tf.constant([0.0]), [0.0, 1.0], params=tf.constant(s), jump_times=[s]
        )
        np.testing.assert_allclose(solution.states[-1], [s - 2 * (1 - s)], atol=1e-6)
        if s == 0.3:
            first = len(calls)
    assert len(calls) == first


@pytest.mark.parametrize(
    ("jumps", "message"),
    [([[1.0]], "shape"), ([float("nan")], "finite"), (["a"], "real numbers")],
)
def test_what_is_no_jump_time_is_refused(jumps, message):
    with pytest.raises(ValueError, match=message):
        odeint(both_sides, Z0, [0.0, 1.0], params=PARAMS, jump_times=jumps, jit_compile=False)
    with pytest.raises(ValueError, match="takes no jump_times"):
        odeint(both_sides, Z0, [0.0, 1.0], params=PARAMS, jump_times=[0.5], solver="scipy:RK45")
