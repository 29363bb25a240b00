"""Second-order equations as first-order systems."""

from typing import Any

import keras
import tensorflow as tf

from nodelens.fields.dense import dense_stack, run_stack, with_time


@keras.saving.register_keras_serializable(package="nodelens")
class SecondOrderField(keras.Model):
    """x'' = MLP(x, x') or MLP(x, x', t), written as d(x, v)/dt = (v, MLP).

    An ODE of any order becomes one of the first by taking the derivatives into the state; this is
    the second order, the one that mechanics needs.

    Args:
        dimension: The number of components of the state, even: positions first, then velocities.
        hidden: The widths of the hidden layers.
        activation: The activation of the hidden layers, a Keras name.
        time: Whether the field sees the time.
        seed: The seed of the weights.
    """

    def __init__(
        self,
        dimension: int,
        hidden: tuple[int, ...] = (50,),
        activation: str = "tanh",
        time: bool = False,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if dimension % 2:
            raise ValueError(
                "a second-order field needs positions and as many velocities, "
                f"so an even number of components; {dimension} were given"
            )
        self.dimension = dimension
        self.hidden = tuple(hidden)
        self.activation = activation
        self.time = time
        self.seed = seed
        self.stack = dense_stack(dimension + time, self.hidden, dimension // 2, activation, seed)
        self.built = True

    @property
    def autonomous(self) -> bool:
        """Whether the field does not depend on the time."""
        return not self.time

    def call(self, t: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
        """Evaluates the field.

        Args:
            t: The time, a scalar or of shape [batch, 1].
            z: Positions and velocities, shape [batch, dimension].

        Returns:
            Velocities and accelerations, of the shape of `z`.
        """
        acceleration = run_stack(self.stack, with_time(t, z) if self.time else z)
        return tf.concat([z[..., self.dimension // 2 :], acceleration], axis=-1)

    def get_config(self) -> dict[str, Any]:
        """The arguments from which Keras makes the field again."""
        return {
            **super().get_config(),
            "dimension": self.dimension,
            "hidden": self.hidden,
            "activation": self.activation,
            "time": self.time,
            "seed": self.seed,
        }
