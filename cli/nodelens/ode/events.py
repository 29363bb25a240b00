"""Events: where a solve crosses zero of a function, with the gradient of the time and the state."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Unpack

import tensorflow as tf

from nodelens.ode.adjoints.base import Forward, dense_gradient
from nodelens.ode.compiled import Compiled
from nodelens.ode.crossings import Crossings, Located, Locator
from nodelens.ode.event import Event, check_events
from nodelens.ode.first_order import SecondOrderError
from nodelens.ode.identity import identify
from nodelens.ode.memo import Memo
from nodelens.ode.options import OdeintArguments
from nodelens.ode.prepare import PreparedSolve, prepare
from nodelens.ode.solution import Stats
from nodelens.ode.solve import raise_if_failed, solve_at
from nodelens.ode.status import Status


class EventSolution(NamedTuple):
    """The solution at the requested times, and where it crossed its events.

    In an independent solve there is one of each number and state below for every sample: the shapes
    have an axis [batch] behind them, or before that of the state.

    Args:
        states: The nest of z0, each tensor with the time axis in front: [times, ...]. NaN behind
            the event that ended the solve, and where the solve did not get to.
        times: The requested times, `float64`.
        status: How it ended (`Status` as `int32`): `EVENT` if a terminal event ended it.
        event_times: For each event a `float64` tensor of shape [room], in the order of the solve
            and padded with NaN. The room is 1 for a terminal event, else its `max_hits`.
        event_states: For each event the states there: the nest of z0, each tensor [room, ...].
        counts: How often each event was crossed, `int32`, shape [events]; may exceed the room.
        ended_by: Index of the event that ended the solve, or -1, `int32`.
        stats: What it cost, the search included.
    """

    states: Any
    times: tf.Tensor
    status: tf.Tensor
    event_times: tuple[tf.Tensor, ...]
    event_states: tuple[Any, ...]
    counts: tf.Tensor
    ended_by: tf.Tensor
    stats: Stats


@tf.autograph.experimental.do_not_convert
def odeint_event(
    vector_field: Callable[..., Any],
    z0: Any,
    times: Any,
    *,
    events: Sequence[Event],
    batching: str = "joint",
    throw: bool = True,
    jit_compile: bool = True,
    **options: Unpack[OdeintArguments],
) -> EventSolution:
    """Solves dz/dt = f(t, z), z(t_0) = z0 and finds where g(t, z) = 0 for each event.

    A first solve, without gradient, finds the crossings t*. A second one, by the chosen adjoint,
    gives the states at the requested times and at t*, and one Newton step on it

        t_e = t* - g / (dg/dt),    z_e = z(t*) + f(t*, z(t*)) (t_e - t*),
        dg/dt = g_t + g_z f along the solution,

    whose derivative is the implicit function theorem: dt_e/dp = -(dg/dp) / (dg/dt). So gradients
    flow from all states, event times and event states to z0, to `params`, to what the field and the
    event functions capture, and to the times, by every adjoint. They are infinite where the
    solution touches zero without crossing it, and of first order only.

        fall = odeint_event(
            lambda t, z: tf.stack([z[1], -9.81]),
            tf.stack([height, 0.0]),
            [0.0, 100.0],
            events=[Event(lambda t, z: z[0], direction=-1)],
        )
        fall.event_times[0][0]  # sqrt(2 height / 9.81)

    Args:
        vector_field: As in `odeint`.
        z0: As in `odeint`.
        times: As in `odeint`; the solve ends at the last one if no event ends it before.
        events: What is looked for, one `Event` or more.
        batching: As in `odeint`. If it is "independent", each sample has crossings of its own, and
            a terminal event ends the solve of its sample only.
        throw: As in `odeint`. An event is no failure.
        jit_compile: As in `odeint`.
        options: The other options of `odeint`. The event functions get `params` too, `max_steps`
            holds for each of the two solves, and `solver` is none of `scipy:`.

    Returns:
        The solution.

    Raises:
        ValueError: An argument is wrong; the message says which and what to do.
        SolveError: The solve failed and `throw` is true.
    """
    events = _checked(events)
    problem = prepare(vector_field, z0, times, batching=batching, **options)
    located = _locate(problem, events, jit_compile)
    found = located.crossings
    searched = tf.where(located.status == int(Status.EVENT), 0, located.status)
    if throw and tf.executing_eagerly():
        raise_if_failed(
            problem, Forward(problem.inputs.z0[None], searched, located.reached, located.stats, ())
        )
    times = problem.inputs.times
    end = _end(found, events, times[-1])
    forward = tf.sign(times[-1] - times[0])
    reached = (times - end) * forward <= 0
    hits, valid = _padded(found, events, tf.stop_gradient(end))
    merged = tf.concat([tf.where(reached, times, tf.stop_gradient(end)), *hits], 0)
    solution, states = solve_at(problem, merged, throw, jit_compile)
    rooms = [event.room for event in events]
    requested, *at_hits = tf.split(states, [times.shape[0], *rooms])
    event_times, event_states = [], []
    for event, t, mask, z in zip(events, hits, valid, at_hits, strict=True):
        crossed = [_crossing(problem, event, t[i], z[i], mask[i]) for i in range(event.room)]
        event_times.append(problem.per_sample(_known(mask, tf.stack([t for t, _ in crossed]))))
        z = tf.stack([z for _, z in crossed])
        event_states.append(problem.layout.unpack(_known(mask[..., None], z)))
    solved = tf.where(found.ended_by >= 0, int(Status.EVENT), int(Status.SUCCESS))
    status = tf.where(solution.status != 0, solution.status, problem.per_sample(solved))
    searched = problem.per_sample(searched)
    return EventSolution(
        states=problem.layout.unpack(_known(reached[..., None], requested)),
        times=problem.per_sample(times),
        status=tf.where(searched != int(Status.SUCCESS), searched, status),
        event_times=tuple(event_times),
        event_states=tuple(event_states),
        counts=problem.per_sample(found.counts),
        ended_by=problem.per_sample(found.ended_by),
        stats=Stats(
            *[a + problem.per_sample(b) for a, b in zip(solution.stats, located.stats, strict=True)]
        ),
    )


def _checked(events: Sequence[Event]) -> tuple[Event, ...]:
    if not isinstance(events, Sequence) or not events:
        raise ValueError("events must be a list of one Event or more, such as events=[Event(g)].")
    for event in events:
        if not isinstance(event, Event):
            raise ValueError(f"events must be a list of Event; it holds {type(event).__name__}.")
    return tuple(events)


_LOCATORS: Memo[Compiled] = Memo(capacity=128)


def _locate(problem: PreparedSolve, events: tuple[Event, ...], jit_compile: bool) -> Located:
    """Finds the crossings, unseen by tapes; in eager code by a compiled function that is kept."""

    def locator() -> Locator:
        return Locator(problem.core, check_events(events, problem.layout, problem.params))

    if tf.executing_eagerly():
        what = [(identify(e.function), e.direction, e.terminal, e.max_hits) for e in events]
        key = (id(problem.core), tuple(what), jit_compile)
        functions = _LOCATORS.get(key, lambda: Compiled(locator(), jit_compile))
        return functions.run("locate", problem.inputs)
    return tf.nest.map_structure(tf.stop_gradient, locator().locate(problem.inputs))


def _end(found: Crossings, events: tuple[Event, ...], last: tf.Tensor) -> tf.Tensor:
    """Returns the time at which a terminal event ended each sample, else the last time; [batch]."""
    for i, event in enumerate(events):
        if event.terminal:
            last = tf.where(found.ended_by == i, found.times[i, 0], last)
    return last


def _padded(
    found: Crossings, events: tuple[Event, ...], end: tf.Tensor
) -> tuple[list[tf.Tensor], list[tf.Tensor]]:
    """Returns the times of each event, [room, batch], padded; and which of them are hits.

    The padding is the event's own first crossing, if it has one: the event function is evaluated
    there anyway, so that what it does elsewhere cannot spoil a gradient. Else it is the end.
    """
    hits, valid = [], []
    for i, event in enumerate(events):
        times, count = found.times[i, : event.room], found.counts[i]
        mask = tf.range(event.room)[:, None] < count
        hits.append(tf.where(mask, times, tf.where(count > 0, times[0], end)))
        valid.append(mask)
    return hits, valid


def _crossing(
    problem: PreparedSolve, event: Event, t: tf.Tensor, y: tf.Tensor, valid: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Takes one Newton step from (t, y) to the crossing.

    Args:
        problem: The solve.
        event: What is crossed.
        t: Shape [batch].
        y: The flattened state, shape [batch, size].
        valid: Where there is a crossing, shape [batch].

    Returns:
        Its time and its flattened state.
    """
    layout, inputs = problem.layout, problem.inputs
    real = inputs.z0.dtype.real_dtype
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        seen = tf.cast(t, real)
        tape.watch([seen, y])
        value = tf.cast(event.value(layout, seen, layout.unpack(y), problem.params), real)
    by_time, by_state = dense_gradient(tape, value, [seen, y], None)
    slope = problem.core.field(t, y, inputs.theta)
    rate = by_time + tf.reduce_sum(tf.math.real(slope * tf.math.conj(by_state)), axis=-1)
    rate = tf.stop_gradient(tf.where(valid, rate, tf.ones_like(rate)))
    moved = _newton_step(value, rate, tf.cast(inputs.times[-1] - inputs.times[0], real))
    moved_state = tf.cast(moved, y.dtype)[:, None] * tf.stop_gradient(slope)
    return t + tf.cast(moved, t.dtype), y + moved_state


@tf.custom_gradient
def _newton_step(
    value: tf.Tensor, rate: tf.Tensor, span: tf.Tensor
) -> tuple[tf.Tensor, Callable[..., Any]]:
    """Returns -value / rate; zero where longer than the span: there zero is only touched."""

    @tf.custom_gradient
    def by_value(upstream: tf.Tensor, value: tf.Tensor) -> tuple[tf.Tensor, Callable[..., None]]:
        del value  # Named so that whoever differentiates by what it depends on gets the error.

        def again(*_: tf.Tensor) -> None:
            raise SecondOrderError(
                "The gradient of an event was asked to be differentiated again. Gradients of "
                "events are of first order only."
            )

        return -upstream / rate, again

    def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, None, None]:
        return by_value(upstream, value), None, None

    touched = tf.abs(value) >= tf.abs(rate * span)
    step = -value / tf.where(touched, tf.ones_like(rate), rate)
    return tf.where(touched, tf.zeros_like(step), step), gradient


def _known(mask: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
    """Puts NaN where the mask, broadcast, is false."""
    return tf.where(mask, x, tf.cast(tf.constant(float("nan"), x.dtype.real_dtype), x.dtype))
