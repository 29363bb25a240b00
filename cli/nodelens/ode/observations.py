"""The requested times between the first and the last: their states, and the way back from these.

A step is evaluated only at times that lie near it. The times are cut into chunks of a fixed length,
and a step visits the chunks that it reaches into, so that the cost of all observations grows with
the number of times, not with its product with the number of steps.
"""

from typing import NamedTuple

import tensorflow as tf

from nodelens.ode.integrate import Front, Method
from nodelens.ode.runge_kutta import Step, fraction

CHUNK = 8


def falls_in(times: tf.Tensor, t0: tf.Tensor, t1: tf.Tensor) -> tf.Tensor:
    """Finds which times lie in (t0, t1], in either direction; shapes [count, batch] and [batch]."""
    return tf.where(t1 >= t0, (times > t0) & (times <= t1), (times < t0) & (times >= t1))


def observe(
    method: Method, step: Step, t0: tf.Tensor, t1: tf.Tensor, y0: tf.Tensor, times: tf.Tensor
) -> tf.Tensor:
    """Evaluates the solution of one step at all times, meaningful only where it `falls_in`.

    Returns:
        Shape [count, batch, size].
    """
    if method.lands:
        return tf.broadcast_to(step.y1, tf.concat([tf.shape(times), tf.shape(y0)[1:]], 0))
    return method.solver.interpolate(step, t0, t1, y0, times)


class Observed(NamedTuple):
    """The times between the first and the last, with a value for each, in chunks.

    Few times are one chunk that every step evaluates whole: there is nothing to save. So is any
    number of them where a tape goes through the loop of the steps, because it would keep a record
    of each visit.

    Args:
        times: Shape [chunks, length, batch]; the last time is repeated to fill the last chunk.
        values: The states there, or dL/d(states), shape [chunks, length, batch, size].
        number: The number of times.
    """

    times: tf.Tensor
    values: tf.Tensor
    number: tf.Tensor | int

    @classmethod
    def of(cls, times: tf.Tensor, values: tf.Tensor, *, taped: bool = False) -> "Observed":
        """Cuts times [count, batch] and values [count, batch, size] into chunks; count > 0.

        Args:
            times: The times.
            values: A value for each.
            taped: True if a tape is to go through the loop of the steps.
        """
        known = times.shape[0]
        count = tf.shape(times)[0] if known is None else known
        if taped or (known is not None and known <= CHUNK):
            return cls(times[None], values[None], count)
        # What fills up is no time more: it has no state to find, and no gradient to give.
        nothing = tf.zeros_like(values[-1:])
        return cls(_in_chunks(times, count, times[-1:]), _in_chunks(values, count, nothing), count)

    @property
    def is_whole(self) -> bool:
        """True if there is one chunk, which every step evaluates."""
        return bool(self.times.shape[0] == 1)

    def all_values(self) -> tf.Tensor:
        """Returns the values of all times, shape [count, batch, size]."""
        flat = tf.reshape(self.values, tf.concat([[-1], tf.shape(self.values)[2:]], 0))
        known = self.number if isinstance(self.number, int) else None
        return tf.ensure_shape(flat[: self.number], [known, *self.values.shape[2:]])

    def reached(self, t0: tf.Tensor, t1: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Finds the chunks with times in (t0, t1] of any sample, which moved from t0 to t1.

        Returns:
            The first one and the one behind the last; none if the second is not the larger.
        """
        direction = tf.sign(t1 - t0)
        ends = self.times * direction
        passed = tf.reduce_sum(tf.cast(ends[:, -1] <= t0 * direction, tf.int32), axis=0)
        begun = tf.reduce_sum(tf.cast(ends[:, 0] <= t1 * direction, tf.int32), axis=0)
        moved = t0 != t1
        chunks = tf.shape(self.times)[0]
        return (
            tf.reduce_min(tf.where(moved, passed, chunks)),
            tf.reduce_max(tf.where(moved, begun, 0)),
        )

    def after(
        self, method: Method, step: Step, front: Front, t_end: tf.Tensor, accepted: tf.Tensor
    ) -> "Observed":
        """Fills in the states at the times inside a step, of the samples that accepted it."""

        def visited(k: tf.Tensor | int, values: tf.Tensor) -> tf.Tensor:
            times = self.times[k]
            inside = falls_in(times, front.t, t_end) & accepted
            found = observe(method, step, front.t, t_end, front.y, times)
            return tf.where(inside[..., None], found, values[k])[None]

        if self.is_whole:
            return self._replace(values=visited(0, self.values))
        first, end = self.reached(front.t, tf.where(accepted, t_end, front.t))
        _, values = tf.while_loop(
            lambda k, _: k < end,
            lambda k, values: (
                k + 1,
                tf.tensor_scatter_nd_update(values, [[k]], visited(k, values)),
            ),
            (first, self.values),
        )
        return self._replace(values=values)


class ByStep(NamedTuple):
    """dL with respect to what a step makes its observations of.

    Args:
        y0: The solution at its start, shape [batch, size].
        y1: The solution at its end.
        columns: The coefficients of the interpolant (`ExplicitRungeKutta.columns`), in a list.
    """

    y0: tf.Tensor
    y1: tf.Tensor
    columns: list[tf.Tensor]


def pull_back(observed: Observed, t0: tf.Tensor, t1: tf.Tensor, columns: int) -> ByStep:
    """Takes dL/d(states at the times inside a step) to what the step makes them of.

    The state at t0 + x (t1 - t0) is y0 + x c_1 + x^2 c_2 + ..., and y1 at t1 itself.

    Args:
        observed: The times, and dL/d(states) there.
        t0: The start of the step, shape [batch].
        t1: Its end.
        columns: The number of coefficients; none if the method lands on every time.
    """
    zero = tf.zeros_like(observed.values[0, 0])
    start = ByStep(zero, zero, [zero] * columns)

    def visited(k: tf.Tensor | int, sums: ByStep) -> ByStep:
        times, given = observed.times[k], observed.values[k]
        none = tf.zeros_like(given)
        at_end = (times == t1)[..., None]
        given = tf.where(falls_in(times, t0, t1)[..., None], given, none)
        inner = tf.where(at_end, none, given)
        x = fraction(t0, t1, times, given.dtype)
        by_columns, power = [], x
        for column in sums.columns:
            by_columns.append(column + tf.reduce_sum(power * inner, axis=0))
            power *= x
        return ByStep(
            sums.y0 + tf.reduce_sum(inner, axis=0),
            sums.y1 + tf.reduce_sum(tf.where(at_end, given, none), axis=0),
            by_columns,
        )

    if observed.is_whole:
        return visited(0, start)
    first, end = observed.reached(t0, t1)
    _, sums = tf.while_loop(
        lambda k, _: k < end, lambda k, sums: (k + 1, visited(k, sums)), (first, start)
    )
    return ByStep(*sums)


def _in_chunks(x: tf.Tensor, count: tf.Tensor | int, filler: tf.Tensor) -> tf.Tensor:
    """Fills [count, ...] up and cuts it into [chunks, CHUNK, ...]."""
    filled = tf.concat([x, tf.repeat(filler, -count % CHUNK, axis=0)], axis=0)
    chunks = -(-count // CHUNK)
    cut = tf.reshape(filled, tf.concat([[chunks, CHUNK], tf.shape(x)[1:]], 0))
    known = chunks if isinstance(chunks, int) else None
    return tf.ensure_shape(cut, [known, CHUNK, *x.shape[1:]])
