"""The crossings of events in a solve: value and slope are watched inside every step."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import tensorflow as tf

from nodelens.ode.adjoints.base import Reached, dense_gradient, reached_by
from nodelens.ode.core import Core
from nodelens.ode.event import CheckedEvents
from nodelens.ode.integrate import Front
from nodelens.ode.observe import Inputs, right_hand_side, walk
from nodelens.ode.runge_kutta import Step
from nodelens.ode.solution import Stats

# Pieces of a step between which value and slope are watched, and halvings of a piece where there is
# something to find: down to the last bit of a time, for the Newton step that follows would be led
# astray by the slope beside a switch.
_PIECES = 8
_HALVINGS = 52


class Crossings(NamedTuple):
    """The crossings of the events in a solve.

    Args:
        times: In the order of the solve, `float64`, shape [events, room, batch]; meaningless from
            the count on.
        counts: Crossings of each event, `int32`, shape [events, batch].
        ended_by: Index of the terminal event that ended the solve, or -1, `int32`, shape [batch].
        values: The event functions at the end of the last accepted step, shape [events, batch].
    """

    times: tf.Tensor
    counts: tf.Tensor
    ended_by: tf.Tensor
    values: tf.Tensor


class Located(NamedTuple):
    """A solve without gradient, up to its end or to the first terminal event.

    Args:
        crossings: What it crossed.
        status: How it ended, shape [batch].
        reached: How far it got.
        stats: What it cost, each of shape [batch].
    """

    crossings: Crossings
    status: tf.Tensor
    reached: Reached
    stats: Stats


class Watch(NamedTuple):
    """One attempted step from t0 to t1.

    Args:
        values: The event functions at times [events, batch] and states [events, batch, size].
        inside: The solution at times of shape [..., batch], as [..., batch, size].
        moving: Its time derivative there.
        t0, t1: The ends, shape [batch].
        accepted: Whether the step counts, shape [batch].
    """

    values: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
    inside: Callable[[tf.Tensor], tf.Tensor]
    moving: Callable[[tf.Tensor], tf.Tensor]
    t0: tf.Tensor
    t1: tf.Tensor
    accepted: tf.Tensor

    def at(self, times: tf.Tensor) -> tf.Tensor:
        """Evaluates the event functions at times of this step; both [events, batch]."""
        return self.values(times, self.inside(times))

    def look(
        self, times: tf.Tensor, states: tf.Tensor, rates: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Evaluates the event functions and how fast they grow onward in the solve.

        Args:
            times: Shape [events, batch].
            states: The solution there, shape [events, batch, size].
            rates: Its time derivative, same shape.

        Returns:
            Both of shape [events, batch].
        """
        later = tf.zeros_like(times)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(later)
            moved = states + tf.cast(later, states.dtype)[..., None] * rates
            values = self.values(times + later, moved)
        (slopes,) = dense_gradient(tape, values, [later], None)
        return values, tf.cast(slopes * tf.sign(self.t1 - self.t0), values.dtype)


class Hits(NamedTuple):
    """At most one crossing of each event and sample: whether there is one, and its time.

    Args:
        crossed: Shape [events, batch].
        times: Same shape.
    """

    crossed: tf.Tensor
    times: tf.Tensor


