"""Equations of second or higher order as first-order systems."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from nodelens.fields.dense import dense_stack, run_stack, with_time


@keras.saving.register_keras_serializable(package="nodelens")
class HigherOrderField(keras.Model):
    """x⁽ⁿ⁾ = MLP(x, x', …) or MLP(x, x', …, t), written as d(x, …, x⁽ⁿ⁻¹⁾)/dt = (x', …, x⁽ⁿ⁾).

    An ODE of order n becomes one of the first by taking the derivatives into the state; then only
    the highest derivative is learned. The second order is the one that mechanics needs.

    Args:
        dimension: The number of components of the state, a multiple of the order: positions first,
            then velocities, and so on.
        order: n.
        hidden: The widths of the hidden layers.
        activation: The activation of the hidden layers, a Keras name.
        time: Whether the field sees the time.
        seed: The seed of the weights.
        mean: What is subtracted from each component before the network sees it; nothing if empty.
        scale: What each component is divided by there, and what the learned derivative is
            multiplied by. The other derivatives are components of the state as they are.
    """

    def __init__(
        self,
        dimension: int,
        order: int = 2,
        hidden: tuple[int, ...] = (50,),
        activation: str = "tanh",
        time: bool = False,
        seed: int = 0,
        mean: tuple[float, ...] = (),
        scale: tuple[float, ...] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if dimension % order:
            raise ValueError(
                f"a field of order {order} needs as many components of each derivative up to the "
                f"{order - 1}., so a number of components that {order} divides; it has {dimension}"
            )
        self.dimension = dimension
        self.order = order
        self.hidden = tuple(hidden)
        self.activation = activation
        self.time = time
        self.seed = seed
        self.mean = tuple(float(value) for value in mean)
        self.scale = tuple(float(value) for value in scale)
        outputs = dimension // order
        self.stack = dense_stack(dimension + time, self.hidden, outputs, activation, seed)
        self.built = True

    @property
    def autonomous(self) -> bool:
        """Whether the field does not depend on the time."""
        return not self.time

    def call(self, t: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
        """Evaluates the field.

        Args:
            t: The time, a scalar or of shape [batch, 1].
            z: Positions, velocities and so on, shape [batch, dimension].

        Returns:
            Velocities, accelerations and so on, of the shape of `z`.
        """
        dtype, size = z.dtype.as_numpy_dtype, self.dimension // self.order
        inputs = z
        if self.scale:
            inputs = (z - np.asarray(self.mean, dtype)) / np.asarray(self.scale, dtype)
        highest = run_stack(self.stack, with_time(t, inputs) if self.time else inputs)
        if self.scale:
            highest *= np.asarray(self.scale[-size:], dtype)
        return tf.concat([z[..., size:], highest], axis=-1)

    def get_config(self) -> dict[str, Any]:
        """The arguments from which Keras makes the field again."""
        return {
            **super().get_config(),
            "dimension": self.dimension,
            "order": self.order,
            "hidden": self.hidden,
            "activation": self.activation,
            "time": self.time,
            "seed": self.seed,
            "mean": self.mean,
            "scale": self.scale,
        }
