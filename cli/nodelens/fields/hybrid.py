"""Equations that are known, parameters that are not, and a network for the rest."""

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from nodelens.fields.dense import dense_stack, run_stack
from nodelens.fields.expressions import parse


@keras.saving.register_keras_serializable(package="nodelens")
class HybridField(keras.Model):
    """dz/dt = g(t, z; p) + MLP(z): g as arithmetic expressions, p fitted with the network.

    Args:
        components: The names of the components of the state.
        equations: For each component the expression of its derivative.
        parameters: The names of the parameters p and their first values.
        hidden: The widths of the hidden layers of the network; none means no network.
        activation: The activation of the hidden layers, a Keras name.
        seed: The seed of the network.

    Raises:
        ExpressionError: If an equation is not arithmetic.
        ValueError: If the equations are not those of the components.
    """

    def __init__(
        self,
        components: tuple[str, ...],
        equations: Mapping[str, str],
        parameters: Mapping[str, float],
        hidden: tuple[int, ...] = (),
        activation: str = "tanh",
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if set(equations) != set(components):
            raise ValueError(
                f"one equation for each of {', '.join(components)} was expected, "
                f"and there are equations for {', '.join(equations)}"
            )
        self.components = tuple(components)
        self.equations = dict(equations)
        self.parameters = dict(parameters)
        self.hidden = tuple(hidden)
        self.activation = activation
        self.seed = seed
        names = {*components, *parameters, "t"}
        self._expressions = [parse(equations[name], names) for name in components]
        self._fitted = {
            name: self.add_weight(
                name=name, shape=(), initializer=keras.initializers.Constant(value)
            )
            for name, value in self.parameters.items()
        }
        size = len(self.components)
        self.stack = dense_stack(size, self.hidden, size, activation, seed) if hidden else []
        self.built = True

    def fitted(self) -> dict[str, float]:
        """The parameters as they are now."""
        return {name: float(weight.numpy()) for name, weight in self._fitted.items()}

    @property
    def autonomous(self) -> bool:
        """Whether the field does not depend on the time."""
        return not any("t" in expression.names() for expression in self._expressions)

    def call(self, t: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
        """Evaluates the field.

        Args:
            t: The time, a scalar or of shape [batch, 1].
            z: The states, shape [batch, dimension].

        Returns:
            dz/dt, of the shape of `z`.
        """
        columns = tf.split(z, len(self.components), axis=-1)
        values = dict(zip(self.components, columns, strict=True))
        values |= {name: tf.convert_to_tensor(weight) for name, weight in self._fitted.items()}
        values["t"] = tf.cast(t, z.dtype)
        derivatives = [
            tf.zeros_like(columns[0]) + expression.evaluate(values)
            for expression in self._expressions
        ]
        known = tf.concat(derivatives, axis=-1)
        return known + run_stack(self.stack, z) if self.stack else known

    def get_config(self) -> dict[str, Any]:
        """The arguments from which Keras makes the field again."""
        return {
            **super().get_config(),
            "components": self.components,
            "equations": self.equations,
            "parameters": self.parameters,
            "hidden": self.hidden,
            "activation": self.activation,
            "seed": self.seed,
        }
