"""The base of the vector fields that Keras can save, and the state that they are made for."""

from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf


@dataclass(frozen=True)
class Frame:
    """A state space, in the units of the data.

    Attributes:
        dimension: The number of components, those that augment the data included, or of channels.
        components: The names of the components of the data; empty inside a network.
        mean: The mean of each of these.
        scale: The size of each of these.
        rate: The rate at which they change, in their sizes per unit of time.
    """

    dimension: int
    components: tuple[str, ...] = ()
    mean: tuple[float, ...] = ()
    scale: tuple[float, ...] = ()
    rate: float = 1.0


class FieldModel(keras.Model):
    """A vector field f(t, z) that has its arguments as attributes of the same names.

    A field that does not depend on the time is autonomous; one that may has the argument `time`.
    Arguments of the same name mean the same in all fields: `dimension` is the number of components
    of the state, or of its channels; `hidden` the widths of the hidden layers; `activation` that of
    the hidden layers, a Keras name; `time` is true if the field sees the time; `seed` is that of
    the weights.
    """

    def _keep(self, **arguments: Any) -> None:
        """Keeps the arguments; the weights must be built by the constructor as well."""
        for name, value in arguments.items():
            setattr(self, name, value)
        self.built = True

    @property
    def autonomous(self) -> bool:
        """True if the field does not depend on the time."""
        return not self.time

    def fitted(self) -> dict[str, float]:
        """Returns the parameters that have a meaning of their own, by name: by default none."""
        return {}

    def export(
        self,
        filepath: str | Path,
        format: str = "tf_saved_model",
        verbose: bool | None = None,
        input_signature: Any = None,
        **kwargs: Any,
    ) -> None:
        """Exports the field as Keras does: by default as a function of a scalar t and states z."""
        if input_signature is None:
            # Keras takes the shapes of the first call, which no field has had when it was loaded.
            scalar = keras.InputSpec(shape=(), dtype="float32")
            input_signature = [scalar, keras.InputSpec(shape=self.state_shape, dtype="float32")]
        super().export(filepath, format, verbose, input_signature, **kwargs)

    @property
    def state_shape(self) -> tuple[int | None, ...]:
        """The shape of the states of a batch, None where it may vary."""
        return (None, self.dimension)

    def call(self, t: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
        """Evaluates the field.

        Args:
            t: The time, a scalar or of shape [batch, 1].
            z: The states, shape [batch, dimension], or feature maps, shape [batch, height, width,
                dimension].

        Returns:
            dz/dt, of the shape of `z`.
        """
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments from which Keras makes the field again."""
        return {**super().get_config(), **arguments_of(self)}


def arguments_of(layer: keras.layers.Layer) -> dict[str, Any]:
    """Returns the arguments of a layer that has them as attributes of the same names."""
    names = signature(type(layer).__init__).parameters
    return {name: getattr(layer, name) for name in names if name not in ("self", "kwargs")}
