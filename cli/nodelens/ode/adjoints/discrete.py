"""The exact gradient of the steps that were taken (discretise, then optimise)."""

from dataclasses import dataclass, replace

import tensorflow as tf

from nodelens.ode.adjoints.base import Adjoint, Backward, Forward, Solve
from nodelens.ode.adjoints.replay import (
    Cotangents,
    Replay,
    StartOfStep,
    end_of_step,
    room_for,
    row_of,
    walked_back,
    write,
)
from nodelens.ode.integrate import Front
from nodelens.ode.observe import solve_forward
from nodelens.ode.runge_kutta import Step


@dataclass(frozen=True)
class Discrete(Adjoint):
    """Stores where each accepted step started and differentiates them one by one, last to first.

    The step sizes are constants to the gradient. Memory: two states a step, reserved for `capacity`
    accepted steps; a backward step makes as many evaluations of f with its VJP as the forward step.

    Args:
        capacity: Accepted steps there is room for. Beyond it the states are as good, and the
            gradient is NaN with the status `CAPACITY`; eager calls then solve again with four
            times the room and remember it.
    """

    capacity: int = 256

    def forward(self, solve: Solve) -> Forward:
        """Solves and stores where each accepted step started."""
        method, field, inputs = solve
        # One row more than the capacity, for what is not stored: a rejected attempt behind the
        # last step, and the steps that there is no room for.
        t, y = room_for(self.capacity + 1, inputs.times[0]), room_for(self.capacity + 1, inputs.z0)
        store = StartOfStep(t, t, y, [y] if method.solver.carries else [])
        states, front, store = solve_forward(
            method, field, inputs, recorder=self._record, record=store
        )
        return Forward.of(states, front, inputs.z0.shape[-1], (store, front.rows))

    def _record(
        self, store: StartOfStep, front: Front, step: Step, t_end: tf.Tensor, accepted: tf.Tensor
    ) -> StartOfStep:
        """Writes a step behind the accepted ones; the next attempt overwrites a rejected one."""
        del step
        row = tf.minimum(front.rows, self.capacity)
        end = end_of_step(front, t_end, accepted)
        return write(store, row, StartOfStep(front.t, end, front.y, front.first))

    def backward(self, solve: Solve, forward: Forward, cotangent: tf.Tensor) -> Backward:
        """Walks the stored steps from the last to the first."""
        method, field, inputs = solve
        replay = Replay.of(method, field, inputs, cotangent)
        store, rows = forward.residuals
        rows, full = walked_back(rows, self.capacity)

        def body(i: tf.Tensor, after: Cotangents) -> tuple[tf.Tensor, Cotangents]:
            return i - 1, replay.pull_back(row_of(store, i), after)

        _, before = tf.while_loop(
            lambda i, _: i >= 0,
            body,
            (rows - 1, replay.last()),
            maximum_iterations=store.t0.shape[0],
        )
        evaluations = forward.stats.accepted * method.solver.evaluations_per_step
        return replay.finish(forward, before, evaluations, full)

    def larger(self) -> "Discrete":
        """Returns the same with four times the room."""
        return replace(self, capacity=4 * self.capacity)
