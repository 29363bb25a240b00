"""The stack of dense layers that every learned field contains."""

import keras
import tensorflow as tf

BIAS_SEED = 500  # from the seed of the weights of a layer to that of its biases


def dense_stack(
    inputs: int,
    hidden: tuple[int, ...],
    outputs: int,
    activation: str,
    seed: int,
    initialization: str = "small",
) -> list[keras.layers.Dense]:
    """Makes built dense layers, the last one linear.

    Args:
        inputs: The number of inputs.
        hidden: The widths of the hidden layers.
        outputs: The number of outputs.
        activation: That of the hidden layers, a Keras name.
        seed: The seed of the first layer; each takes the next one.
        initialization: `fan_in` draws weights and biases uniformly from ±1/√inputs of the layer.
            `small` draws the weights from N(0, 0.1²), with biases of zero, as in torchdiffeq's
            demo: the field is small at first and the solver quick, but wide layers begin with
            nothing to tell states apart.
    """
    layers = []
    width = inputs
    for index, units in enumerate((*hidden, outputs)):
        layer = keras.layers.Dense(
            units,
            activation=activation if index < len(hidden) else None,
            **_initializers(initialization, width, seed + index),
        )
        layer.build((None, width))
        layers.append(layer)
        width = units
    return layers


def _initializers(
    initialization: str, width: int, seed: int
) -> dict[str, keras.initializers.Initializer]:
    draw = keras.initializers
    if initialization == "small":
        return {"kernel_initializer": draw.RandomNormal(stddev=0.1, seed=seed)}
    limit = width**-0.5
    return {
        "kernel_initializer": draw.RandomUniform(-limit, limit, seed=seed),
        "bias_initializer": draw.RandomUniform(-limit, limit, seed=seed + BIAS_SEED),
    }


def with_time(t: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
    """Adds the time, a scalar or of shape [batch, 1], as a last component to the state."""
    return tf.concat([z, tf.zeros_like(z[..., :1]) + tf.cast(t, z.dtype)], axis=-1)
