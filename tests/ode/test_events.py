"""Events: their times and states against closed forms, with gradients, wherever they are run."""

import numpy as np
import pytest
import tensorflow as tf

from nodelens.ode import (
    Event,
    PIDController,
    SecondOrderError,
    SolveError,
    Status,
    odeint_event,
)

PRECISE = {"rtol": 1e-9, "atol": 1e-9, "jit_compile": False}
GRAVITY = 8.0


def falling(t, z):
    return tf.stack([z[1], -tf.constant(GRAVITY, z.dtype)])


def height_of(t, z):
    return z[0]


def drop(height, times=(0.0, 0.25, 10.0), **options):
    """A stone let go at a height; it lands at sqrt(2 h / g) with the speed sqrt(2 g h)."""
    options = {**PRECISE, "events": [Event(height_of)], **options}
    return odeint_event(falling, tf.stack([height, tf.zeros_like(height)]), times, **options)


def test_free_fall_lands_when_and_as_fast_as_it_should():
    height = tf.constant(3.0, tf.float64)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(height)
        solution = drop(height, adjoint="backsolve")
        time, speed = solution.event_times[0][0], solution.event_states[0][0, 1]
        early = solution.states[1, 0]
    assert Status(int(solution.status)) is Status.EVENT
    assert float(time) == pytest.approx(np.sqrt(2 * 3 / GRAVITY), abs=1e-9)
    assert float(speed) == pytest.approx(-np.sqrt(2 * GRAVITY * 3), abs=1e-8)
    # By the implicit function theorem dt*/dh = 1 / sqrt(2 g h); and dv*/dh = -g dt*/dh.
    slope = 1 / np.sqrt(2 * GRAVITY * 3)
    assert float(tape.gradient(time, height)) == pytest.approx(slope, abs=1e-6)
    assert float(tape.gradient(speed, height)) == pytest.approx(-GRAVITY * slope, abs=1e-6)
    assert float(tape.gradient(early, height)) == pytest.approx(1.0, abs=1e-9)
    # The state before the event is there; behind it there is none.
    np.testing.assert_allclose(solution.states[1], [3 - GRAVITY / 32, -GRAVITY / 4], atol=1e-9)
    assert np.isnan(solution.states[2]).all()


