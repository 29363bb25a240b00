"""The parts of an adjoint: a forward solve that keeps something, a backward pass that uses it."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

import tensorflow as tf

from nodelens.ode.integrate import Front, Method
from nodelens.ode.observe import Inputs
from nodelens.ode.solution import BackwardStats, Stats
from nodelens.ode.vector_field import FlatField, Source


class Reached(NamedTuple):
    """The point at which a solve ended, to be looked at where it failed.

    Args:
        t: The time, shape [batch].
        h: Size of the next step that would have been tried, shape [batch].
        y: The state at t, shape [batch, size].
    """

    t: tf.Tensor
    h: tf.Tensor
    y: tf.Tensor


class Solve(NamedTuple):
    """The input of an adjoint: how to step, the field, and the tensors."""

    method: Method
    field: FlatField
    inputs: Inputs


class Forward(NamedTuple):
    """A forward solve.

    Args:
        states: At the requested times, shape [count, batch, size].
        status: `int32`, shape [batch].
        reached: How far it got.
        stats: What it cost, each of shape [batch].
        residuals: What the backward pass needs, a nest of tensors.
    """

    states: tf.Tensor
    status: tf.Tensor
    reached: Reached
    stats: Stats
    residuals: Any

    @classmethod
    def of(cls, states: tf.Tensor, front: Front, size: int, residuals: Any = ()) -> "Forward":
        """Reads a solve off its last front, whose state begins with `size` components of z."""
        return cls(states, front.status, reached_by(front, size), stats_of(front), residuals)


class Backward(NamedTuple):
    """A backward pass.

    Args:
        z0: dL/dz0, shape [batch, size].
        theta: dL/dtheta, one tensor for each (zeros for an integer).
        stats: What it cost.
    """

    z0: tf.Tensor
    theta: Sequence[tf.Tensor]
    stats: BackwardStats

    def voided(self, wrong: tf.Tensor) -> "Backward":
        """Returns gradients of NaN where the gradient would be wrong, a flag of shape []."""
        nothing = tf.where(wrong, float("nan"), 0.0)
        return self._replace(
            z0=self.z0 + tf.cast(nothing, self.z0.dtype),
            theta=[x + tf.cast(nothing, x.dtype) for x in self.theta],
        )


class Adjoint(ABC):
    """A way to find the gradient of a solve: a frozen dataclass with two pure methods.

    Attributes:
        default_max_steps: Bound of the attempted steps where the user sets none.
        differentiable: Whether TensorFlow may differentiate through `forward` itself.
        strayed: What has happened where `BackwardStats.drift` is large, as a clause.
    """

    default_max_steps: ClassVar[int] = 100_000
    differentiable: ClassVar[bool] = False
    strayed: ClassVar[str] = "the backward solve strayed from the forward solve"

    def check(self, method: Method, inputs: Inputs) -> None:
        """Refuses what it cannot do, before anything is compiled.

        Raises:
            ValueError: The message names the adjoints that can.
        """
        del method, inputs

    @abstractmethod
    def forward(self, solve: Solve) -> Forward:
        """Solves and keeps the residuals."""

    @abstractmethod
    def backward(self, solve: Solve, forward: Forward, cotangent: tf.Tensor) -> Backward:
        """Returns the gradient, given dL/dstates of shape [count, batch, size]."""

    def larger(self) -> "Adjoint | None":
        """Returns one with more room after a backward pass of status `CAPACITY`, if it can grow."""
        return None


def stats_of(front: Any) -> Stats:
    """Reads what a solve cost off its last front."""
    return Stats(front.evaluations, front.accepted, front.attempts - front.accepted)


def reached_by(front: Front, size: int) -> Reached:
    """Reads how far a solve got off its last front; the state is its first `size` components."""
    return Reached(front.t, front.h, front.y[:, :size])


def is_differentiable(tensor: Source) -> bool:
    """Checks whether a tensor can have a gradient at all."""
    return tensor.dtype.is_floating or tensor.dtype.is_complex


def zero_gradients(theta: Sequence[Source]) -> list[tf.Tensor]:
    """Returns a zero gradient for each tensor that can have one."""
    return [tf.zeros_like(x) for x in theta if is_differentiable(x)]


def dense_gradient(
    tape: tf.GradientTape, outputs: Any, sources: Sequence[Source], cotangents: Any
) -> list[tf.Tensor]:
    """Asks a tape for a vector-Jacobian product: zeros where unconnected, never sparse."""
    gradients = tape.gradient(
        outputs,
        sources,
        output_gradients=cotangents,
        unconnected_gradients=tf.UnconnectedGradients.ZERO,
    )
    return [tf.convert_to_tensor(gradient) for gradient in gradients]


def field_vjp(
    field: FlatField,
    t: tf.Tensor,
    y: tf.Tensor,
    theta: Sequence[Source],
    cotangent: tf.Tensor,
) -> tuple[tf.Tensor, tf.Tensor, list[tf.Tensor]]:
    """Evaluates f and a^T df/dz, a^T df/dtheta together.

    Args:
        field: The vector field.
        t: Time, shape [batch].
        y: State, shape [batch, size].
        theta: Parameters.
        cotangent: The adjoint a, shape [batch, size].

    Returns:
        f, a^T df/dz, and a^T df/dtheta for each differentiable parameter.
    """
    wanted = [x for x in theta if is_differentiable(x)]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch([y, *wanted])
        value = field(t, y, theta)
    by_state, *by_theta = dense_gradient(tape, value, [y, *wanted], cotangent)
    return value, by_state, by_theta
