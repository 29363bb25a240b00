"""Dense output: the solution at any time of a solve, from its accepted steps."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from nodelens.ode.adjoints.base import stats_of
from nodelens.ode.adjoints.replay import end_of_step, room_for, write
from nodelens.ode.compiled import Compiled
from nodelens.ode.core import Core
from nodelens.ode.integrate import Front
from nodelens.ode.memo import Memo
from nodelens.ode.observe import Inputs, right_hand_side, take_rows, walk
from nodelens.ode.prepare import PreparedSolve
from nodelens.ode.runge_kutta import Step
from nodelens.ode.solution import Stats
from nodelens.ode.status import Status

# Steps there is room for in a graph, and at first in eager code.
ROOM = 256


class Ends(NamedTuple):
    """The accepted steps of a solve without gradient.

    Args:
        times: Where they end, `float64`, shape [room, batch]; behind the last one the time at which
            the solve ended. An attempt that a sample did not take ends where it started.
        status: How the solve ended, shape [batch].
        stats: What it cost, each of shape [batch].
    """

    times: tf.Tensor
    status: tf.Tensor
    stats: Stats


@dataclass(frozen=True)
class StepFinder:
    """Solves, and keeps the ends of the accepted steps.

    Args:
        core: The solve.
        room: How many there is room for; beyond it the status is `CAPACITY`.
    """

    core: Core
    room: int

    def find(self, inputs: Inputs) -> Ends:
        """Solves from the first time to the last one."""
        method, field, inputs = self.core.at_jumps(inputs)

        def record(
            ends: tf.Tensor, front: Front, step: Step, t_end: tf.Tensor, accepted: tf.Tensor
        ) -> tf.Tensor:
            del step
            return write(ends, front.rows, end_of_step(front, t_end, accepted))

        front, ends = walk(
            method,
            right_hand_side(field, inputs.theta),
            inputs,
            capacity=self.room,
            recorder=record,
            record=room_for(self.room + 1, inputs.times[0]),
        )
        known = tf.range(self.room + 1)[:, None] < front.rows
        return Ends(tf.where(known, ends, front.t)[: self.room], front.status, stats_of(front))


_FINDERS: Memo[Compiled] = Memo(capacity=128)


def find_ends(problem: PreparedSolve, room: int, jit_compile: bool) -> Ends:
    """Finds where the steps of a solve end, unseen by tapes; in eager code with room for all.

    Args:
        problem: The solve.
        room: Steps there is room for. Eager code takes more if it is not enough, and cuts off what
            is not needed down to a power of two, so that not every solve is compiled anew.
        jit_compile: Whether eager code tries XLA.
    """
    if not tf.executing_eagerly():
        inputs = tf.nest.map_structure(tf.stop_gradient, problem.inputs)
        return StepFinder(problem.core, room).find(inputs)
    functions = _FINDERS.get(
        (id(problem.core), room, jit_compile),
        lambda: Compiled(StepFinder(problem.core, room), jit_compile),
    )
    ends: Ends = functions.run("find", problem.inputs)
    if (ends.status.numpy() == int(Status.CAPACITY)).any():
        return find_ends(problem, 4 * room, jit_compile)
    needed = 1 + int((ends.times != ends.times[-1]).numpy().any(axis=-1).sum())
    return ends._replace(times=ends.times[: max(16, 2 ** (needed - 1).bit_length())])


@dataclass(frozen=True)
class Steps:
    """The accepted steps of a solve, each of which can be taken again.

    Args:
        problem: The solve.
        times: Where they begin and end, `float64`, shape [steps + 1, batch].
        states: The solution there, shape [steps + 1, batch, size], with its gradient.
    """

    problem: PreparedSolve
    times: tf.Tensor
    states: tf.Tensor

    def at(self, t: Any) -> Any:
        """Evaluates the solution; see `DenseSolution.interpolate`."""
        t = tf.cast(tf.convert_to_tensor(t, dtype_hint=tf.float64), tf.float64)
        independent = self.problem.layout.independent
        if t.shape.rank not in ((0, 1, 2) if independent else (0, 1)):
            expected = "[], [count] or [count, batch]" if independent else "[] or [count]"
            raise ValueError(f"t must have shape {expected}; got {t.shape}.")
        if tf.executing_eagerly():
            self._check_range(t.numpy())
        rows = t[None, None] if t.shape.rank == 0 else t[:, None] if t.shape.rank == 1 else t
        batch = tf.shape(self.times)[1]
        rows = tf.broadcast_to(rows, [tf.shape(rows)[0], batch])
        found = self._evaluate(rows)
        return self.problem.layout.unpack(found[0] if t.shape.rank == 0 else found)

    def _check_range(self, t: np.ndarray) -> None:
        first, last = self.times[0].numpy(), self.times[-1].numpy()
        low, high = np.minimum(first, last).max(), np.maximum(first, last).min()
        if t.ndim == 2:
            low, high = np.minimum(first, last), np.maximum(first, last)
        outside = ~((t >= low) & (t <= high))
        if outside.any():
            raise ValueError(
                f"t must lie in what was solved, from {np.min(low):g} to {np.max(high):g}; got "
                f"{t[outside].flat[0]:g}. The solution is known between the first and last time."
            )

    def _evaluate(self, t: tf.Tensor) -> tf.Tensor:
        """Evaluates the solution at [count, batch]; in eager code by a function that is kept."""
        arguments = (t, self.times, self.states, self.problem.inputs)
        core = self.problem.core
        if not tf.executing_eagerly():
            return evaluate(core, *arguments)
        return _EVALUATORS.get((id(core),), lambda: _evaluator(core))(*arguments)


def evaluate(
    core: Core, t: tf.Tensor, ends: tf.Tensor, states: tf.Tensor, inputs: Inputs
) -> tf.Tensor:
    """Evaluates a solution at each time from the step that the time lies in.

    The step is taken again from the state at its start, as a whole if the solver has an interpolant
    to trust, else up to the time: this is what gradients to theta, to the state and to the time
    flow through. Outside of the solve there are NaN.

    Args:
        core: The solve.
        t: Shape [count, batch].
        ends: See `Steps.times`.
        states: See `Steps.states`.
        inputs: Of the solve.

    Returns:
        Shape [count, batch, size].
    """
    method, field, inputs = core.at_jumps(inputs)
    solver, rhs = method.solver, right_hand_side(field, inputs.theta)
    onward = tf.sign(ends[-1] - ends[0])
    unknown = tf.cast(tf.constant(float("nan"), states.dtype.real_dtype), states.dtype)

    def one(t: tf.Tensor) -> tf.Tensor:
        before = tf.reduce_sum(tf.cast(ends[1:] * onward < t * onward, tf.int32), axis=0)
        here = tf.minimum(before, tf.shape(ends)[0] - 2)
        t0, t1 = tf.unstack(take_rows(ends, tf.stack([here, here + 1])))
        (y0,) = tf.unstack(take_rows(states, here[None]))
        first = solver.start(rhs, t0, y0)
        if solver.interpolates:
            value = solver.interpolate(solver.step(rhs, t0, t1, y0, first), t0, t1, y0, t)
        else:
            value = solver.step(rhs, t0, t, y0, first).y1
        inside = (t * onward >= ends[0] * onward) & (t * onward <= ends[-1] * onward)
        return tf.where(inside[:, None], value, unknown)

    if t.shape[0] == 1:
        return one(t[0])[None]
    signature = tf.TensorSpec(states.shape[1:], states.dtype)
    return tf.map_fn(one, t, fn_output_signature=signature)


_EVALUATORS: Memo[Callable[..., tf.Tensor]] = Memo(capacity=128)


def _evaluator(core: Core) -> Callable[..., tf.Tensor]:
    """Makes the compiled function of a core, for any number of times and steps."""

    def evaluated(
        t: tf.Tensor, ends: tf.Tensor, states: tf.Tensor, inputs: Sequence[Any]
    ) -> tf.Tensor:
        return evaluate(core, t, ends, states, Inputs(*inputs))

    return tf.function(evaluated, autograph=False, reduce_retracing=True)