@pytest.mark.slow
def test_eager_graph_and_xla_agree():
    def run(height):
        with tf.GradientTape() as tape:
            tape.watch(height)
            solution = drop(height, adjoint="discrete")
            loss = solution.event_times[0][0] * solution.event_states[0][0, 1]
        return loss, tape.gradient(loss, height), solution.states[:2], solution.status

    height = tf.constant(2.0, tf.float64)
    eager = run(height)
    for inside in (tf.function(run), tf.function(run, jit_compile=True)):
        for found, expected in zip(inside(height), eager, strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert float(eager[0]) == pytest.approx(-4.0, abs=1e-8)  # t v = -2 h
    assert float(eager[1]) == pytest.approx(-2.0, abs=1e-6)


def test_gradients_flow_to_everything_there_is():
    # z = z0 exp(a (t - t0)) reaches the level c at t0 + log(c / z0) / a, where dz/dt = a c.
    z0, a, c = (tf.constant(x, tf.float64) for x in (0.5, 0.8, 2.0))
    times = tf.constant([0.3, 5.0], tf.float64)
    level = tf.Variable(c)

    def solved():
        solution = odeint_event(
            lambda t, z, p: p * z,
            z0,
            times,
            params=a,
            events=[Event(lambda t, z, p: z * p - level * p)],
            adjoint="backsolve",
            **PRECISE,
        )
        return solution.event_times[0][0], solution.event_states[0][0]

    sources = [z0, a, level, times]
    log = np.log(4.0)
    assert float(solved()[0]) == pytest.approx(0.3 + log / 0.8, abs=1e-8)
    by_sources = [
        [-1 / (0.8 * 0.5), -log / 0.8**2, 1 / (0.8 * 2.0), [1.0, 0.0]],
        # The state there is the level, whatever else changes.
        [0.0, 0.0, 1.0, [0.0, 0.0]],
    ]
    for which, expected in enumerate(by_sources):
        with tf.GradientTape() as tape:
            tape.watch([z0, a, times])
            target = solved()[which]
        for found, slope in zip(tape.gradient(target, sources), expected, strict=True):
            np.testing.assert_allclose(found, slope, atol=1e-6)


OSCILLATION = [
    Event(height_of, terminal=False, max_hits=2),
    Event(height_of, direction=1, terminal=False),
    Event(height_of, direction=-1, terminal=False),
]


def oscillate(times, events, solver="dopri5", **options):
    """Starts on a zero of (sin t, cos t)."""
    start = tf.constant([np.sin(times[0]), np.cos(times[0])])
    options = {**PRECISE, "adjoint": "discrete", **options}
    return odeint_event(
        lambda t, z: tf.stack([z[1], -z[0]]), start, times, events=events, solver=solver, **options
    )


@pytest.mark.parametrize("solver", ["dopri5", "rk4"])
def test_zeros_of_the_sine_are_recorded(solver):
    times = np.array([0.0, 2.0, 10.0])
    options = {"step_size": 0.05} if solver == "rk4" else {"rtol": 1e-7, "atol": 1e-7}
    solution = oscillate(times, OSCILLATION, solver, **options)
    assert Status(int(solution.status)) is Status.SUCCESS
    assert int(solution.ended_by) == -1
    # Not at the start, which is a zero itself. What there is no room for is counted.
    np.testing.assert_array_equal(solution.counts, [3, 1, 2])
    both, rising, falling = solution.event_times
    np.testing.assert_allclose(both, [np.pi, 2 * np.pi], atol=1e-5)
    np.testing.assert_allclose(rising[:1], [2 * np.pi], atol=1e-5)
    np.testing.assert_allclose(falling[:2], [np.pi, 3 * np.pi], atol=1e-5)
    assert np.isnan(falling[2:]).all()
    assert np.isnan(solution.event_states[2][2:]).all()
    np.testing.assert_allclose(solution.event_states[0], [[0, -1], [0, 1]], atol=1e-5)
    # However coarse the search was, the state is on the zero.
    np.testing.assert_allclose(solution.event_states[0][:, 0], [0, 0], atol=1e-11)
    # The states at the requested times are those of a solve without events.
    np.testing.assert_allclose(solution.states[:, 0], np.sin(times), atol=1e-5)


def test_times_may_decrease_and_direction_is_that_of_the_solve():
    # The first attempt is far too wide: what it crosses does not count.
    controller = PIDController(first_step=9.0)
    solution = oscillate(np.array([1.0, -4.0, -8.0]), OSCILLATION, controller=controller)
    np.testing.assert_array_equal(solution.counts, [3, 1, 2])
    both, rising, falling = solution.event_times
    # Going backward, sin falls through 0 and -2 pi and rises through -pi.
    np.testing.assert_allclose(both, [0, -np.pi], atol=1e-7)
    np.testing.assert_allclose(rising[:1], [-np.pi], atol=1e-7)
    np.testing.assert_allclose(falling[:2], [0, -2 * np.pi], atol=1e-7)
    np.testing.assert_allclose(solution.states[1, 0], np.sin(-4.0), atol=1e-7)


def test_events_of_one_step_are_put_in_order():
    # The fall is solved in one step. What lies behind the first terminal event has not happened:
    # neither the other terminal one, nor what is crossed right behind it or much later.
    terminal, passed, behind = [1.0, 0.5], [2.5, 2.0], [0.8, -2.0]
    events = [
        Event(lambda t, z, level=level: z[0] - level, terminal=level in terminal)
        for level in [*terminal, *passed, *behind]
    ]
    solution = drop(
        tf.constant(3.0, tf.float64),
        times=[0.0, 2.0],
        events=events,
        controller=PIDController(first_step=2.0),
    )
    np.testing.assert_array_equal(solution.counts, [1, 0, 1, 1, 0, 0])
    assert int(solution.ended_by) == 0
    for level, times in zip(
        [1.0, *passed], [solution.event_times[i] for i in (0, 2, 3)], strict=True
    ):
        assert float(times[0]) == pytest.approx(np.sqrt(2 * (3 - level) / GRAVITY), abs=1e-9)


def test_a_ball_bounces_although_it_starts_on_the_ground():
    # Thrown up at speed v it is back after 2 v / g: both ends of the first step may be below zero.
    ground = Event(height_of, direction=-1)
    for start in (0.0, -1e-17):
        solution = odeint_event(
            falling,
            tf.constant([start, 2.0], tf.float64),
            [0.0, 10.0],
            events=[ground],
            controller=PIDController(first_step=0.6),
            adjoint="discrete",
            **PRECISE,
        )
        assert float(solution.event_times[0][0]) == pytest.approx(4 / GRAVITY, abs=1e-9)


def test_no_event_leaves_an_ordinary_solve():
    height = tf.constant(3.0, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(height)
        never = Event(lambda t, z: 7 + 0 * z[0])
        solution = drop(height, times=[0.0, 0.1, 0.2], events=[never], solver="rk4", step_size=0.1)
        time = solution.event_times[0][0]
        loss = tf.where(tf.math.is_nan(time), solution.states[-1, 0], time)
    assert Status(int(solution.status)) is Status.SUCCESS
    assert int(solution.counts[0]) == 0
    np.testing.assert_allclose(solution.states[:, 0], [3, 2.96, 2.84], atol=1e-9)
    assert float(tape.gradient(loss, height)) == pytest.approx(1.0)
    # Two steps of the search with the slopes at both ends of each, and two steps of the solve.
    assert int(solution.stats.nfe) == 2 * (4 + 2) + 2 * 4


def test_room_that_is_not_used_does_not_spoil_gradients():
    # The event function has an infinite derivative at the last time, where nothing is crossed.
    start = tf.constant([2.0, 1.0], tf.float64)
    event = Event(lambda t, z: z[0] - 1 + 0 * (z[1] * (2 - t)) ** 0.5, terminal=False, max_hits=2)
    with tf.GradientTape() as tape:
        tape.watch(start)
        solution = odeint_event(
            lambda t, z: tf.constant([-1.0, 0.0], tf.float64),
            start,
            [0.0, 2.0],
            events=[event],
            adjoint="discrete",
            **PRECISE,
        )
        time = solution.event_times[0][0]
    np.testing.assert_allclose(tape.gradient(time, start), [1.0, 0.0], atol=1e-9)


def test_an_event_may_be_as_steep_as_a_switch():
    switch = Event(lambda t, z: tf.math.erf(1e13 * (t - 0.9)))
    solution = drop(tf.constant(3.0, tf.float64), events=[switch])
    assert float(solution.event_times[0][0]) == pytest.approx(0.9, abs=1e-9)


def test_states_may_be_nests_in_float32():
    solution = odeint_event(
        lambda t, z: {"x": z["v"], "v": -z["x"]},
        {"x": tf.constant([[1.0]]), "v": tf.constant([[0.0]])},
        [0.0, 1000.0],
        events=[Event(lambda t, z: z["x"][0, 0] + 0.0 * t)],
        adjoint="discrete",
        jit_compile=False,
    )
    assert int(solution.stats.nfe) < 300  # What lies behind the event is not solved.
    assert solution.event_states[0]["v"].shape == (1, 1, 1)
    assert float(solution.event_times[0][0]) == pytest.approx(np.pi / 2, abs=1e-5)
    assert float(solution.event_states[0]["v"][0, 0, 0]) == pytest.approx(-1, abs=1e-5)


def test_a_failed_search_raises_and_says_where():
    def blows_up(t, z):
        return z**2

    with pytest.raises(SolveError, match="UNDERFLOW at t = 1"):
        odeint_event(
            blows_up,
            tf.constant(1.0, tf.float64),
            [0.0, 2.0],
            events=[Event(height_never)],
            **PRECISE,
        )


def height_never(t, z):
    return z + 1.0


def test_second_order_gradients_are_refused():
    level = tf.constant(1.0, tf.float64)
    events = [Event(lambda t, z: z[0] - level)]

    def landing():
        return drop(tf.constant(3.0, tf.float64), events=events).event_times[0][0]

    landing()  # Traced under two tapes, every loop would get gradients that nobody asks for.
    with tf.GradientTape() as outer:
        outer.watch(level)
        with tf.GradientTape() as tape:
            tape.watch(level)
            time = landing()
        slope = tape.gradient(time, level)
    # The level is reached at sqrt(2 (h - level) / g).
    assert float(slope) == pytest.approx(-1 / np.sqrt(2 * GRAVITY * 2), abs=1e-9)
    with pytest.raises(SecondOrderError, match="first order"):
        outer.gradient(slope, level)


@pytest.mark.parametrize(
    ("events", "message"),
    [
        ([Event(lambda t, z: z)], "real scalar"),
        ([Event(lambda t, z: z[0] > 0)], "got bool of shape"),
        ([Event(lambda t, z: 1.0)], "must return a TensorFlow tensor; got float"),
        ([], "one Event or more"),
        (Event(height_of), "must be a list"),
        ([height_of], "holds function"),
    ],
)
def test_what_is_no_event_is_refused(events, message):
    with pytest.raises(ValueError, match=message):
        drop(tf.constant(1.0, tf.float64), events=events)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"function": 1.0}, "callable"),
        ({"function": height_of, "direction": 2}, "direction must be"),
        ({"function": height_of, "max_hits": 0}, "max_hits must be"),
    ],
)
def test_what_an_event_cannot_be_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Event(**arguments)


