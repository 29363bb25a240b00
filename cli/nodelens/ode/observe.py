"""The forward solve and its observations: the states at the requested times."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from nodelens.ode.integrate import Front, Method, Recorder, Tolerances, advance, begin
from nodelens.ode.observations import Observed
from nodelens.ode.runge_kutta import RightHandSide, Step
from nodelens.ode.status import Status
from nodelens.ode.vector_field import FlatField, Source


class Inputs(NamedTuple):
    """The tensors of a solve.

    Args:
        z0: The initial state, shape [batch, size].
        times: The requested times, `float64`, shape [count, batch].
        theta: Leaves of the parameters, and behind them the captures or their values.
        tolerances: Scale of the error.
        jumps: Times at which the field jumps, `float64`, one tensor [jumps, 1] or none.
    """

    z0: tf.Tensor
    times: tf.Tensor
    theta: Sequence[Source]
    tolerances: Tolerances
    jumps: Sequence[tf.Tensor] = ()


def right_hand_side(field: FlatField, theta: Sequence[Source]) -> RightHandSide:
    """Closes a field over its parameters."""
    return lambda t, y: field(t, y, theta)


def take_rows(x: tf.Tensor, index: tf.Tensor) -> tf.Tensor:
    """Takes for each sample its own rows of [rows, batch, ...]; the index is [taken, batch]."""
    samples = tf.broadcast_to(tf.range(tf.shape(index)[1]), tf.shape(index))
    taken = tf.gather_nd(x, tf.stack([index, samples], -1))
    return tf.ensure_shape(taken, [index.shape[0], *x.shape[1:]])


def walk(
    method: Method,
    rhs: RightHandSide,
    inputs: Inputs,
    *,
    capacity: int | None = None,
    recorder: Recorder | None = None,
    record: Any = (),
    ended: Callable[[Any], tf.Tensor] | None = None,
) -> tuple[Front, Any]:
    """Steps from the first to the last time, on all times between where the method lands on them.

    Args:
        method: How to step.
        rhs: The right-hand side.
        inputs: The tensors of the solve.
        capacity: As in `advance`, like all others.
        recorder: See above.
        record: See above.
        ended: See above.

    Returns:
        The front at the end and the record.
    """
    times, inner = inputs.times, inputs.times[1:-1]
    return advance(
        method,
        rhs,
        begin(method, rhs, times[0], times[-1], inputs.z0, inputs.tolerances),
        times[-1],
        inputs.tolerances,
        landings=inner if method.lands and inner.shape[0] != 0 else None,
        capacity=capacity,
        recorder=recorder,
        record=record,
        ended=ended,
    )


def solve_forward(
    method: Method,
    field: FlatField,
    inputs: Inputs,
    recorder: Recorder | None = None,
    record: Any = (),
    *,
    taped: bool = False,
) -> tuple[tf.Tensor, Front, Any]:
    """Solves from the first to the last time.

    Args:
        method: How to step.
        field: The vector field.
        inputs: The tensors of the solve.
        recorder: Sees every attempted step (an adjoint that stores steps).
        record: What it begins with.
        taped: True if a tape goes through the steps.

    Returns:
        The states at the times, [count, batch, size] (NaN where the solve did not get to), the
        front at the end, and the record.
    """
    times, z0 = inputs.times, inputs.z0
    rhs = right_hand_side(field, inputs.theta)
    inner = times[1:-1]
    observed = inner.shape[0] != 0
    here = (inner == times[0])[..., None]
    unknown = tf.cast(tf.constant(float("nan"), z0.dtype.real_dtype), z0.dtype)
    states = tf.where(here, z0, unknown)
    known = Observed.of(inner, states, taped=taped) if observed else None

    def record_step(
        record: Any, front: Front, step: Step, t_end: tf.Tensor, accepted: tf.Tensor
    ) -> Any:
        values, extra = record
        if known is not None:
            values = (
                known._replace(values=values).after(method, step, front, t_end, accepted).values
            )
        if recorder is not None:
            extra = recorder(extra, front, step, t_end, accepted)
        return values, extra

    front, (values, record) = walk(
        method,
        rhs,
        inputs,
        recorder=record_step,
        record=(() if known is None else known.values, record),
    )
    if times.shape[0] == 1:
        return z0[None], front, record
    good = (front.status == int(Status.SUCCESS))[:, None]
    last = tf.where(good, front.y, unknown)
    if known is not None:
        states = known._replace(values=values).all_values()
    return tf.concat([z0[None], states, last[None]], 0), front, record
