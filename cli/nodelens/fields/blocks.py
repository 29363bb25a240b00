"""Layers around and instead of an ODE block."""

from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="nodelens")
class Augment(keras.layers.Layer):
    """Adds components, or channels, that are zero (augmented Neural ODEs, Dupont et al. 2019).

    A flow cannot cross itself; in more dimensions it has room to go around.

    Args:
        extra: The number of components that are added.
        **kwargs: Of `keras.layers.Layer`.
    """

    def __init__(self, extra: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.extra = extra

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Appends zeros to the last axis."""
        return tf.pad(inputs, [[0, 0]] * (len(inputs.shape) - 1) + [[0, self.extra]])

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns the shape of the input with a longer last axis."""
        return (*input_shape[:-1], (input_shape[-1] or 0) + self.extra)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments from which Keras makes the layer again."""
        return {**super().get_config(), "extra": self.extra}


@keras.saving.register_keras_serializable(package="nodelens")
class ResidualBlocks(keras.layers.Layer):
    """h ← h + f_k(h) for k = 1 … K: a residual network (He et al. 2016).

    It is Euler's method with steps of one for a field whose parameters change from step to step; an
    ODE block is its limit of ever smaller steps (Chen et al. 2018, equations 1 and 2).

    Args:
        fields: f_1 … f_K, called as f(t, h) and ignoring t.
        **kwargs: Of `keras.layers.Layer`.
    """

    def __init__(self, fields: list[keras.Model], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.fields = fields

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Runs all blocks."""
        return self.states(inputs)[-1]

    def states(self, inputs: tf.Tensor) -> list[tf.Tensor]:
        """Computes h before the first block and after each, K + 1 tensors."""
        states = [inputs]
        for field in self.fields:
            states.append(states[-1] + field(tf.zeros([]), states[-1]))
        return states

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns the shape of the input."""
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments from which Keras makes the layer again."""
        fields = [keras.saving.serialize_keras_object(field) for field in self.fields]
        return {**super().get_config(), "fields": fields}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "ResidualBlocks":
        """Makes the layer, its fields included."""
        fields = [keras.saving.deserialize_keras_object(field) for field in config.pop("fields")]
        return cls(fields, **config)
