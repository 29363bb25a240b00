"""The multilayer perceptron as a vector field."""

from typing import Any

import keras
import tensorflow as tf

from nodelens.fields.dense import dense_stack, run_stack, with_time


@keras.saving.register_keras_serializable(package="nodelens")
class MLPField(keras.Model):
    """A vector field f(t, z) = MLP(zᵖ) or MLP(zᵖ, t), with a linear last layer.

    Without hidden layers it is the linear field Wzᵖ + b.

    Args:
        dimension: The number of components of the state.
        hidden: The widths of the hidden layers.
        activation: The activation of the hidden layers, a Keras name.
        input_power: The power p to which the state is raised, component by component.
        time: Whether the field sees the time.
        seed: The seed of the weights.
    """

    def __init__(
        self,
        dimension: int,
        hidden: tuple[int, ...] = (50,),
        activation: str = "tanh",
        input_power: int = 1,
        time: bool = False,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.dimension = dimension
        self.hidden = tuple(hidden)
        self.activation = activation
        self.input_power = input_power
        self.time = time
        self.seed = seed
        self.stack = dense_stack(dimension + time, self.hidden, dimension, activation, seed)
        self.built = True

    @property
    def autonomous(self) -> bool:
        """Whether the field does not depend on the time."""
        return not self.time

    def call(self, t: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
        """Evaluates the field.

        Args:
            t: The time, a scalar or of shape [batch, 1].
            z: The states, shape [batch, dimension].

        Returns:
            dz/dt, of the shape of `z`.
        """
        inputs = z**self.input_power if self.input_power != 1 else z
        return run_stack(self.stack, with_time(t, inputs) if self.time else inputs)

    def get_config(self) -> dict[str, Any]:
        """The arguments from which Keras makes the field again."""
        return {
            **super().get_config(),
            "dimension": self.dimension,
            "hidden": self.hidden,
            "activation": self.activation,
            "input_power": self.input_power,
            "time": self.time,
            "seed": self.seed,
        }
