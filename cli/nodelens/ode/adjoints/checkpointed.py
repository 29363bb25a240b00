"""The exact gradient of the steps that were taken, in bounded memory."""

from dataclasses import dataclass, replace
from typing import NamedTuple

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
from nodelens.ode.observe import right_hand_side, solve_forward
from nodelens.ode.runge_kutta import Step


class Checkpoints(NamedTuple):
    """The residuals of the forward solve.

    Args:
        ends: End time of every accepted step, shape [steps + 1, batch]: one number a step.
        y: States at the checkpoints, shape [checkpoints + 1, batch, size].
        first: The derivatives there, in a list.
        stride: Accepted steps from one checkpoint to the next.
    """

    ends: tf.Tensor
    y: tf.Tensor
    first: list[tf.Tensor]
    stride: tf.Tensor


@dataclass(frozen=True)
class Checkpointed(Adjoint):
    """Stores every k-th state, and takes the steps between once more on the way back.

    k starts at one. Whenever the store is full every other checkpoint is dropped and k doubles. The
    way back repeats one segment at a time from its checkpoint and keeps its last `checkpoints`
    steps. So 4 * checkpoints states are held whatever the number of steps N, and the forward steps
    are taken about once more while N < checkpoints**2 (beyond, N / checkpoints**2 times).

    Args:
        checkpoints: How many states are kept, an even number.
        max_accepted: Accepted steps whose end times there is room for (a number a step). Beyond it
            the gradient is NaN with the status `CAPACITY`; eager calls then solve again with four
            times the room.
    """

    checkpoints: int = 32
    max_accepted: int = 4096

    def __post_init__(self) -> None:
        if self.checkpoints < 2 or self.checkpoints % 2:
            raise ValueError(
                f"checkpoints must be an even number of at least 2; got {self.checkpoints}."
            )

    def forward(self, solve: Solve) -> Forward:
        """Solves and keeps checkpoints."""
        method, field, inputs = solve
        y = room_for(self.checkpoints + 1, inputs.z0)
        store = Checkpoints(
            ends=room_for(self.max_accepted + 1, inputs.times[0]),
            y=y,
            first=[y] if method.solver.carries else [],
            stride=tf.constant(1),
        )
        states, front, store = solve_forward(
            method, field, inputs, recorder=self._record, record=store
        )
        return Forward.of(states, front, inputs.z0.shape[-1], (store, front.rows))

    def _record(
        self, store: Checkpoints, front: Front, step: Step, t_end: tf.Tensor, accepted: tf.Tensor
    ) -> Checkpoints:
        """Writes the end of the step, and the state before it if a checkpoint is due."""
        del step
        count = tf.minimum(front.rows, self.max_accepted)
        full = (count == self.checkpoints * store.stride) & (front.rows <= self.max_accepted)
        y, first = tf.cond(
            full, lambda: _every_other((store.y, store.first)), lambda: (store.y, store.first)
        )
        stride = tf.where(full, 2 * store.stride, store.stride)
        # What is not due goes to the spare last row.
        row = tf.where(count % stride == 0, count // stride, self.checkpoints)
        y, first = write((y, first), row, (front.y, front.first))
        ends = write(store.ends, count, end_of_step(front, t_end, accepted))
        return Checkpoints(ends, y, first, stride)

    def backward(self, solve: Solve, forward: Forward, cotangent: tf.Tensor) -> Backward:
        """Walks back block by block: repeat a segment, then differentiate the end of it."""
        method, field, inputs = solve
        replay = Replay.of(method, field, inputs, cotangent)
        kept, rows = forward.residuals
        rows, overflow = walked_back(rows, self.max_accepted)
        size = self.checkpoints
        rhs = right_hand_side(field, inputs.theta)
        t, y = room_for(size, inputs.times[0]), room_for(size, inputs.z0)
        ring = StartOfStep(t, t, y, [y for _ in kept.first])

        def repeat(
            i: tf.Tensor, y: tf.Tensor, first: list[tf.Tensor], ring: StartOfStep
        ) -> tuple[tf.Tensor, tf.Tensor, list[tf.Tensor], StartOfStep]:
            t0 = tf.where(i > 0, kept.ends[tf.maximum(i - 1, 0)], inputs.times[0])
            t1 = kept.ends[i]
            ring = write(ring, i % size, StartOfStep(t0, t1, y, first))
            step = method.solver.step(rhs, t0, t1, y, first)
            taken = (t0 != t1)[:, None]
            first = [tf.where(taken, new, old) for new, old in zip(step.first, first, strict=True)]
            return i + 1, tf.where(taken, step.y1, y), first, ring

        def block(
            left: tf.Tensor, after: Cotangents, evaluations: tf.Tensor
        ) -> tuple[tf.Tensor, Cotangents, tf.Tensor]:
            slot = (left - 1) // kept.stride
            begin = slot * kept.stride
            _, _, _, steps = tf.while_loop(
                lambda i, *_: i < left,
                repeat,
                (begin, kept.y[slot], [x[slot] for x in kept.first], ring),
                maximum_iterations=kept.ends.shape[0],
            )
            until = tf.maximum(begin, left - size)
            _, before = tf.while_loop(
                lambda i, _: i >= until,
                lambda i, after: (i - 1, replay.pull_back(row_of(steps, i % size), after)),
                (left - 1, after),
                maximum_iterations=size,
            )
            taken = (left - begin) + (left - until)
            return until, before, evaluations + taken

        _, before, taken = tf.while_loop(
            lambda left, *_: left > 0,
            block,
            (rows, replay.last(), tf.zeros_like(forward.status)),
            maximum_iterations=kept.ends.shape[0],
        )
        return replay.finish(forward, before, taken * method.solver.evaluations_per_step, overflow)

    def larger(self) -> "Checkpointed":
        """Returns the same with four times the steps and the same number of checkpoints."""
        return replace(self, max_accepted=4 * self.max_accepted)


def _every_other(buffers: tuple[tf.Tensor, list[tf.Tensor]]) -> tuple[tf.Tensor, list[tf.Tensor]]:
    """Moves rows 0, 2, 4, ... to the front."""
    return tf.nest.map_structure(
        lambda x: tf.concat([x[0:-1:2], x[: x.shape[0] // 2 + 1]], 0), buffers
    )
