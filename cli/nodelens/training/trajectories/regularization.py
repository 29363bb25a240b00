"""Regularization by integrals along the solution: kinetic energy and Jacobian norm.

With f the field and J = ∂f/∂z its Jacobian, both in units of the scale of each component,

    K = ∫ |f(t, z(t))|² dt,    R = ∫ |εᵀ J(t, z(t))|² dt,    ε ~ N(0, 1),

whose mean over ε is the integral of the squared Frobenius norm of J (Finlay et al. 2020, "How to
train your neural ODE", equations 8 and 9). Fields with small K and R flow straight and are cheap
to solve.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from nodelens.fields.functional import VectorField


@dataclass(frozen=True)
class Regularization:
    """Integrals along the solution, and their weights in the loss.

    Attributes:
        kinetic_energy: The weight of K; 0 leaves it out.
        jacobian_norm: The weight of R; 0 leaves it out.
        scale: The size of each component of the state, shape [components].
    """

    kinetic_energy: float
    jacobian_norm: float
    scale: np.ndarray

    @property
    def weights(self) -> list[float]:
        """The weights of the components that are added to the state."""
        return [weight for weight in (self.kinetic_energy, self.jacobian_norm) if weight]

    def along(self, field: VectorField, probe: tf.Tensor) -> VectorField:
        """Makes the field of the state followed by K and R, each unless its weight is zero.

        Args:
            field: f(t, z, params).
            probe: ε, shape [batch, components].
        """
        scale = tf.constant(self.scale, probe.dtype)
        components = len(self.scale)

        def extended(t: tf.Tensor, state: tf.Tensor, params: Sequence[tf.Tensor]) -> tf.Tensor:
            z = state[..., :components]
            if not self.jacobian_norm:
                slope = field(t, z, params)
                return tf.concat([slope, _square(slope / scale)], axis=-1)
            with tf.GradientTape() as tape:
                tape.watch(z)
                slope = field(t, z, params)
            pulled = tape.gradient(
                slope, z, output_gradients=probe / scale, unconnected_gradients="zero"
            )
            parts = [slope, _square(slope / scale)] if self.kinetic_energy else [slope]
            return tf.concat([*parts, _square(pulled * scale)], axis=-1)

        return extended

    def of(self, last: tf.Tensor) -> tf.Tensor:
        """Computes the weighted mean over the batch, which is added to the loss.

        Args:
            last: The extended states at the last time, shape [batch, components + weights].
        """
        integrals = tf.reduce_mean(last[..., len(self.scale) :], axis=0)
        return tf.reduce_sum(integrals * tf.constant(self.weights, last.dtype))


def _square(values: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(values**2, axis=-1, keepdims=True)
