"""The multilayer perceptron as a vector field."""

from typing import Any

import keras
import tensorflow as tf

from nodelens.fields.dense import dense_stack, with_time
from nodelens.fields.functional import run_layers
from nodelens.fields.model import FieldModel, Frame
from nodelens.fields.settings import LinearFieldSettings, MLPFieldSettings


@keras.saving.register_keras_serializable(package="nodelens")
class MLPField(FieldModel):
    """A vector field f(t, z) = MLP(zᵖ) or MLP(zᵖ, t), with a linear last layer.

    Without hidden layers it is the linear field Wzᵖ + b.

    Args:
        input_power: The power p to which the state is raised, component by component.
        **kwargs: The others are as in `FieldModel`.
    """

    def __init__(
        self,
        dimension: int,
        hidden: tuple[int, ...] = (50,),
        activation: str = "tanh",
        input_power: int = 1,
        time: bool = False,
        seed: int = 0,
        initialization: str = "small",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        hidden = tuple(hidden)
        self.stack = dense_stack(
            dimension + time, hidden, dimension, activation, seed, initialization
        )
        self._keep(dimension=dimension, hidden=hidden, activation=activation)
        self._keep(input_power=input_power, time=time, seed=seed)
        self._keep(initialization=initialization)

    def call(self, t: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
        """See `FieldModel.call`."""
        inputs = z**self.input_power if self.input_power != 1 else z
        return run_layers(self.stack, with_time(t, inputs) if self.time else inputs)


def make_mlp(settings: MLPFieldSettings, frame: Frame, seed: int) -> MLPField:
    """Makes a perceptron; see `FieldKind.builder`."""
    return MLPField(
        frame.dimension,
        settings.hidden,
        settings.activation,
        settings.input_power,
        settings.time,
        seed,
        settings.initialization,
    )


def make_linear(settings: LinearFieldSettings, frame: Frame, seed: int) -> MLPField:
    """Makes a linear field; see `FieldKind.builder`."""
    return MLPField(frame.dimension, hidden=(), seed=seed)
