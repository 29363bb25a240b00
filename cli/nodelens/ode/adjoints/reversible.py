"""The exact gradient in constant memory, by a scheme whose steps can be undone."""

import math
from dataclasses import dataclass, replace
from typing import ClassVar, NamedTuple

import numpy as np
import tensorflow as tf

from nodelens.ode.adjoints.base import Adjoint, Backward, Forward, Solve
from nodelens.ode.adjoints.coupled import CoupledRungeKutta
from nodelens.ode.adjoints.replay import (
    Cotangents,
    Replay,
    StartOfStep,
    end_of_step,
    room_for,
    walked_back,
    write,
)
from nodelens.ode.controllers import FixedController
from nodelens.ode.implicit import ImplicitRungeKutta
from nodelens.ode.integrate import Front, Method, Tolerances
from nodelens.ode.norms import of_halves, rms_norm
from nodelens.ode.observe import Inputs, right_hand_side, solve_forward
from nodelens.ode.runge_kutta import Step


class Kept(NamedTuple):
    """The residuals of the forward solve: three numbers a step, and a few pairs.

    Args:
        ends: End time of every accepted step, shape [max_accepted + 1, batch].
        couplings: Its c, same shape.
        slots: Where the pairs at its start are anchored, or zero, shape [max_accepted + 1].
        anchors: Pairs, shape [anchors + 1, batch, 2 size]; row 0 is never read.
        used: Anchors taken so far, shape [].
        lost: Log of the factor by which rounding grows since the last anchor, shape [batch].
    """

    ends: tf.Tensor
    couplings: tf.Tensor
    slots: tf.Tensor
    anchors: tf.Tensor
    used: tf.Tensor
    lost: tf.Tensor


class Apart(NamedTuple):
    """The distances between the states of a backward pass so far, each of shape [batch].

    Args:
        strayed: The largest relative distance between what came back and what was there.
        gap: RMS of the largest difference within a pair.
        size: RMS of the largest state.
    """

    strayed: tf.Tensor
    gap: tf.Tensor
    size: tf.Tensor

    def widened(self, strayed: tf.Tensor, pair: tf.Tensor) -> "Apart":
        """Takes one more pair into account, which had strayed this far."""
        main, shadow = tf.split(pair, 2, axis=-1)
        return Apart(
            tf.maximum(self.strayed, strayed),
            tf.maximum(self.gap, rms_norm(main - shadow)),
            tf.maximum(self.size, rms_norm(main)),
        )


