"""A vector field that the user has written."""

from typing import Any

import keras
import tensorflow as tf

from nodelens.fields.loading import load_field


@keras.saving.register_keras_serializable(package="nodelens")
class OwnField(keras.Model):
    """f(t, z) by a Keras layer or model of the user's.

    A saved field remembers where its code is, and imports it again when it is loaded.

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
        self.file = file
        self.defines = defines
        self.dimension = dimension
        self.seed = seed
        keras.utils.set_random_seed(seed)
        place = f"{file}:{defines}"
        inner = load_field(place)
        if not isinstance(inner, keras.layers.Layer):
            raise ValueError(
                f"{place} is of type {type(inner).__name__}; training needs a Keras layer or "
                "model called as f(t, z), or a function that makes one"
            )
        self.inner = inner
        slope = inner(tf.constant(0.0), tf.zeros([1, dimension]))
        if slope.shape != (1, dimension):
            raise ValueError(
                f"{place} returns shape {tuple(slope.shape)} for a state of shape {(1, dimension)}"
            )
        if not inner.trainable_variables:
            raise ValueError(f"{place} has no trainable variables")
        self.built = True

    def call(self, t: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
        """Evaluates the field.

        Args:
            t: The time, a scalar or of shape [batch, 1].
            z: The states, shape [batch, dimension].

        Returns:
            dz/dt, of the shape of `z`.
        """
        return self.inner(t, z)

    def get_config(self) -> dict[str, Any]:
        """The arguments from which Keras makes the field again."""
        return {
            **super().get_config(),
            "file": self.file,
            "defines": self.defines,
            "dimension": self.dimension,
            "seed": self.seed,
        }
