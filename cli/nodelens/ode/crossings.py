"""The crossings of events in a solve: the sign is watched inside every step."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import tensorflow as tf

from nodelens.ode.adjoints.base import Reached, reached_by
from nodelens.ode.core import Core
from nodelens.ode.event import LiftedEvents
from nodelens.ode.integrate import Front, advance, begin
from nodelens.ode.observe import Inputs, right_hand_side
from nodelens.ode.runge_kutta import Step
from nodelens.ode.solution import Stats

# Pieces of a step between which the sign is watched, and halvings of a piece where it changes. The
# Newton step that follows squares the error that is left.
_PIECES = 4
_HALVINGS = 40


class Crossings(NamedTuple):
    """The crossings of the events in a solve.

    Args:
        times: In the order of the solve, `float64`, shape [events, room + 1]; meaningless from the
            count on, and in the last column.
        counts: Crossings of each event, `int32`, shape [events].
        ended_by: Index of the terminal event that ended the solve, or -1, `int32`.
        values: The event functions at the end of the last accepted step, shape [events].
    """

    times: tf.Tensor
    counts: tf.Tensor
    ended_by: tf.Tensor
    values: tf.Tensor


class Located(NamedTuple):
    """A solve without gradient, up to its end or to the first terminal event.

    Args:
        crossings: What it crossed.
        status: How it ended, shape [1].
        reached: How far it got.
        stats: What it cost, each of shape [1].
    """

    crossings: Crossings
    status: tf.Tensor
    reached: Reached
    stats: Stats


class Watch(NamedTuple):
    """One attempted step from t0 to t1.

    Args:
        values: The event functions, each at its own time and state [1, size].
        inside: The solution at times of shape [count], as [count, 1, size].
        t0, t1: The ends, shape [].
        accepted: Whether the step counts, shape [].
    """

    values: Callable[[tf.Tensor, Sequence[tf.Tensor]], tf.Tensor]
    inside: Callable[[tf.Tensor], tf.Tensor]
    t0: tf.Tensor
    t1: tf.Tensor
    accepted: tf.Tensor

    def at(self, times: tf.Tensor) -> tf.Tensor:
        """Evaluates the event functions, each at its own time of this step; shape [events]."""
        return self.values(times, tf.unstack(self.inside(times)))


@dataclass(frozen=True)
class Locator:
    """Finds the crossings of a solve, by its own steps and the solution inside them.

    Args:
        core: The solve.
        lifted: What is looked for.
    """

    core: Core
    lifted: LiftedEvents

    def locate(self, inputs: Inputs, captures: Sequence[Sequence[tf.Tensor]]) -> Located:
        """Solves from the first time to the last one, or to the first terminal event."""
        method, field, inputs = self.core.at_jumps(inputs)
        times, count = inputs.times, len(self.lifted.events)
        solver, inner = method.solver, times[1:-1]
        rhs = right_hand_side(field, inputs.theta)

        def values(times: tf.Tensor, states: Sequence[tf.Tensor]) -> tf.Tensor:
            return self.lifted.values(times, states, inputs.theta, captures)

        def record(
            found: Crossings, front: Front, step: Step, t_end: tf.Tensor, accepted: tf.Tensor
        ) -> Crossings:
            if not solver.carries:
                ends = ((front.t, front.y), (t_end, step.y1))
                step = step._replace(stages=[solver.slope(rhs, *end) for end in ends])

            def inside(times: tf.Tensor) -> tf.Tensor:
                return solver.interpolate(step, front.t, t_end, front.y, times[:, None])

            watch = Watch(values, inside, front.t[0], t_end[0], accepted[0])
            return self._add_step(found, watch)

        found = Crossings(
            times=tf.zeros([count, 1 + max(x.room for x in self.lifted.events)], times.dtype),
            counts=tf.zeros([count], tf.int32),
            ended_by=tf.constant(-1),
            values=values(tf.repeat(times[0], count), [inputs.z0] * count),
        )
        front, found = advance(
            method,
            rhs,
            begin(method, rhs, times[0], times[-1], inputs.z0, inputs.tolerances),
            times[-1],
            inputs.tolerances,
            landings=inner if method.lands and inner.shape[0] != 0 else None,
            recorder=record,
            record=found,
            ended=lambda found: found.ended_by[None] >= 0,
        )
        evaluations = front.evaluations
        if not solver.carries:
            evaluations += 2 * front.attempts
        stats = Stats(evaluations, front.accepted, front.attempts - front.accepted)
        return Located(found, front.status, reached_by(front, inputs.z0.shape[-1]), stats)

    def _add_step(self, found: Crossings, watch: Watch) -> Crossings:
        """Adds the crossings of one step, piece by piece."""
        count, t0, t1 = len(self.lifted.events), watch.t0, watch.t1
        grid = tf.stack([*[t0 + k / _PIECES * (t1 - t0) for k in range(_PIECES)], t1])
        states = tf.unstack(watch.inside(grid[1:]))
        ends = [
            watch.values(tf.repeat(t, count), [z] * count)
            for t, z in zip(tf.unstack(grid)[1:], states, strict=True)
        ]
        values = tf.stack([found.values, *ends])
        directions = tf.constant([event.direction for event in self.lifted.events])

        def add_piece(k: tf.Tensor, found: Crossings) -> tuple[tf.Tensor, Crossings]:
            before, after = values[k], values[k + 1]
            rises = (before < 0) & (after >= 0) & (directions >= 0)
            falls = (before > 0) & (after <= 0) & (directions <= 0)
            crossed = (rises | falls) & watch.accepted & (found.ended_by < 0)

            def add() -> Crossings:
                roots = _bisect(watch, before, grid[k], grid[k + 1])
                return self._add(found, crossed, roots, tf.abs(roots - t0))

            return k + 1, tf.cond(tf.reduce_any(crossed), add, lambda: found)

        _, found = tf.while_loop(
            lambda k, _: k < _PIECES, add_piece, (tf.constant(0), found), maximum_iterations=_PIECES
        )
        return found._replace(values=tf.where(watch.accepted, ends[-1], found.values))

    def _add(
        self, found: Crossings, crossed: tf.Tensor, roots: tf.Tensor, ahead: tf.Tensor
    ) -> Crossings:
        """Adds the crossings at the roots, up to the first one of a terminal event."""
        terminal = tf.constant([event.terminal for event in self.lifted.events])
        never = tf.constant(float("inf"), ahead.dtype)
        ending = tf.where(crossed & terminal, ahead, never)
        first = tf.reduce_min(ending)
        kept = crossed & (ahead <= first)
        # What is not kept, and what there is no room for, goes to the spare last column.
        spare = found.times.shape[1] - 1
        columns = tf.where(kept, tf.minimum(found.counts, spare), spare)
        index = tf.stack([tf.range(len(self.lifted.events)), columns], axis=1)
        return found._replace(
            times=tf.tensor_scatter_nd_update(found.times, index, roots),
            counts=found.counts + tf.cast(kept, tf.int32),
            ended_by=tf.where(first < never, tf.argmin(ending, output_type=tf.int32), -1),
        )


def _bisect(watch: Watch, before: tf.Tensor, low: tf.Tensor, high: tf.Tensor) -> tf.Tensor:
    """Returns for each event the end of a tiny interval in which it leaves the sign it had."""

    def halve(i: tf.Tensor, low: tf.Tensor, high: tf.Tensor) -> tuple[tf.Tensor, ...]:
        middle = low + (high - low) / 2
        beyond = watch.at(middle) * before <= 0
        return i + 1, tf.where(beyond, low, middle), tf.where(beyond, middle, high)

    count = before.shape[0]
    return tf.while_loop(
        lambda i, *_: i < _HALVINGS,
        halve,
        (tf.constant(0), tf.repeat(low, count), tf.repeat(high, count)),
        maximum_iterations=_HALVINGS,
    )[2]
