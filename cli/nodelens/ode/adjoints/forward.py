"""Forward sensitivity: the derivative of the state travels along with it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import tensorflow as tf

from nodelens.ode.adjoints.base import Adjoint, Backward, Forward, Solve, is_differentiable
from nodelens.ode.integrate import Method, Tolerances
from nodelens.ode.observe import Inputs, solve_forward
from nodelens.ode.solution import BackwardStats
from nodelens.ode.vector_field import FlatField, Source


@dataclass(frozen=True)
class ForwardSensitivity(Adjoint):
    """Integrates S = dz/d(z0, theta) along with z.

        dS/dt = (df/dz) S + df/d(z0, theta),    S(t_0) = (1, 0)

    (Hairer, Norsett and Wanner, section I.14), by the same steps: the error norm sees z alone.
    Differentiation commutes with a Runge-Kutta step, so the gradient is that of `Discrete` to
    rounding. The way back is one contraction: any number of gradients costs next to nothing.

    Each evaluation of f goes with its Jacobian, one vector-Jacobian product a component of z; S has
    size * (size + parameters) entries, and a copy is kept for each requested time. So it is meant
    for small systems with few parameters.

    Args:
        largest: The most entries of S.
    """

    largest: int = 65_536

    def check(self, method: Method, inputs: Inputs) -> None:
        """Refuses a complex state, unknown shapes, and an S that is too large."""
        wanted = [x for x in inputs.theta if is_differentiable(x)]
        instead = "Use adjoint='discrete', 'checkpointed' or 'backsolve'."
        if any(x.dtype.is_complex for x in (inputs.z0, *wanted)):
            raise ValueError(f"The adjoint 'forward' needs a real state. {instead}")
        if not all(x.shape.is_fully_defined() for x in (inputs.z0[0], *wanted)):
            raise ValueError(f"The adjoint 'forward' needs shapes that are known. {instead}")
        size, params = inputs.z0.shape[-1], sum(map(_count, wanted))
        entries = size * (size + params)
        if entries > self.largest:
            raise ValueError(
                f"The adjoint 'forward' carries size * (size + parameters) = {size} * ({size} + "
                f"{params}) = {entries} numbers along; the limit is {self.largest}. {instead}"
            )

    def forward(self, solve: Solve) -> Forward:
        """Solves for z and S together."""
        method, field, inputs = solve
        z0, _, theta, tolerances, *_ = inputs
        size = z0.shape[-1]
        wanted = [x for x in theta if is_differentiable(x)]
        columns = size + sum(map(_count, wanted))
        sensitivity = tf.tile(tf.eye(size, columns, dtype=z0.dtype)[None], [tf.shape(z0)[0], 1, 1])
        rows = size * columns
        padded = [
            x if x.shape[0] == 1 else tf.pad(x, [[0, rows]], constant_values=1.0)
            for x in tolerances
        ]
        together = inputs._replace(z0=_join(z0, sensitivity), tolerances=Tolerances(*padded))
        by_state = replace(method, norm=lambda error: method.norm(error[..., :size]))
        both, front, _ = solve_forward(by_state, _with_sensitivity(field, size, columns), together)
        states, sensitivities = _split(both, size, columns)
        return Forward.of(states, front, size, sensitivities)

    def backward(self, solve: Solve, forward: Forward, cotangent: tf.Tensor) -> Backward:
        """Contracts dL/dz with S."""
        z0, times, theta, *_ = solve.inputs
        by_all = tf.einsum("tbs,tbsc->bc", cotangent, forward.residuals)
        wanted = [x for x in theta if is_differentiable(x)]
        by_z0, *by_theta = tf.split(by_all, [z0.shape[-1], *map(_count, wanted)], axis=1)
        none = tf.zeros_like(forward.status)
        return Backward(
            z0=by_z0,
            theta=[
                tf.cast(tf.reshape(tf.reduce_sum(part, axis=0), x.shape), x.dtype)
                for part, x in zip(by_theta, wanted, strict=True)
            ],
            stats=BackwardStats(none, none, none, forward.status, tf.zeros_like(times)),
        )


def _count(x: tf.Tensor) -> int:
    return math.prod(x.shape)


def _join(state: tf.Tensor, sensitivity: tf.Tensor) -> tf.Tensor:
    """Lays z [batch, size] and S [batch, size, columns] side by side."""
    flat = tf.reshape(sensitivity, [tf.shape(state)[0], math.prod(sensitivity.shape[1:])])
    return tf.concat([state, flat], axis=-1)


def _split(both: tf.Tensor, size: int, columns: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Undoes `_join`, keeping the axes in front."""
    state, flat = both[..., :size], both[..., size:]
    shape = tf.concat([tf.shape(flat)[:-1], [size, columns]], 0)
    return state, tf.reshape(flat, shape)


def _with_sensitivity(field: FlatField, size: int, columns: int) -> FlatField:
    """Returns the field of z and S together."""

    def both(t: tf.Tensor, y: tf.Tensor, theta: Sequence[Source]) -> tf.Tensor:
        z, sensitivity = _split(y, size, columns)
        wanted = [x for x in theta if is_differentiable(x)]
        with tf.GradientTape(watch_accessed_variables=False, persistent=True) as tape:
            tape.watch([z, *wanted])
            slope = field(t, z, theta)
        zero = tf.UnconnectedGradients.ZERO
        by_z = tape.batch_jacobian(slope, z, unconnected_gradients=zero)
        by_theta = [
            tf.cast(tf.reshape(x, [tf.shape(z)[0], size, -1]), z.dtype)
            for x in tape.jacobian(slope, wanted, unconnected_gradients=zero)
        ]
        direct = tf.concat([tf.zeros_like(by_z), *by_theta], axis=-1)
        return _join(slope, by_z @ sensitivity + direct)

    return both
