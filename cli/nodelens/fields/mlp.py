"""The multilayer perceptron as a vector field."""

from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="nodelens")
class MLPField(keras.Model):
    """An autonomous vector field f(t, z) = MLP(zᵖ), with a linear last layer.

    The weights start as N(0, 0.1²) and the biases at zero, as in torchdiffeq's demo, so that the
    field is small at first and the solver is quick.

    Args:
        dimension: The number of components of the state.
        hidden: The widths of the hidden layers.
        activation: The activation of the hidden layers, a Keras name.
        input_power: The power p to which the state is raised, component by component.
        seed: The seed of the weights.
    """

    def __init__(
        self,
        dimension: int,
        hidden: tuple[int, ...] = (50,),
        activation: str = "tanh",
        input_power: int = 1,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.dimension = dimension
        self.hidden = tuple(hidden)
        self.activation = activation
        self.input_power = input_power
        self.seed = seed
        widths = [*((width, activation) for width in self.hidden), (dimension, None)]
        self.blocks = [
            keras.layers.Dense(
                width,
                activation=function,
                kernel_initializer=keras.initializers.RandomNormal(stddev=0.1, seed=seed + index),
            )
            for index, (width, function) in enumerate(widths)
        ]
        self.build((), (None, dimension))

    def build(self, t_shape: tuple[int, ...], z_shape: tuple[int | None, ...]) -> None:
        """Makes the weights, so that the field can be traced before its first call."""
        shape = z_shape
        for block in self.blocks:
            block.build(shape)
            shape = block.compute_output_shape(shape)
        self.built = True

    def call(self, t: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
        """Evaluates the field.

        Args:
            t: The time, a scalar; the field does not depend on it.
            z: The states, shape [..., dimension].

        Returns:
            dz/dt, of the shape of `z`.
        """
        hidden = z**self.input_power
        for block in self.blocks:
            hidden = block(hidden)
        return hidden

    def get_config(self) -> dict[str, Any]:
        """The arguments from which Keras makes the field again."""
        return {
            **super().get_config(),
            "dimension": self.dimension,
            "hidden": self.hidden,
            "activation": self.activation,
            "input_power": self.input_power,
            "seed": self.seed,
        }