def thrown(level, direction=0, **more):
    """The event of a ball at a level."""
    return Event(lambda t, z: z[0] - level, direction=direction, terminal=False, **more)


@pytest.mark.slow
@pytest.mark.parametrize("jit_compile", [False, True])
def test_two_crossings_between_two_looks_are_found(jit_compile):
    # A ball thrown up at 4 m/s is at 1 - 1e-6 m twice, 1e-3 s apart, in the one step of 1 s.
    height, level = 4.0**2 / (2 * GRAVITY), 1 - 1e-6
    events = [thrown(level), thrown(level, 1), thrown(level, -1), thrown(height + 1e-9)]
    speed = tf.constant(4.0, tf.float64)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(speed)
        solution = odeint_event(
            falling,
            tf.stack([tf.zeros_like(speed), speed]),
            [0.0, 1.0],
            events=events,
            controller=PIDController(first_step=1.0),
            adjoint="discrete",
            **{**PRECISE, "jit_compile": jit_compile},
        )
        up, down = solution.event_times[0][0], solution.event_times[0][1]
    np.testing.assert_array_equal(solution.counts, [2, 1, 1, 0])
    assert int(solution.stats.accepted) == 2  # one of the search, one of the solve
    half = np.sqrt(2 * (height - level) / GRAVITY)
    np.testing.assert_allclose(solution.event_times[0][:2], [0.5 - half, 0.5 + half], atol=1e-9)
    assert float(solution.event_times[1][0]) == pytest.approx(0.5 - half, abs=1e-9)
    assert float(solution.event_times[2][0]) == pytest.approx(0.5 + half, abs=1e-9)
    # v t - g t**2 / 2 = level: dt/dv = -t / (v - g t).
    for time in (up, down):
        expected = -float(time) / (4 - GRAVITY * float(time))
        assert float(tape.gradient(time, speed)) == pytest.approx(expected, rel=1e-5)


