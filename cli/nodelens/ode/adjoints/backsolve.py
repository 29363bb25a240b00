"""The continuous adjoint, solved backward in time.

Chen et al. 2018, *Neural Ordinary Differential Equations*:
with a(t) = dL/dz(t), going from the last time to the first,

    dz/dt = f(t, z),    da/dt = -a^T df/dz,    dL/dtheta = integral of a^T df/dtheta dt,

and at each requested time t_i the adjoint jumps by dL/dz_i.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import tensorflow as tf

from nodelens.ode.adjoints.base import (
    Backward,
    Forward,
    field_vjp,
    stats_of,
    zero_gradients,
)
from nodelens.ode.integrate import Front, Method, Tolerances, advance, begin
from nodelens.ode.norms import rms_norm
from nodelens.ode.observe import Inputs, solve_forward
from nodelens.ode.runge_kutta import Integrands, RightHandSide
from nodelens.ode.solution import BackwardStats
from nodelens.ode.status import Status
from nodelens.ode.vector_field import FlatField


@dataclass(frozen=True)
class Backsolve:
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
    default_max_steps: int = 100_000
    differentiable: bool = False

    def forward(self, method: Method, field: FlatField, inputs: Inputs) -> Forward:
        """Solves and keeps the states at the requested times."""
        states, front, _ = solve_forward(method, field, inputs)
        return Forward(states, front.status, front.t, stats_of(front), ())

    def backward(
        self,
        method: Method,
        field: FlatField,
        inputs: Inputs,
        forward: Forward,
        cotangent: tf.Tensor,
    ) -> Backward:
        """Integrates (z, a) from the last time to the first."""
        z0, times, theta, _ = inputs
        states = forward.states
        count = times.shape[0] if times.shape[0] is not None else tf.shape(times)[0]
        rhs = _augmented(field, theta)
        tolerances = self._tolerances(inputs)
        scale = rms_norm(tf.reshape(cotangent, [-1]))
        scale = tf.where(scale > 0, scale, tf.ones_like(scale))
        scaled_cotangent = cotangent / tf.cast(scale, cotangent.dtype)

        def start(index: tf.Tensor, adjoint: tf.Tensor) -> tf.Tensor:
            return tf.concat([states[index], adjoint + scaled_cotangent[index]], axis=-1)

        last = count - 1
        front = begin(
            method, rhs, times[last], times[0], start(last, tf.zeros_like(z0)), tolerances
        )
        front = front._replace(integrals=zero_gradients(theta))

        def body(
            index: tf.Tensor, front: Front, drift: tf.Tensor
        ) -> tuple[tf.Tensor, Front, tf.Tensor]:
            front, _ = advance(method, rhs, front, times[index], tolerances)
            back, adjoint = tf.split(front.y, 2, axis=-1)
            size = rms_norm(states[index])
            distance = rms_norm(back - states[index])
            distance = distance / tf.where(size > 0, size, tf.ones_like(size))
            drift = tf.tensor_scatter_nd_update(drift, [[index]], [tf.cast(distance, drift.dtype)])
            y = start(index, adjoint)
            first = method.solver.start(rhs, times[index], y)
            return index - 1, front._replace(y=y, first=first), drift

        _, front, drift = tf.while_loop(
            lambda index, *_: index >= 0,
            body,
            (tf.constant(last - 1), front, tf.zeros_like(times)),
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
            theta=[x * tf.cast(scale, x.dtype) for x in front.integrals],
            stats=BackwardStats(stats.nfe, stats.accepted, stats.rejected, front.status, drift),
        )

    def larger(self) -> None:
        """There is no store that could be full."""

    def _tolerances(self, inputs: Inputs) -> Tolerances:
        """The backward tolerances, for the state and its adjoint."""
        own = (self.rtol, self.atol)
        both = []
        for mine, given in zip(own, inputs.tolerances, strict=True):
            size = (
                tf.constant(mine, given.dtype) + tf.zeros_like(given) if mine is not None else given
            )
            both.append(size if size.shape[0] == 1 else tf.concat([size, size], 0))
        return Tolerances(*both)


def _augmented(field: FlatField, theta: Sequence[tf.Tensor]) -> RightHandSide:
    """Returns d(z, a)/dt and the integrands of dL/dtheta, with the sign of a backward integral."""

    def rhs(t: tf.Tensor, y: tf.Tensor) -> tuple[tf.Tensor, Integrands]:
        z, adjoint = tf.split(y, 2, axis=-1)
        value, by_state, by_theta = field_vjp(field, t, z, theta, adjoint)
        return tf.concat([value, -by_state], axis=-1), [-x for x in by_theta]

    return rhs
