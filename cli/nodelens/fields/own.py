"""The vector field that a user has written."""

from typing import Any

import keras
import tensorflow as tf

from nodelens.errors import UsageError
from nodelens.fields.loading import load_field
from nodelens.fields.model import FieldModel, Frame
from nodelens.fields.scaled import ScaledField, scaled
from nodelens.fields.settings import OwnFieldSettings
from nodelens.ode.user_code import describe_user_error


@keras.saving.register_keras_serializable(package="nodelens")
class OwnField(FieldModel):
    """f(t, z) by a Keras layer or model of the user's.

    A saved field holds the place of its code, and imports it again when it is loaded.

    Args:
        file: A Python file.
        defines: Name of a Keras layer or model in it, called as `layer(t, z)`, or of a function
            without arguments that makes one.
        dimension: The number of components of the state.
        seed: The seed of Keras while the file is imported.

    Raises:
        ValueError: It is no trainable field, or does not fit the state.
        UsageError: There is no such file or name, or it cannot be imported.
    """

    autonomous = False

    def __init__(
        self, file: str, defines: str, dimension: int, seed: int = 0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        keras.utils.set_random_seed(seed)
        place = f"{file}:{defines}"
        inner = load_field(place)
        if not isinstance(inner, keras.layers.Layer):
            raise ValueError(
                f"{place} is of type {type(inner).__name__}; training needs a Keras layer or "
                "model called as f(t, z), or a function that makes one"
            )
        self.inner = inner
        try:
            slope = inner(tf.constant(0.0), tf.zeros([1, dimension]))
        except Exception as error:  # whatever the user's own code raises
            raise UsageError(
                f"{place} fails when it is called as f(t, z) with t a scalar and z of shape "
                f"{(1, dimension)}: {describe_user_error(error)}",
                hint="run again with --debug to see where",
            ) from error
        if slope.shape != (1, dimension):
            raise ValueError(
                f"{place} returns shape {tuple(slope.shape)} for a state of shape {(1, dimension)}"
            )
        if not inner.trainable_variables:
            raise ValueError(f"{place} has no trainable variables")
        self._keep(file=file, defines=defines, dimension=dimension, seed=seed)

    def call(self, t: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
        """See `FieldModel.call`."""
        return self.inner(t, z)


def make_own(settings: OwnFieldSettings, frame: Frame, seed: int) -> OwnField | ScaledField:
    """Makes a field of the user's code, in the units of the data; see `FieldKind.builder`."""
    field = OwnField(str(settings.path), settings.name, frame.dimension, seed)
    if not settings.standardized or not frame.components:
        return field
    return scaled(field, frame)
