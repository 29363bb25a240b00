"""The stack of dense layers that every learned field contains."""

import keras
import tensorflow as tf


def dense_stack(
    inputs: int, hidden: tuple[int, ...], outputs: int, activation: str, seed: int
) -> list[keras.layers.Dense]:
    """Makes built dense layers, the last one linear.

    The weights start as N(0, 0.1²) and the biases at zero, as in torchdiffeq's demo, so that the
    field is small at first and the solver is quick.
    """
    layers = []
    width = inputs
    for index, units in enumerate((*hidden, outputs)):
        layer = keras.layers.Dense(
            units,
            activation=activation if index < len(hidden) else None,
            kernel_initializer=keras.initializers.RandomNormal(stddev=0.1, seed=seed + index),
        )
        layer.build((None, width))
        layers.append(layer)
        width = units
    return layers


def with_time(t: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
    """Adds the time, a scalar or of shape [batch, 1], as a last component to the state."""
    return tf.concat([z, tf.zeros_like(z[..., :1]) + tf.cast(t, z.dtype)], axis=-1)