def test_a_terminal_event_between_two_crossings_comes_in_order():
    # In one piece of the step a level is crossed twice, and between the two the time is over.
    end = tf.Variable(0.0, dtype=tf.float64)
    events = [thrown(0.999), Event(lambda t, z: t - end)]

    def run(time, back):
        end.assign(time)
        times, controller = ([1.0, 0.0] if back else [0.0, 1.0]), PIDController(first_step=1.0)
        start = tf.constant([0.0, -4.0 if back else 4.0], tf.float64)
        return odeint_event(
            falling,
            start,
            times,
            events=events,
            controller=controller,
            adjoint="discrete",
            **PRECISE,
        )

    half = np.sqrt(2 * 0.001 / GRAVITY)
    for time, counts in ((0.5, [1, 1]), (0.52, [2, 1]), (0.48, [0, 1])):
        np.testing.assert_array_equal(run(time, False).counts, counts)
        np.testing.assert_array_equal(run(1 - time, True).counts, counts)
    np.testing.assert_allclose(run(0.48, True).event_times[0][0], 0.5 + half, atol=1e-8)


def test_a_short_flight_from_zero_ends_on_zero():
    # Up at exactly zero and down again within an eighth of the first step.
    solution = odeint_event(
        falling,
        tf.constant([0.0, 0.2], tf.float64),
        [0.0, 10.0],
        events=[Event(height_of)],
        controller=PIDController(first_step=1.0),
        adjoint="discrete",
        **PRECISE,
    )
    assert float(solution.event_times[0][0]) == pytest.approx(0.4 / GRAVITY, abs=1e-9)


