"""A field that works in comfortable units inside and in those of the data outside."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from nodelens.fields.model import FieldModel, Frame


@keras.saving.register_keras_serializable(package="nodelens")
class ScaledField(FieldModel):
    """f(t, z) = r · s · g(r · t, (z − m) / s) with a field g of numbers near one.

    Args:
        inner: The field g.
        mean: m, one value for each component.
        scale: s, one positive value for each component.
        rate: r, in parts of the scale per unit of time.
    """

    def __init__(
        self,
        inner: keras.Model,
        mean: tuple[float, ...],
        scale: tuple[float, ...],
        rate: float = 1.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        mean, scale = (tuple(float(value) for value in values) for values in (mean, scale))
        self._keep(inner=inner, mean=mean, scale=scale, rate=float(rate))

    @property
    def autonomous(self) -> bool:
        """True if the inner field does not depend on the time."""
        return bool(self.inner.autonomous)

    @property
    def state_shape(self) -> tuple[int | None, ...]:
        """The shape of the states of the inner field."""
        return tuple(self.inner.state_shape)

    def call(self, t: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
        """See `FieldModel.call`; state and result are in the units of the data."""
        dtype = z.dtype.as_numpy_dtype
        mean, scale = np.asarray(self.mean, dtype), np.asarray(self.scale, dtype)
        return self.rate * scale * self.inner(self.rate * t, (z - mean) / scale)

    def get_config(self) -> dict[str, Any]:
        """See `FieldModel.get_config`."""
        inner = keras.saving.serialize_keras_object(self.inner)
        return {**super().get_config(), "inner": inner}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "ScaledField":
        """Makes the field again."""
        inner = keras.saving.deserialize_keras_object(config.pop("inner"))
        return cls(inner=inner, **config)


def scaled(field: keras.Model, frame: Frame) -> keras.Model:
    """Puts the scaling of a frame around a field; components that augment the data have none."""
    if not any(frame.mean) and all(size == 1 for size in frame.scale) and frame.rate == 1:
        return field
    extra = frame.dimension - len(frame.components)
    mean, scale = (*frame.mean, *[0.0] * extra), (*frame.scale, *[1.0] * extra)
    return ScaledField(field, mean, scale, frame.rate)
