"""The exact gradient in constant memory, by a scheme whose steps can be undone."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import tensorflow as tf

from nodelens.ode.adjoints.base import Backward, Forward, stats_of
from nodelens.ode.adjoints.replay import (
    Cotangents,
    Replay,
    StartOfStep,
    end_of_step,
    room_for,
    write,
)
from nodelens.ode.integrate import Front, Method, Tolerances
from nodelens.ode.norms import rms_norm
from nodelens.ode.observe import Inputs, right_hand_side, solve_forward
from nodelens.ode.runge_kutta import ExplicitRungeKutta, RightHandSide, Step
from nodelens.ode.vector_field import FlatField


@dataclass(frozen=True)
class CoupledRungeKutta(ExplicitRungeKutta):
    """A reversible method made of an explicit one (McCallum and Foster 2024).

    With the increment P_h(t, y) of the base method, a pair (y, v) that starts as (z0, z0) goes on

        y1 = c y0 + (1 - c) v0 + P_h(t0, v0),    v1 = v0 - P_{-h}(t1, y1),

    which can be solved for (y0, v0). The order is that of the base method; the cost is double.

    Args:
        tableau: Of the base method.
        coupling: c, just below one: smaller is more stable forward and less so backward.
    """

    coupling: float = 0.999

    @property
    def interpolates(self) -> bool:
        """Steps land on the observation times."""
        return False

    @property
    def carries(self) -> bool:
        """Nothing is carried over from step to step."""
        return False

    @property
    def evaluations_per_step(self) -> int:
        """One increment forward and one backward."""
        return 2 * len(self.tableau.b)

    def increment(
        self, rhs: RightHandSide, t0: tf.Tensor, t1: tf.Tensor, y: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns P of the base method from t0 to t1, and its error estimate."""
        base = ExplicitRungeKutta(self.tableau)
        step = base.step(rhs, t0, t1, y, base.start(rhs, t0, y))
        return step.y1 - y, step.error

    def step(
        self,
        rhs: RightHandSide,
        t0: tf.Tensor,
        t1: tf.Tensor,
        y0: tf.Tensor,
        first: list[tf.Tensor],
    ) -> Step:
        """Attempts one step of the pair, which y0 holds side by side."""
        main, shadow = tf.split(y0, 2, axis=-1)
        c = tf.constant(self.coupling, y0.dtype)
        rise, error = self.increment(rhs, t0, t1, shadow)
        main = c * main + (1 - c) * shadow + rise
        shadow -= self.increment(rhs, t1, t0, main)[0]
        return Step(
            y1=tf.concat([main, shadow], -1),
            error=tf.concat([error, error], -1),
            first=[],
            stages=[],
            evaluations=tf.constant(self.evaluations_per_step),
        )

    def slope(self, rhs: RightHandSide, t: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        """Returns the derivative of the solution, once for each of the pair."""
        slope = rhs(t, tf.split(y, 2, axis=-1)[0])
        return tf.concat([slope, slope], -1)

    def undo(self, rhs: RightHandSide, t0: tf.Tensor, t1: tf.Tensor, y1: tf.Tensor) -> tf.Tensor:
        """Returns the pair at t0 from the pair at t1."""
        main, shadow = tf.split(y1, 2, axis=-1)
        c = tf.constant(self.coupling, y1.dtype)
        shadow += self.increment(rhs, t1, t0, main)[0]
        main = (main - (1 - c) * shadow - self.increment(rhs, t0, t1, shadow)[0]) / c
        return tf.concat([main, shadow], -1)


class Kept(NamedTuple):
    """End time of every accepted step, how many there are, and the pair at the last time."""

    ends: tf.Tensor
    rows: tf.Tensor
    pair: tf.Tensor


@dataclass(frozen=True)
class Reversible:
    """Replaces the solver by its reversible form and runs it backward to get its states back.

    Exact up to rounding, which grows like coupling**-steps; `BackwardStats.drift` at the first time
    says how far the recovered z0 is from the given one. One number a step is stored.

    Args:
        coupling: See `CoupledRungeKutta`.
        max_accepted: Accepted steps whose end times there is room for. Beyond it the status is
            `CAPACITY`; eager calls then solve again with four times the room.
    """

    coupling: float = 0.999
    max_accepted: int = 4096
    default_max_steps: int = 100_000
    differentiable: bool = False

    def forward(self, method: Method, field: FlatField, inputs: Inputs) -> Forward:
        """Solves with the reversible form of the solver."""
        method, pair = self._paired(method, inputs)
        ends = room_for(self.max_accepted + 1, inputs.times[0])
        states, front, ends = solve_forward(
            method, field, pair, capacity=self.max_accepted, recorder=_record, record=ends
        )
        states = tf.split(states, 2, axis=-1)[0]
        return Forward(
            states, front.status, front.t, stats_of(front), Kept(ends, front.rows, front.y)
        )

    def backward(
        self,
        method: Method,
        field: FlatField,
        inputs: Inputs,
        forward: Forward,
        cotangent: tf.Tensor,
    ) -> Backward:
        """Undoes each step and differentiates it."""
        method, pair_inputs = self._paired(method, inputs)
        solver = CoupledRungeKutta(method.solver.tableau, coupling=self.coupling)
        ends, rows, pair = forward.residuals
        padded = tf.concat([cotangent, tf.zeros_like(cotangent)], -1)
        replay = Replay(method, field, pair_inputs, padded)
        rhs = right_hand_side(field, inputs.theta)

        def body(
            i: tf.Tensor, pair: tf.Tensor, after: Cotangents
        ) -> tuple[tf.Tensor, tf.Tensor, Cotangents]:
            t0 = tf.where(i > 0, ends[tf.maximum(i - 1, 0)], inputs.times[0])
            taken = (t0 != ends[i])[:, None]
            pair = tf.where(taken, solver.undo(rhs, t0, ends[i], pair), pair)
            after = replay.pull_back(StartOfStep(t0, ends[i], pair, []), after)
            return i - 1, pair, after

        _, pair, before = tf.while_loop(
            lambda i, *_: i >= 0,
            body,
            (rows - 1, pair, replay.last()),
            maximum_iterations=ends.shape[0],
        )
        count = 2 * forward.stats.accepted
        found = replay.finish(forward, before, count * solver.evaluations_per_step)
        size = rms_norm(pair_inputs.z0)
        strayed = rms_norm(pair - pair_inputs.z0) / tf.where(size > 0, size, tf.ones_like(size))
        drift = tf.tensor_scatter_nd_update(
            found.stats.drift, [[0]], [tf.cast(strayed, found.stats.drift.dtype)]
        )
        return Backward(
            z0=tf.add_n(tf.split(found.z0, 2, axis=-1)),
            theta=found.theta,
            stats=found.stats._replace(drift=drift),
        )

    def _paired(self, method: Method, inputs: Inputs) -> tuple[Method, Inputs]:
        """The reversible form of a solver, and inputs whose state is the pair (z0, z0)."""
        tolerances = Tolerances(
            *[x if x.shape[0] == 1 else tf.concat([x, x], 0) for x in inputs.tolerances]
        )
        z0 = tf.concat([inputs.z0, inputs.z0], -1)
        solver = CoupledRungeKutta(method.solver.tableau, coupling=self.coupling)
        return replace(method, solver=solver), inputs._replace(z0=z0, tolerances=tolerances)

    def larger(self) -> "Reversible":
        """Four times the steps."""
        return replace(self, max_accepted=4 * self.max_accepted)


def _record(
    ends: tf.Tensor, front: Front, step: Step, t_end: tf.Tensor, accepted: tf.Tensor
) -> tf.Tensor:
    """Writes the end of a step; the next attempt overwrites that of a rejected one."""
    del step
    return write(ends, front.rows, end_of_step(front, t_end, accepted))