def test_every_sample_has_its_own_crossings():
    # Stones fall on the ground and stay there; heights on the way are recorded.
    heights = tf.constant([3.0, 1.0, 7.0, 500.0], tf.float64)
    events = [
        Event(lambda t, z, g: z["x"]),
        Event(lambda t, z, g: z["x"][:] - 0.5 + 0 * t, terminal=False, max_hits=2),
    ]

    def run(start, batching):
        return odeint_event(
            lambda t, z, g: {"x": z["v"], "v": -g + 0 * z["x"]},
            start,
            [0.0, 0.25, 8.0],
            params=tf.constant(GRAVITY, tf.float64),
            events=events,
            batching=batching,
            adjoint="backsolve",
            **PRECISE,
        )

    with tf.GradientTape(persistent=True) as tape:
        tape.watch(heights)
        solution = run({"x": heights, "v": tf.zeros_like(heights)}, "independent")
        landing, passing = solution.event_times
        ends = landing[0, :3]
        speeds = solution.event_states[0]["v"][0, :3]
    assert landing.shape == (1, 4) and passing.shape == (2, 4)
    assert solution.event_states[1]["x"].shape == (2, 4)
    h = heights.numpy()[:3]
    np.testing.assert_allclose(ends, np.sqrt(2 * h / GRAVITY), atol=1e-8)
    np.testing.assert_allclose(passing[0, :3], np.sqrt(2 * (h - 0.5) / GRAVITY), atol=1e-8)
    assert np.isnan(landing[0, 3]) and np.isnan(passing[:, 3]).all() and np.isnan(passing[1]).all()
    np.testing.assert_array_equal(solution.counts, [[1, 1, 1, 0], [1, 1, 1, 0]])
    np.testing.assert_array_equal(solution.ended_by, [0, 0, 0, -1])
    event, success = int(Status.EVENT), int(Status.SUCCESS)
    np.testing.assert_array_equal(solution.status, [event, event, event, success])
    assert solution.stats.nfe.shape == (4,)
    np.testing.assert_allclose(solution.states["x"][1], heights - GRAVITY / 32, atol=1e-9)
    assert np.isnan(solution.states["x"][2, :3]).all()
    np.testing.assert_allclose(solution.states["x"][2, 3], 500 - GRAVITY * 32, atol=1e-7)
    slope = 1 / np.sqrt(2 * GRAVITY * h)
    np.testing.assert_allclose(tape.gradient(ends, heights)[:3], slope, atol=1e-6)
    np.testing.assert_allclose(tape.gradient(speeds, heights)[:3], -GRAVITY * slope, atol=1e-6)
    assert float(tape.gradient(ends, heights)[3]) == 0


def test_an_independent_event_gives_one_number_a_sample():
    with pytest.raises(ValueError, match=r"one real number a sample.*got float64 of shape \(\)"):
        odeint_event(
            lambda t, z: -z,
            tf.ones([3, 2], tf.float64),
            [0.0, 1.0],
            events=[Event(lambda t, z: z[0, 0])],
            batching="independent",
        )