@dataclass(frozen=True)
class Locator:
    """Finds the crossings of a solve, by its own steps and the solution inside them.

    Args:
        core: The solve.
        watched: What is looked for.
    """

    core: Core
    watched: CheckedEvents

    def locate(self, inputs: Inputs) -> Located:
        """Solves from the first time to the last one, or to the first terminal event."""
        method, field, inputs = self.core.at_jumps(inputs)
        times, events = inputs.times, self.watched.events
        solver = method.solver
        rhs = right_hand_side(field, inputs.theta)

        def values(times: tf.Tensor, states: tf.Tensor) -> tf.Tensor:
            return self.watched.values(times, states, inputs.theta)

        def record(
            found: Crossings, front: Front, step: Step, t_end: tf.Tensor, accepted: tf.Tensor
        ) -> Crossings:
            if not solver.carries:
                ends = ((front.t, front.y), (t_end, step.y1))
                step = step._replace(stages=[solver.slope(rhs, *end) for end in ends])

            def inside(times: tf.Tensor) -> tf.Tensor:
                return solver.interpolate(step, front.t, t_end, front.y, times)

            def moving(times: tf.Tensor) -> tf.Tensor:
                return solver.interpolated_slope(step, front.t, t_end, front.y, times)

            return self._add_step(found, Watch(values, inside, moving, front.t, t_end, accepted))

        room = max(event.room for event in events)
        start = self._each(times[0])
        found = Crossings(
            times=tf.tile(tf.zeros_like(start)[:, None], [1, room, 1]),
            counts=tf.zeros_like(start, tf.int32),
            ended_by=tf.zeros_like(times[0], tf.int32) - 1,
            values=values(start, self._each(inputs.z0)),
        )
        front, found = walk(
            method,
            rhs,
            inputs,
            recorder=record,
            record=found,
            ended=lambda found: found.ended_by >= 0,
        )
        evaluations = front.evaluations
        if not solver.carries:
            evaluations += 2 * front.attempts
        stats = Stats(evaluations, front.accepted, front.attempts - front.accepted)
        return Located(found, front.status, reached_by(front, inputs.z0.shape[-1]), stats)

    def _each(self, x: tf.Tensor) -> tf.Tensor:
        """Repeats a tensor for every event."""
        return tf.stack([x] * len(self.watched.events))

    def _add_step(self, found: Crossings, watch: Watch) -> Crossings:
        """Adds the crossings of one step, piece by piece."""
        t0, t1 = watch.t0, watch.t1
        grid = tf.stack([*[t0 + k / _PIECES * (t1 - t0) for k in range(_PIECES)], t1])
        states, rates = watch.inside(grid), watch.moving(grid)

        def look(k: tf.Tensor | int) -> tuple[tf.Tensor, tf.Tensor]:
            return watch.look(self._each(grid[k]), self._each(states[k]), self._each(rates[k]))

        def add_piece(
            k: tf.Tensor, value: tf.Tensor, slope: tf.Tensor, found: Crossings
        ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, Crossings]:
            after, slope_after = look(k + 1)
            # What starts on zero is on the side that it moves to.
            side = tf.sign(tf.where(value == 0, slope, value))
            going = watch.accepted & (found.ended_by < 0)
            crossed = (side * after <= 0) & (side != 0) & going
            turns = (side * after > 0) & (side * slope < 0) & (side * slope_after > 0) & going
            low, high = self._each(grid[k]), self._each(grid[k + 1])

            def add() -> Crossings:
                middle, through = _turn(watch, side, low, high, turns)
                first = _bisect(
                    watch, side, low, tf.where(through, middle, high), crossed | through
                )
                second = _bisect(watch, -side, middle, high, through)
                hits = [self._wanted(first, side), self._wanted(second, -side)]
                return self._add(found, hits, t0)

            found = tf.cond(tf.reduce_any(crossed | turns), add, lambda: found)
            return k + 1, after, slope_after, found

        _, after, _, found = tf.while_loop(
            lambda k, *_: k < _PIECES,
            add_piece,
            (tf.constant(0), found.values, look(0)[1], found),
            maximum_iterations=_PIECES,
        )
        return found._replace(values=tf.where(watch.accepted, after, found.values))

    def _wanted(self, hits: Hits, side: tf.Tensor) -> Hits:
        """Keeps the crossings that leave a side in the direction that their events ask for."""
        directions = tf.constant([[event.direction] for event in self.watched.events], side.dtype)
        return hits._replace(crossed=hits.crossed & (side * directions <= 0))

    def _add(self, found: Crossings, hits: Sequence[Hits], t0: tf.Tensor) -> Crossings:
        """Adds crossings, in their order, up to the first one of a terminal event."""
        terminal = tf.constant([[event.terminal] for event in self.watched.events])
        never = tf.constant(float("inf"), t0.dtype)
        ahead = [tf.abs(each.times - t0) for each in hits]
        ending = [
            tf.where(each.crossed & terminal, distance, never)
            for each, distance in zip(hits, ahead, strict=True)
        ]
        nearest = tf.reduce_min(tf.stack(ending), axis=0)
        first = tf.reduce_min(nearest, axis=0)
        times, counts, rooms = found.times, found.counts, tf.range(found.times.shape[1])
        for each, distance in zip(hits, ahead, strict=True):
            kept = each.crossed & (distance <= first)
            here = (counts[:, None] == rooms[:, None]) & kept[:, None]
            times = tf.where(here, each.times[:, None], times)
            counts += tf.cast(kept, tf.int32)
        ended = tf.argmin(nearest, axis=0, output_type=tf.int32)
        ended_by = tf.where(first < never, ended, found.ended_by)
        return found._replace(times=times, counts=counts, ended_by=ended_by)


def _turn(
    watch: Watch, side: tf.Tensor, low: tf.Tensor, high: tf.Tensor, turns: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Looks between two times on one side of zero for one on the other, where the slope turns.

    Args:
        watch: The step.
        side: The sign at both times, as all others of shape [events, batch].
        low: The earlier time, in the order of the solve.
        high: The later one.
        turns: Where to look.

    Returns:
        A time on the other side, and where there is one.
    """

    def halve(
        i: tf.Tensor, low: tf.Tensor, high: tf.Tensor, open: tf.Tensor
    ) -> tuple[tf.Tensor, ...]:
        middle = low + (high - low) / 2
        value, slope = watch.look(middle, watch.inside(middle), watch.moving(middle))
        through, rising = side * value < 0, side * slope > 0
        # The interval around a time that is found is left as it is: that time is its middle.
        move = open & ~through
        low = tf.where(move & ~rising, middle, low)
        return i + 1, low, tf.where(move & rising, middle, high), move

    _, low, high, open = tf.while_loop(
        lambda i, low, high, open: (i < _HALVINGS) & tf.reduce_any(open),
        halve,
        (tf.constant(0), low, high, turns),
        maximum_iterations=_HALVINGS,
    )
    return low + (high - low) / 2, turns & ~open


def _bisect(
    watch: Watch, side: tf.Tensor, low: tf.Tensor, high: tf.Tensor, crossed: tf.Tensor
) -> Hits:
    """Finds the end of a tiny interval in which each event leaves the side it was on."""

    def halve(i: tf.Tensor, low: tf.Tensor, high: tf.Tensor) -> tuple[tf.Tensor, ...]:
        middle = low + (high - low) / 2
        beyond = watch.at(middle) * side <= 0
        return i + 1, tf.where(beyond, low, middle), tf.where(beyond, middle, high)

    times = tf.while_loop(
        lambda i, *_: (i < _HALVINGS) & tf.reduce_any(crossed),
        halve,
        (tf.constant(0), low, high),
        maximum_iterations=_HALVINGS,
    )[2]
    return Hits(crossed, times)
