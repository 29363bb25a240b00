"""Listed times at which the vector field jumps.

Steps end on both sides of a jump s, at s - d and s + d with d the spacing of floating-point numbers
at s. The step between them is too short to change the solution, whatever mixture of both sides its
stages see; and where a step hands the derivative at its end to the next one, this one hands over
that of the far side. So an ordinary step crosses the jump: no solver and no adjoint knows of it.
"""

from collections.abc import Sequence

import tensorflow as tf

from nodelens.ode.vector_field import FlatField, Source


def spacing(times: tf.Tensor) -> tf.Tensor:
    """Returns the spacing of floating-point numbers at the given ones, at most doubled."""
    unit = 2.0**-52 if times.dtype == tf.float64 else 2.0**-23
    return unit * tf.maximum(tf.abs(times), 1e-30)


def both_sides(jumps: tf.Tensor) -> tf.Tensor:
    """Returns the times that steps must end on; from [jumps, batch] to [2 jumps, batch]."""
    return tf.concat([jumps - spacing(jumps), jumps + spacing(jumps)], 0)


def off_jumps(times: tf.Tensor, jumps: tf.Tensor) -> tf.Tensor:
    """Moves requested times that are jumps to the side on which the solve arrives.

    The first time moves to the side on which the solve leaves.

    Args:
        times: Shape [count, batch].
        jumps: Shape [jumps, batch].

    Returns:
        The times, shape [count, batch]; constants are added to them.
    """
    on_jump = tf.reduce_any(times[:, None] == jumps[None], axis=1)
    away = tf.sign(times[-1] - times[0]) * spacing(times)
    moves = tf.where(times == times[0], away, -away)
    return times + tf.stop_gradient(tf.where(on_jump, moves, tf.zeros_like(moves)))


def sided(field: FlatField, jumps: tf.Tensor) -> FlatField:
    """Keeps the time that a field sees on the same side of every jump as the time that it is given.

    Times are float64; rounded to float32, as a field of a float32 state sees them, those near a
    jump would land on it.

    Args:
        field: The field.
        jumps: Shape [jumps, batch].

    Returns:
        The field that sees a time that is exact in the real dtype of the state, and never a jump.
    """

    def seen(t: tf.Tensor, y: tf.Tensor, theta: Sequence[Source]) -> tf.Tensor:
        real = y.dtype.real_dtype
        rounded, edges = tf.cast(t, real), tf.cast(jumps, real)
        ahead, never = t < jumps, tf.constant(float("inf"), real)
        low = tf.reduce_max(tf.where(ahead, -never, edges + spacing(edges)), axis=0)
        high = tf.reduce_min(tf.where(ahead, edges - spacing(edges), never), axis=0)
        inside = tf.minimum(tf.maximum(rounded, low), high)
        return field(tf.cast(inside, t.dtype), y, theta)

    return seen
