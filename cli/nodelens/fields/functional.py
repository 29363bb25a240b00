"""Keras models as pure functions of time, state and parameters."""

from collections.abc import Callable, Sequence

import keras
import tensorflow as tf

VectorField = Callable[[tf.Tensor, tf.Tensor, Sequence[tf.Tensor]], tf.Tensor]


def parameters(field: keras.Model) -> list[tf.Tensor]:
    """Returns the current values of the trainable variables, in their order."""
    return [tf.convert_to_tensor(variable.value) for variable in field.trainable_variables]


def as_function(field: keras.Model) -> VectorField:
    """Makes the field a function of t, z and the parameters that gradients are computed for.

    The field is a built Keras model that is called as `field(t, z)`, with a scalar t. The function
    takes the parameters in the order of `parameters`; variables that are not trained keep their
    values.
    """

    def function(t: tf.Tensor, z: tf.Tensor, params: Sequence[tf.Tensor]) -> tf.Tensor:
        frozen = [variable.value for variable in field.non_trainable_variables]
        value, _ = field.stateless_call(list(params), frozen, t, z)
        return value

    return function


def run_layers(layers: Sequence[keras.layers.Layer], x: tf.Tensor) -> tf.Tensor:
    """Runs layers one after the other."""
    for layer in layers:
        x = layer(x)
    return x
