"""The continuous adjoint, solved backward in time.

Chen et al. 2018, *Neural Ordinary Differential Equations*:
with a(t) = dL/dz(t), going from the last time to the first,

    dz/dt = f(t, z),    da/dt = -a^T df/dz,    dL/dtheta = integral of a^T df/dtheta dt,

and at each requested time t_i the adjoint jumps by dL/dz_i.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import tensorflow as tf

from nodelens.ode.adjoints.base import (
    Adjoint,
    Backward,
    Forward,
    Solve,
    field_vjp,
    stats_of,
    zero_gradients,
)
from nodelens.ode.integrate import Front, Method, Tolerances, advance, begin
from nodelens.ode.norms import of_halves, rms_norm
from nodelens.ode.observe import Inputs, solve_forward
from nodelens.ode.runge_kutta import RightHandSide, Step
from nodelens.ode.solution import BackwardStats
from nodelens.ode.status import Status
from nodelens.ode.vector_field import FlatField, Source


@dataclass(frozen=True)
class Backsolve(Adjoint):
    """Constant memory: keeps the states at the requested times only and integrates z backward.

    The integral for theta is a quadrature with the solver's own weights: it has no part in the
    state nor in the error norm (the seminorm of Kidger, Chen and Lyons 2021), so it costs no steps.
    One backward loop goes over all intervals and carries its step size across the requested times,
    where z is set back to the saved state. The cotangent is scaled to unit size first, so that the
    absolute tolerance means the same for every scaling of the loss.

    The state that comes back differs from the one that was there: see `BackwardStats.drift`.

    Args:
        rtol, atol: Tolerances of the backward solve; `None` takes those of the forward solve.
    """

    rtol: float | None = None
    atol: float | None = None

    def forward(self, solve: Solve) -> Forward:
        """Solves and keeps the states at the requested times."""
        method, field, inputs = solve
        states, front, _ = solve_forward(method, field, inputs)
        return Forward.of(states, front, inputs.z0.shape[-1])

    def backward(self, solve: Solve, forward: Forward, cotangent: tf.Tensor) -> Backward:
        """Integrates (z, a) from the last time to the first."""
        method, field, inputs = solve
        z0, times, theta, *_ = inputs
        states = forward.states
        count = times.shape[0] if times.shape[0] is not None else tf.shape(times)[0]
        method = replace(method, norm=of_halves(method.norm))
        rhs = _augmented(field, theta)
        tolerances = self._tolerances(inputs)
        scale = rms_norm(tf.reshape(tf.transpose(cotangent, [1, 0, 2]), [tf.shape(z0)[0], -1]))
        scale = tf.where(scale > 0, scale, tf.ones_like(scale))[:, None]
        scaled_cotangent = cotangent / tf.cast(scale, cotangent.dtype)

        def start(index: tf.Tensor, adjoint: tf.Tensor) -> tf.Tensor:
            return tf.concat([states[index], adjoint + scaled_cotangent[index]], axis=-1)

        def add_integrals(
            sums: list[tf.Tensor], front: Front, step: Step, t_end: tf.Tensor, accepted: tf.Tensor
        ) -> list[tf.Tensor]:
            # Where a sample did not take the step its integral is over nothing.
            lengths = tf.where(accepted, front.t - t_end, tf.zeros_like(t_end))
            weights = tf.cast(lengths, z0.dtype)[:, None] * tf.cast(scale, z0.dtype)
            parts = _integrals(method, field, theta, step, front, t_end, weights)
            return [old + new for old, new in zip(sums, parts, strict=True)]

        last = count - 1
        front = begin(
            method, rhs, times[last], times[0], start(last, tf.zeros_like(z0)), tolerances
        )

        def body(
            index: tf.Tensor, front: Front, sums: list[tf.Tensor], drift: tf.Tensor
        ) -> tuple[tf.Tensor, Front, list[tf.Tensor], tf.Tensor]:
            front, sums = advance(
                method, rhs, front, times[index], tolerances, recorder=add_integrals, record=sums
            )
            back, adjoint = tf.split(front.y, 2, axis=-1)
            size = rms_norm(states[index])
            distance = rms_norm(back - states[index])
            distance = distance / tf.where(size > 0, size, tf.ones_like(size))
            drift = tf.tensor_scatter_nd_update(drift, [[index]], [tf.cast(distance, drift.dtype)])
            y = start(index, adjoint)
            first = method.solver.start(rhs, times[index], y)
            return index - 1, front._replace(y=y, first=first), sums, drift

        _, front, sums, drift = tf.while_loop(
            lambda index, *_: index >= 0,
            body,
            (tf.constant(last - 1), front, zero_gradients(theta), tf.zeros_like(times)),
            maximum_iterations=last,
        )
        # One evaluation at each requested time, where the adjoint has jumped.
        extra = last * method.solver.initial_evaluations
        front = front._replace(evaluations=front.evaluations + extra)
        _, adjoint = tf.split(front.y, 2, axis=-1)
        adjoint = tf.where((front.status == int(Status.SUCCESS))[:, None], adjoint, float("nan"))
        stats = stats_of(front)
        return Backward(
            z0=adjoint * tf.cast(scale, adjoint.dtype),
            theta=sums,
            stats=BackwardStats(stats.nfe, stats.accepted, stats.rejected, front.status, drift),
        )

    def _tolerances(self, inputs: Inputs) -> Tolerances:
        """Returns the backward tolerances, for the state and its adjoint."""
        own = (self.rtol, self.atol)
        both = []
        for mine, given in zip(own, inputs.tolerances, strict=True):
            size = (
                tf.constant(mine, given.dtype) + tf.zeros_like(given) if mine is not None else given
            )
            both.append(size if size.shape[0] == 1 else tf.concat([size, size], 0))
        return Tolerances(*both)


def _augmented(field: FlatField, theta: Sequence[Source]) -> RightHandSide:
    """Returns d(z, a)/dt."""

    def rhs(t: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        z, adjoint = tf.split(y, 2, axis=-1)
        value, by_state, _ = field_vjp(field, t, z, theta, adjoint)
        return tf.concat([value, -by_state], axis=-1)

    return rhs


def _integrals(
    method: Method,
    field: FlatField,
    theta: Sequence[Source],
    step: Step,
    front: Front,
    t_end: tf.Tensor,
    weights: tf.Tensor,
) -> list[tf.Tensor]:
    """Integrates a^T df/dtheta over a step, summed over the batch with weights [batch, 1].

    The same products a^T df/dz are part of the right-hand side; the compiler sees that they are.
    """
    sums = zero_gradients(theta)
    # The weight of a joint solve is one number: outside of the product it leaves a as it was.
    joint = weights.shape[0] == 1
    for node in method.solver.nodes(step, front.t, t_end, front.y):
        z, adjoint = tf.split(node.y, 2, axis=-1)
        cotangent = adjoint if joint else adjoint * weights
        parts = field_vjp(field, node.t, z, theta, cotangent)[2]
        scale = node.weight * (weights[0, 0] if joint else tf.ones([], weights.dtype))
        sums = [old + tf.cast(scale, new.dtype) * new for old, new in zip(sums, parts, strict=True)]
    return sums
