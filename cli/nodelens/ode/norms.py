"""The size of an error, in units of the tolerance."""

from collections.abc import Callable

import tensorflow as tf

Norm = Callable[[tf.Tensor], tf.Tensor]


def rms_norm(x: tf.Tensor) -> tf.Tensor:
    """Returns the root mean square over the last axis (Hairer, Norsett and Wanner, II.4.11)."""
    square = tf.math.real(x * tf.math.conj(x)) if x.dtype.is_complex else tf.square(x)
    return tf.sqrt(tf.reduce_mean(square, axis=-1))


def of_halves(norm: Norm) -> Norm:
    """Returns the norm of two states side by side: the root mean square of the norms of each."""
    if norm is rms_norm:
        return rms_norm  # The same, in one pass.

    def both(x: tf.Tensor) -> tf.Tensor:
        first, second = tf.split(x, 2, axis=-1)
        return tf.sqrt((norm(first) ** 2 + norm(second) ** 2) / 2)

    return both


def scaled(x: tf.Tensor, rtol: tf.Tensor, atol: tf.Tensor, *states: tf.Tensor) -> tf.Tensor:
    """Divides x by atol + rtol * max |state|, component by component."""
    size = tf.abs(states[0])
    for state in states[1:]:
        size = tf.maximum(size, tf.abs(state))
    return tf.abs(x) / (atol + rtol * size)
