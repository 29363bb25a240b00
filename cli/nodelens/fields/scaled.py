"""A field that works in comfortable units inside and in those of the data outside."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf


@keras.saving.register_keras_serializable(package="nodelens")
class ScaledField(keras.Model):
    """f(t, z) = s · g(t, (z − m) / s) with a field g of numbers near one.

    Args:
        inner: The field g.
        mean: m, one value for each component.
        scale: s, one positive value for each component.
    """

    def __init__(
        self, inner: keras.Model, mean: tuple[float, ...], scale: tuple[float, ...], **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.inner = inner
        self.mean = tuple(float(value) for value in mean)
        self.scale = tuple(float(value) for value in scale)
        self.built = True

    @property
    def autonomous(self) -> bool:
        """Whether the field does not depend on the time."""
        return bool(self.inner.autonomous)

    def call(self, t: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
        """Evaluates the field.

        Args:
            t: The time, a scalar or of shape [batch, 1].
            z: The states in the units of the data, shape [batch, dimension].

        Returns:
            dz/dt in the units of the data, of the shape of `z`.
        """
        dtype = z.dtype.as_numpy_dtype
        mean, scale = np.asarray(self.mean, dtype), np.asarray(self.scale, dtype)
        return scale * self.inner(t, (z - mean) / scale)

    def get_config(self) -> dict[str, Any]:
        """The arguments from which Keras makes the field again."""
        return {
            **super().get_config(),
            "inner": keras.saving.serialize_keras_object(self.inner),
            "mean": self.mean,
            "scale": self.scale,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "ScaledField":
        """Makes the field again."""
        inner = keras.saving.deserialize_keras_object(config.pop("inner"))
        return cls(inner=inner, **config)
