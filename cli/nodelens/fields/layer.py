"""A Neural ODE as a Keras layer."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from nodelens.fields.functional import parameters
from nodelens.fields.model import arguments_of
from nodelens.ode import Adjoint, SolveOptions, odeint

# The arguments of the layer that are options of its solve.
SOLVE = ("solver", "adjoint", "rtol", "atol", "step_size", "max_steps")


@keras.saving.register_keras_serializable(package="nodelens")
class NeuralODE(keras.layers.Layer):
    """Maps z(t_0) to z(t_1), or to z at all times, with dz/dt = vector_field(t, z).

    Args:
        vector_field: A Keras layer or model, called as `vector_field(t, z)` with a scalar t, or as
            `vector_field(z)` if `takes_time` is false. Its output has the shape of z.
        times: The times; the first one is where the input is the state.
        return_sequences: True to return the states at all times, [batch, times, ...], instead of
            the last one, [batch, ...].
        takes_time: True if the field takes the time.
        solver: As in `nodelens.odeint`.
        adjoint: As in `nodelens.odeint`; a name if the layer is to be saved.
        rtol: Relative tolerance.
        atol: Absolute tolerance.
        step_size: Of a fixed-step solver.
        max_steps: Attempted steps after which a solve fails; its states are NaN.
        **kwargs: Of `keras.layers.Layer`. Under mixed precision the state is integrated in
            float32 and the field alone computes in half precision.

    Input: [batch, ...]. Output: [batch, ...], or [batch, times, ...] with `return_sequences`.
    """

    def __init__(
        self,
        vector_field: keras.layers.Layer,
        times: tuple[float, ...] = (0.0, 1.0),
        return_sequences: bool = False,
        takes_time: bool = True,
        solver: str = "dopri5",
        adjoint: str | Adjoint = "auto",
        rtol: float = 1e-3,
        atol: float = 1e-4,
        step_size: float | None = None,
        max_steps: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(autocast=False, **kwargs)
        self.vector_field = vector_field
        self.times = tuple(float(t) for t in times)
        self.return_sequences = return_sequences
        self.takes_time = takes_time
        self.solver = solver
        self.adjoint = adjoint
        self.rtol = rtol
        self.atol = atol
        self.step_size = step_size
        self.max_steps = max_steps

    @property
    def options(self) -> SolveOptions:
        """The options of the solve and of its gradient."""
        return SolveOptions(**{name: getattr(self, name) for name in SOLVE})

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Builds the field on one sample, outside of any loop."""
        if not self.vector_field.built:
            with tf.init_scope():
                sample = tf.zeros((1, *input_shape[1:]), self.variable_dtype)
                self.vector_field(*([tf.zeros([])] if self.takes_time else []), sample)
        self.built = True

    def _slope(self, t: tf.Tensor, z: tf.Tensor, params: list[tf.Tensor]) -> tf.Tensor:
        field = self.vector_field
        frozen = [variable.value for variable in field.non_trainable_variables]
        arguments = [t, z] if self.takes_time else [z]
        value, _ = field.stateless_call(params, frozen, *arguments)
        return tf.cast(value, z.dtype)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Solves from the first to the last time."""
        states = odeint(
            self._slope,
            tf.cast(inputs, self.variable_dtype),
            np.array(self.times),
            params=parameters(self.vector_field),
            **self.options.arguments(),
        ).states
        if not self.return_sequences:
            return states[-1]
        order = [1, 0, *range(2, len(states.shape))]
        return tf.transpose(states, order)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns the shape of the input, with the times behind the batch if all are returned."""
        if not self.return_sequences:
            return tuple(input_shape)
        return (input_shape[0], len(self.times), *input_shape[1:])

    def compute_output_spec(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """Returns a state in the precision of the variables, whatever the layer computes in."""
        return keras.KerasTensor(self.compute_output_shape(inputs.shape), self.variable_dtype)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments from which Keras makes the layer again."""
        field = keras.saving.serialize_keras_object(self.vector_field)
        return {**super().get_config(), **arguments_of(self), "vector_field": field}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "NeuralODE":
        """Makes the layer, its field included."""
        field = keras.saving.deserialize_keras_object(config["vector_field"])
        return cls(**{**config, "vector_field": field})
