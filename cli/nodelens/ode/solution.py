"""The result types of a solve."""

from typing import Any, NamedTuple

import tensorflow as tf


class Stats(NamedTuple):
    """The cost of a solve: `int32`, scalars for a joint solve, [batch] for an independent one.

    Args:
        nfe: Evaluations of the vector field.
        accepted: Accepted steps.
        rejected: Rejected steps.
    """

    nfe: tf.Tensor
    accepted: tf.Tensor
    rejected: tf.Tensor


class Solution(NamedTuple):
    """The solution at the requested times.

    Args:
        states: The nest of z0, each tensor with the time axis in front: [times, ...]. NaN where the
            solve did not get to.
        times: The requested times, `float64`, shape [times]; [times, batch] if independent.
        status: How it ended (`Status` as `int32`); shape [batch] if independent.
        stats: What it cost.
    """

    states: Any
    times: tf.Tensor
    status: tf.Tensor
    stats: Stats

    def interpolate(self, t: Any) -> Any:
        """Raises: the steps were not kept.

        Raises:
            ValueError: Always; the message says how to ask for them.
        """
        raise ValueError(
            "The solution between the requested times was not kept. Solve with "
            "odeint(..., dense=True) to interpolate it."
        )


class DenseSolution(NamedTuple):
    """The solution at the requested times, and at any other between the first and the last one.

    Inside a `tf.function` it can be used, but not be returned from it.

    Args:
        states: As in `Solution`.
        times: As in `Solution`.
        status: As in `Solution`.
        stats: As in `Solution`, of both solves: the one that finds the steps, and the one that has
            a gradient at the end of each.
        steps: The accepted steps, `nodelens.ode.dense.Steps`.
    """

    states: Any
    times: tf.Tensor
    status: tf.Tensor
    stats: Stats
    steps: Any

    def interpolate(self, t: Any) -> Any:
        """Evaluates the solution at any times between the first and the last one.

        The step that a time lies in is taken again from the state at its start, at the cost of that
        one step, and the solver's interpolant evaluated; the step ends at the time itself for a
        solver whose interpolant is of lower order than its steps. Gradients flow to t; through the
        step, and through that state by the adjoint of the solve, to z0, to `params`, to what the
        field captures and to t_0.

        Args:
            t: A scalar or shape [count], in any order; in an independent solve also
                [count, batch], times of its own for each sample.

        Returns:
            The nest of z0; each tensor with the times in front if there is an axis of them. Inside
            a `tf.function` NaN where t lies outside of what was solved.

        Raises:
            ValueError: A time lies outside of what was solved.
        """
        return self.steps.at(t)


class BackwardStats(NamedTuple):
    """The cost of a gradient, and how far it can be trusted.

    Args:
        nfe: Evaluations of the field together with its vector-Jacobian product (one counts one).
        accepted, rejected: Steps of the backward pass (replayed steps, if it replays).
        status: How the backward solve ended (`Status` as `int32`).
        drift: For `backsolve`, at each requested time the distance between the state integrated
            backward and the one that the forward solve had there, relative to its size: RMS of
            (z_back - z_saved) / RMS of z_saved. For `reversible`, see there. Zero for adjoints that
            replay stored steps.
    """

    nfe: tf.Tensor
    accepted: tf.Tensor
    rejected: tf.Tensor
    status: tf.Tensor
    drift: tf.Tensor


class Gradients(NamedTuple):
    """Gradients of a scalar L, given dL/dstates.

    Args:
        z0: dL/dz0, in the nest of z0.
        params: dL/dparams, in the nest of `params`; `None` without `params`.
        times: dL/dt_i = <f(t_i, z_i), dL/dz_i>, and in addition dL/dt_0 -= <f(t_0, z_0), dL/dz0>:
            moving the first time moves the start, z0 staying what it is.
        captures: dL/d(captured variable or tensor), in the order of `Pullback.sources`.
        stats: What it cost.
    """

    z0: Any
    params: Any
    times: tf.Tensor
    captures: tuple[tf.Tensor, ...]
    stats: BackwardStats
