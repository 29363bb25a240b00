"""Equations that are known, parameters that are not, and a network for the rest."""

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from nodelens.fields.dense import dense_stack
from nodelens.fields.expressions import parse
from nodelens.fields.functional import run_layers
from nodelens.fields.model import FieldModel, Frame
from nodelens.fields.settings import HybridFieldSettings


@keras.saving.register_keras_serializable(package="nodelens")
class HybridField(FieldModel):
    """dz/dt = g(t, z; p) + MLP(z): g as arithmetic expressions, p fitted with the network.

    Args:
        components: The names of the components of the state.
        equations: For each component the expression of its derivative.
        parameters: The names of the parameters p and their first values.
        hidden: The widths of the hidden layers of the network; none means no network.
        relative: True if a weight is its parameter in units of the first value, or the parameter
            itself where that is zero: a step of an optimizer then changes large and small
            parameters alike. False for weights that are the parameters, as fields of before have.
        **kwargs: The others are as in `FieldModel`.

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
        relative: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if set(equations) != set(components):
            raise ValueError(
                f"one equation for each of {', '.join(components)} was expected, "
                f"and there are equations for {', '.join(equations)}"
            )
        self._keep(components=tuple(components), equations=dict(equations))
        self._keep(parameters=dict(parameters), hidden=tuple(hidden))
        self._keep(activation=activation, seed=seed, relative=relative)
        names = {*components, *parameters, "t"}
        self._expressions = [parse(equations[name], names) for name in components]
        self._units = {
            name: abs(value) if relative and value else 1.0 for name, value in parameters.items()
        }
        self._fitted = {
            name: self.add_weight(
                name=name,
                shape=(),
                initializer=keras.initializers.Constant(value / self._units[name]),
            )
            for name, value in self.parameters.items()
        }
        size = len(self.components)
        self.stack = dense_stack(size, self.hidden, size, activation, seed) if hidden else []

    def fitted(self) -> dict[str, float]:
        """Returns the current values of the parameters."""
        return {
            name: self._units[name] * float(weight.numpy()) for name, weight in self._fitted.items()
        }

    @property
    def state_shape(self) -> tuple[int | None, ...]:
        """See `FieldModel.state_shape`."""
        return (None, len(self.components))

    @property
    def autonomous(self) -> bool:
        """True if the time is in no equation."""
        return not any("t" in expression.names() for expression in self._expressions)

    def call(self, t: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
        """See `FieldModel.call`."""
        columns = tf.split(z, len(self.components), axis=-1)
        values = dict(zip(self.components, columns, strict=True))
        values |= {
            name: self._units[name] * tf.convert_to_tensor(weight)
            for name, weight in self._fitted.items()
        }
        values["t"] = tf.cast(t, z.dtype)
        derivatives = [
            tf.zeros_like(columns[0]) + expression.evaluate(values)
            for expression in self._expressions
        ]
        known = tf.concat(derivatives, axis=-1)
        return known + run_layers(self.stack, z) if self.stack else known


def make_hybrid(settings: HybridFieldSettings, frame: Frame, seed: int) -> HybridField:
    """Makes a field whose equations are written in the units of the data.

    See `FieldKind.builder`.
    """
    hidden, activation = settings.hidden, settings.activation
    equations, parameters = settings.equations, settings.parameters
    return HybridField(
        frame.components, equations, parameters, hidden, activation, seed, relative=True
    )
