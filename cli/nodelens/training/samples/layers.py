"""Parts of a network, run one after the other."""

from collections.abc import Sequence

import keras
import tensorflow as tf


def run_layers(layers: Sequence[keras.layers.Layer], x: tf.Tensor) -> tf.Tensor:
    """Runs layers one after the other."""
    for layer in layers:
        x = layer(x)
    return x


def variables_of(layers: Sequence[keras.layers.Layer]) -> list[keras.Variable]:
    """Returns the trainable variables of layers, in their order."""
    return [variable for layer in layers for variable in layer.trainable_variables]
