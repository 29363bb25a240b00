"""The exact gradient of the steps that were taken (discretise, then optimise)."""

from dataclasses import dataclass, replace
from typing import Any

import tensorflow as tf

from nodelens.ode.adjoints.base import (
    Backward,
    Forward,
    dense_gradient,
    field_vjp,
    is_differentiable,
    stats_of,
    zero_gradients,
)
from nodelens.ode.integrate import Front, Method
from nodelens.ode.observe import Inputs, falls_in, observe, right_hand_side, solve_forward
from nodelens.ode.runge_kutta import Step
from nodelens.ode.solution import BackwardStats
from nodelens.ode.vector_field import FlatField


@dataclass(frozen=True)
class Discrete:
    """Stores where each accepted step started and differentiates them one by one, last to first.

    The step sizes are constants to the gradient. Memory: two states a step, reserved for `capacity`
    accepted steps; a backward step makes as many evaluations of f with its VJP as the forward step.

    Args:
        capacity: Accepted steps there is room for. Beyond it the status is `CAPACITY`; eager calls
            then solve again with four times the room and remember it.
    """

    capacity: int = 256
    default_max_steps: int = 100_000
    differentiable: bool = False

    def forward(self, method: Method, field: FlatField, inputs: Inputs) -> Forward:
        """Solves and stores (t0, t1, y, first) of each accepted step."""
        # One row more than the capacity: the last attempt may write behind the last step.
        rows = self.capacity + 1

        def room(x: tf.Tensor) -> tf.Tensor:
            return tf.zeros(tf.concat([[rows], tf.shape(x)], 0), x.dtype)

        z0, t0 = inputs.z0, inputs.times[0]
        carried = [z0] * (1 if method.solver.adaptive else 0)
        store = (room(t0), room(t0), room(z0), [room(x) for x in carried])
        states, front, store = solve_forward(
            method, field, inputs, capacity=self.capacity, recorder=_store, record=store
        )
        return Forward(states, front.status, front.t, stats_of(front), (store, front.accepted))

    def backward(
        self,
        method: Method,
        field: FlatField,
        inputs: Inputs,
        forward: Forward,
        cotangent: tf.Tensor,
    ) -> Backward:
        """Walks the stored steps from the last to the first."""
        z0, times, theta, _ = inputs
        inner, by_inner = times[1:-1], cotangent[1:-1]
        observed = inner.shape[0] not in (None, 0)
        solver = method.solver
        (starts, ends, states, firsts), count = forward.residuals
        wanted = [x for x in theta if is_differentiable(x)]
        by_first = [tf.zeros_like(z0) for _ in firsts]

        def body(i: tf.Tensor, by_y: tf.Tensor, by_first: list, by_theta: list) -> tuple:
            active = i < count
            mask = active[:, None]
            # A sample that took fewer steps idles on a harmless step from t0 to t0.
            t0 = tf.where(active, starts[i], times[0])
            t1 = tf.where(active, ends[i], times[0])
            y = tf.where(mask, states[i], z0)
            first = [tf.where(mask, x[i], tf.zeros_like(z0)) for x in firsts]
            rhs = right_hand_side(field, theta)
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch([y, first, wanted])
                step = solver.step(rhs, t0, t1, y, (first, []))
                outputs, cotangents = [step.y1, *step.first[0]], [by_y, *by_first]
                if observed:
                    outputs.append(observe(method, step, t0, t1, y, inner))
            if observed:
                here = falls_in(inner, t0, t1)[..., None]
                cotangents.append(tf.where(here, by_inner, tf.zeros_like(by_inner)))
            cotangents[: 1 + len(by_first)] = [
                tf.where(mask, x, tf.zeros_like(x)) for x in cotangents[: 1 + len(by_first)]
            ]
            gradients = dense_gradient(tape, outputs, [y, *first, *wanted], cotangents)
            size = 1 + len(first)
            carried = [
                tf.where(mask, new, old)
                for new, old in zip(gradients[:size], [by_y, *by_first], strict=True)
            ]
            by_theta = [a + b for a, b in zip(by_theta, gradients[size:], strict=True)]
            return i - 1, carried[0], carried[1:], by_theta

        _, by_y, by_first, by_theta = tf.while_loop(
            lambda i, *_: i >= 0,
            body,
            (tf.reduce_max(count) - 1, cotangent[-1], by_first, zero_gradients(theta)),
            maximum_iterations=starts.shape[0],
        )
        evaluations = count * (len(solver.tableau.b) - solver.initial_evaluations)
        if by_first:
            _, by_start, extra = field_vjp(field, times[0], z0, theta, by_first[0])
            by_y += by_start
            by_theta = [a + b for a, b in zip(by_theta, extra, strict=True)]
            evaluations += 1
        if times.shape[0] != 1:
            at_start = (times[:-1] == times[0])[..., None]
            by_y += tf.reduce_sum(tf.where(at_start, cotangent[:-1], tf.zeros_like(z0)), axis=0)
        stats = BackwardStats(
            nfe=evaluations,
            accepted=count,
            rejected=tf.zeros_like(count),
            status=forward.status,
            drift=tf.zeros_like(times),
        )
        return Backward(by_y, by_theta, stats)

    def larger(self) -> "Discrete":
        """Four times the room."""
        return replace(self, capacity=4 * self.capacity)


def _store(record: Any, front: Front, step: Step, t_end: tf.Tensor, accepted: tf.Tensor) -> Any:
    """Writes a step behind the accepted ones; the next attempt overwrites a rejected one."""
    del step, accepted
    batch = tf.range(tf.shape(front.accepted)[0])
    row = tf.stack([front.accepted, batch], axis=1)
    return tf.nest.map_structure(
        lambda buffer, value: tf.tensor_scatter_nd_update(buffer, row, value),
        record,
        (front.t, t_end, front.y, front.first[0]),
    )
