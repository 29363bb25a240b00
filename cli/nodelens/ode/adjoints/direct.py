"""The reference: TensorFlow's own tape through the loop."""

from dataclasses import dataclass
from typing import ClassVar

import tensorflow as tf

from nodelens.ode.adjoints.base import (
    Adjoint,
    Backward,
    Forward,
    Solve,
    dense_gradient,
    is_differentiable,
    stats_of,
)
from nodelens.ode.observe import solve_forward
from nodelens.ode.solution import BackwardStats


@dataclass(frozen=True)
class Direct(Adjoint):
    """Differentiates through the loop with a tape. Memory is reserved for `max_steps` steps.

    Slow and hungry, but it is an independent implementation of the gradient, and it can be
    differentiated again. Step sizes are constants to it, as they are to `Discrete`.
    """

    default_max_steps: ClassVar[int] = 2048
    differentiable: ClassVar[bool] = True

    def forward(self, solve: Solve) -> Forward:
        """Solves; nothing is kept, since the backward pass solves again under a tape."""
        method, field, inputs = solve
        states, front, _ = solve_forward(method, field, inputs, taped=True)
        return Forward.of(states, front, inputs.z0.shape[-1])

    def backward(self, solve: Solve, forward: Forward, cotangent: tf.Tensor) -> Backward:
        """Solves again under a tape and asks the tape."""
        method, field, inputs = solve
        wanted = [x for x in inputs.theta if is_differentiable(x)]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch([inputs.z0, *wanted])
            states, front, _ = solve_forward(method, field, inputs, taped=True)
        by_z0, *by_theta = dense_gradient(tape, states, [inputs.z0, *wanted], cotangent)
        stats = stats_of(front)
        return Backward(
            by_z0,
            by_theta,
            BackwardStats(
                nfe=stats.nfe,
                accepted=stats.accepted,
                rejected=stats.rejected,
                status=front.status,
                drift=tf.zeros_like(inputs.times),
            ),
        )