@dataclass(frozen=True)
class Reversible(Adjoint):
    """Replaces the solver by its reversible form and runs it backward to get its states back.

    Exact up to rounding, which grows on the way back as the solution was damped on the way there.
    Wherever this would cost half of the digits, the pair is anchored: kept, to go on from. With all
    anchors used up the rounding grows freely.

    `BackwardStats.drift` at the first time is the largest distance, relative to the size of the
    state, between what came back and what was there, at the anchors and at the start. At the last
    time it is the largest gap between the two states of the pair, relative to the largest state.
    Both are solutions of the same problem: where they differ, the step is too long for the scheme,
    and its gradient is that of something else.

    Args:
        coupling: The largest c, see `CoupledRungeKutta`.
        anchors: Pairs there is room for.
        max_accepted: Accepted steps there is room for (three numbers a step). Beyond it the
            gradient is NaN with the status `CAPACITY`; eager calls then solve again with four
            times the room.
    """

    coupling: float = 0.999
    anchors: int = 16
    max_accepted: int = 4096
    strayed: ClassVar[str] = "the two states of the pair came apart, or did not come back,"

    def check(self, method: Method, inputs: Inputs) -> None:
        """Refuses an implicit solver."""
        if isinstance(method.solver, ImplicitRungeKutta):
            raise ValueError(
                "The adjoint 'reversible' needs an explicit solver; "
                f"{method.solver.name!r} is not. Use adjoint='discrete' or 'checkpointed' with it."
            )

    def forward(self, solve: Solve) -> Forward:
        """Solves with the reversible form of the solver."""
        method, field, inputs = solve
        method, _, pair = self._paired(method, inputs)
        rows, none = self.max_accepted + 1, tf.constant(0)
        kept = Kept(
            ends=room_for(rows, inputs.times[0]),
            couplings=room_for(rows, tf.math.real(inputs.z0[:, 0])),
            slots=room_for(rows, none),
            anchors=room_for(self.anchors + 1, pair.z0),
            used=none,
            lost=tf.zeros_like(tf.math.real(inputs.z0[:, 0])),
        )

        def record(
            kept: Kept, front: Front, step: Step, t_end: tf.Tensor, accepted: tf.Tensor
        ) -> Kept:
            enough = -0.5 * math.log(np.finfo(kept.lost.dtype.as_numpy_dtype).eps)
            due = tf.reduce_any(kept.lost > enough) & (kept.used < self.anchors)
            slot = tf.where(due, kept.used + 1, 0)
            c, loss = step.stages
            row = tf.minimum(front.rows, self.max_accepted)
            end = end_of_step(front, t_end, accepted)
            ends, couplings, slots = write(kept[:3], row, (end, c, slot))
            # An attempt that nobody took is made again, with the same anchor.
            taken = tf.reduce_any(accepted)
            lost = tf.where(due & taken, tf.zeros_like(c), kept.lost)
            return Kept(
                ends,
                couplings,
                slots,
                anchors=write(kept.anchors, slot, front.y),
                used=tf.where(due & taken, slot, kept.used),
                lost=lost + tf.where(accepted, loss, tf.zeros_like(c)),
            )

        states, front, kept = solve_forward(method, field, pair, recorder=record, record=kept)
        states = tf.split(states, 2, axis=-1)[0]
        return Forward.of(states, front, inputs.z0.shape[-1], (kept, front.rows, front.y))

    def backward(self, solve: Solve, forward: Forward, cotangent: tf.Tensor) -> Backward:
        """Undoes each step and differentiates it."""
        method, field, inputs = solve
        method, solver, pair_inputs = self._paired(method, inputs)
        kept, rows, last = forward.residuals
        rows, full = walked_back(rows, self.max_accepted)
        nothing = tf.zeros_like(kept.lost)
        padded = tf.concat([cotangent, tf.zeros_like(cotangent)], -1)
        replay = Replay.of(method, field, pair_inputs, padded)
        at_end = Apart(nothing, nothing, nothing).widened(nothing, last)
        rhs = right_hand_side(field, inputs.theta)

        def body(
            i: tf.Tensor, pair: tf.Tensor, apart: Apart, after: Cotangents
        ) -> tuple[tf.Tensor, tf.Tensor, Apart, Cotangents]:
            t0 = tf.where(i > 0, kept.ends[tf.maximum(i - 1, 0)], inputs.times[0])
            taken = (t0 != kept.ends[i])[:, None]
            found = solver.undo(rhs, t0, kept.ends[i], pair, kept.couplings[i])
            found = tf.where(taken, found, pair)
            known = (kept.slots[i] > 0) | (i == 0)
            saved = tf.where(i == 0, pair_inputs.z0, kept.anchors[kept.slots[i]])
            strayed = tf.where(known, _relative(found - saved, saved), nothing)
            pair = tf.where(known, saved, found)
            after = replay.pull_back(StartOfStep(t0, kept.ends[i], pair, []), after)
            return i - 1, pair, apart.widened(strayed, pair), after

        _, _, apart, before = tf.while_loop(
            lambda i, *_: i >= 0,
            body,
            (rows - 1, last, at_end, replay.last()),
            maximum_iterations=kept.ends.shape[0],
        )
        # Undoing a step needs no coupling, so two evaluations less than the step.
        evaluations = forward.stats.accepted * (2 * solver.evaluations_per_step - 2)
        found = replay.finish(forward, before, evaluations, full)
        ends = tf.stack([apart.strayed, _ratio(apart.gap, apart.size)])
        drift = tf.tensor_scatter_nd_update(
            found.stats.drift, [[0], [inputs.times.shape[0] - 1]], tf.cast(ends, inputs.times.dtype)
        )
        return Backward(
            z0=tf.add_n(tf.split(found.z0, 2, axis=-1)),
            theta=found.theta,
            stats=found.stats._replace(drift=drift),
        )

    def _paired(self, method: Method, inputs: Inputs) -> tuple[Method, CoupledRungeKutta, Inputs]:
        """Returns the reversible form of a solver, and inputs whose state is the pair (z0, z0)."""
        adaptive = not isinstance(method.controller, FixedController)
        solver = CoupledRungeKutta(
            method.solver.tableau,
            coupling=self.coupling,
            tolerances=inputs.tolerances if adaptive else None,
            norm=method.norm,
        )
        tolerances = Tolerances(
            *[x if x.shape[0] == 1 else tf.concat([x, x], 0) for x in inputs.tolerances]
        )
        z0 = tf.concat([inputs.z0, inputs.z0], -1)
        paired = inputs._replace(z0=z0, tolerances=tolerances)
        return replace(method, solver=solver, norm=of_halves(method.norm)), solver, paired

    def larger(self) -> "Reversible":
        """Returns the same with four times the steps."""
        return replace(self, max_accepted=4 * self.max_accepted)


def _relative(difference: tf.Tensor, state: tf.Tensor) -> tf.Tensor:
    """Returns RMS of a difference over RMS of the state, shape [batch]."""
    return _ratio(rms_norm(difference), rms_norm(state))


def _ratio(part: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    return part / tf.where(size > 0, size, tf.ones_like(size))
