"""The one loop: attempt a step, judge it, go on until the end is reached or the solve fails."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import tensorflow as tf

from nodelens.ode.controllers import Controller, FixedController, PIDController
from nodelens.ode.norms import Norm, rms_norm, scaled
from nodelens.ode.runge_kutta import ExplicitRungeKutta, RightHandSide, Step
from nodelens.ode.status import Status


@dataclass(frozen=True)
class Method:
    """Everything static about how a solve is stepped.

    Args:
        solver: Takes one step.
        controller: Chooses its size.
        max_steps: Attempted steps after which the solve fails.
        norm: Reduces a scaled error [batch, size] to [batch].
        stops: Times that steps end on in every solve, forward and backward, shape [count, batch].
            The core puts them in while it is traced; they are no part of the configuration.
    """

    solver: ExplicitRungeKutta
    controller: Controller
    max_steps: int
    norm: Norm = rms_norm
    stops: tf.Tensor | None = None

    @property
    def lands(self) -> bool:
        """True if steps end on every observation time (else the interpolant serves them)."""
        return isinstance(self.controller, FixedController) or not self.solver.interpolates


class Tolerances(NamedTuple):
    """Relative and absolute tolerance, each [1] or [size], in the real dtype of the state."""

    rtol: tf.Tensor
    atol: tf.Tensor


class Front(NamedTuple):
    """The state of an integration. The leading axis of every tensor but `rows` is the batch.

    Args:
        t: The time reached.
        h: Proposed size of the next step, positive.
        y: The solution at t.
        first: What the next step starts with.
        memory: What the controller remembers.
        status: `Status` as `int32`.
        attempts, accepted, evaluations: Counts so far, `int32`.
        rows: How many attempts so far were accepted for some sample, `int32` of shape []: in a
            joint solve the accepted steps.
    """

    t: tf.Tensor
    h: tf.Tensor
    y: tf.Tensor
    first: list[tf.Tensor]
    memory: tuple[tf.Tensor, tf.Tensor]
    status: tf.Tensor
    attempts: tf.Tensor
    accepted: tf.Tensor
    evaluations: tf.Tensor
    rows: tf.Tensor


# recorder(record, front before the step, step, end time of the step, accepted) -> record
Recorder = Callable[[Any, Front, Step, tf.Tensor, tf.Tensor], Any]


def begin(
    method: Method,
    rhs: RightHandSide,
    t0: tf.Tensor,
    t1: tf.Tensor,
    y0: tf.Tensor,
    tolerances: Tolerances,
) -> Front:
    """Makes the first evaluation and estimates the first step."""
    solver, controller = method.solver, method.controller
    first = solver.start(rhs, t0, y0)
    evaluations = solver.initial_evaluations
    if isinstance(controller, FixedController):
        h, memory = tf.abs(t1 - t0), (tf.zeros_like(t0), tf.zeros_like(t0))
    else:
        memory = controller.initial_memory(t0)
        if controller.first_step is not None:
            h = tf.fill(tf.shape(t0), tf.constant(controller.first_step, t0.dtype))
        else:
            f0 = first[0] if solver.carries else solver.slope(rhs, t0, y0)
            h = _first_step(method, rhs, t0, t1, y0, f0, tolerances)
            evaluations += 1 if solver.carries else 2
    count = tf.zeros(tf.shape(t0), tf.int32)
    finite = tf.reduce_all(tf.math.is_finite(tf.abs(y0)), axis=-1)
    for derivative in first:
        finite &= tf.reduce_all(tf.math.is_finite(tf.abs(derivative)), axis=-1)
    return Front(
        t=t0,
        h=h,
        y=y0,
        first=first,
        memory=memory,
        status=tf.where(finite, int(Status.SUCCESS), int(Status.NON_FINITE)),
        attempts=count,
        accepted=count,
        evaluations=count + evaluations,
        rows=tf.constant(0),
    )


def _first_step(
    method: Method,
    rhs: RightHandSide,
    t0: tf.Tensor,
    t1: tf.Tensor,
    y0: tf.Tensor,
    f0: tf.Tensor,
    tolerances: Tolerances,
) -> tf.Tensor:
    """Estimates the first step size (Hairer, Norsett and Wanner, section II.4)."""

    def size(x: tf.Tensor) -> tf.Tensor:
        return tf.cast(method.norm(scaled(x, *tolerances, y0)), t0.dtype)

    span = tf.abs(t1 - t0)
    d0, d1 = size(y0), size(f0)
    small = (d0 < 1e-5) | (d1 < 1e-5)
    h0 = tf.where(small, 1e-6 * tf.ones_like(d0), 0.01 * d0 / tf.where(small, tf.ones_like(d1), d1))
    h0 = tf.where(tf.math.is_finite(h0), tf.minimum(h0, span), 1e-6 * span)
    signed = tf.sign(t1 - t0) * h0
    f1 = method.solver.slope(rhs, t0 + signed, y0 + tf.cast(signed, y0.dtype)[:, None] * f0)
    d2 = size(f1 - f0) / tf.where(h0 > 0, h0, tf.ones_like(h0))
    steepest = tf.maximum(d1, d2)
    flat = steepest <= 1e-15
    power = 1.0 / method.solver.error_exponent
    h1 = tf.where(
        flat,
        tf.maximum(1e-6 * tf.ones_like(h0), 1e-3 * h0),
        (0.01 / tf.where(flat, tf.ones_like(steepest), steepest)) ** power,
    )
    h = tf.where(tf.math.is_finite(h1), tf.minimum(100 * h0, h1), h0)
    return tf.stop_gradient(tf.minimum(h, span))


def advance(
    method: Method,
    rhs: RightHandSide,
    front: Front,
    t1: tf.Tensor,
    tolerances: Tolerances,
    *,
    landings: tf.Tensor | None = None,
    capacity: int | None = None,
    recorder: Recorder | None = None,
    record: Any = (),
    ended: Callable[[Any], tf.Tensor] | None = None,
) -> tuple[Front, Any]:
    """Integrates from `front` to t1, landing on it exactly.

    Args:
        method: How to step.
        rhs: The right-hand side.
        front: Where to start.
        t1: The end time, shape [batch]; before or after `front.t`.
        tolerances: Scale of the error.
        landings: Further times that steps must end on, shape [count, batch], in any order.
        capacity: Rows (see `Front.rows`) that the recorder has room for.
        recorder: Called after every attempted step with the record so far; returns the new one.
        record: The record to begin with, a nest of tensors.
        ended: Finds from the record which samples an event has ended, shape [batch].

    Returns:
        The front at t1 (or where the solve failed, with its status) and the record.
    """
    direction = tf.sign(t1 - front.t)
    if method.stops is not None:
        stops = method.stops
        landings = stops if landings is None else tf.concat([landings, stops], 0)

    def running(front: Front) -> tf.Tensor:
        return (front.status == int(Status.SUCCESS)) & (front.t != t1)

    def next_stop(t: tf.Tensor) -> tf.Tensor:
        if landings is None:
            return t1
        # Compared as they are: the distances of two neighbors may round to the same number.
        onward = landings * direction
        ahead = tf.where(onward > t * direction, onward, tf.constant(float("inf"), t.dtype))
        return tf.minimum(tf.reduce_min(ahead, axis=0), t1 * direction) * direction

    def body(front: Front, record: Any) -> tuple[Front, Any]:
        active = running(front)
        goal = next_stop(front.t)
        h, ends = _fit(method.controller, front.h, tf.abs(goal - front.t))
        t_end = tf.where(ends, goal, front.t + direction * h)
        t_end = tf.where(active, t_end, front.t)
        step = method.solver.step(rhs, front.t, t_end, front.y, front.first)
        after, accepted = _judge(method, front, step, h, t_end, active, tolerances)
        out_of_steps = active & (after.attempts >= method.max_steps) & running(after)
        status = tf.where(out_of_steps, int(Status.MAX_STEPS), after.status)
        if capacity is not None:
            full = running(after) & (after.rows >= capacity)
            status = tf.where(full, int(Status.CAPACITY), status)
        if recorder is not None:
            record = recorder(record, front, step, t_end, accepted)
        if ended is not None:
            status = tf.where(ended(record), int(Status.EVENT), status)
        return after._replace(status=status), record

    return tf.while_loop(
        lambda front, record: tf.reduce_any(running(front)),
        body,
        (front, record),
        maximum_iterations=method.max_steps,
    )


def _fit(
    controller: Controller, proposed: tf.Tensor, left: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns the step size that fits the distance left, and whether the step ends there.

    Two equal steps are taken where a whole one and a sliver would do.
    """
    if isinstance(controller, FixedController):
        if controller.step_size is None:
            return left, tf.ones_like(left, tf.bool)
        pieces = tf.maximum(tf.math.ceil(left / controller.step_size - 1e-9), tf.ones_like(left))
        return left / pieces, pieces <= 1
    h = tf.maximum(tf.minimum(proposed, controller.max_step), controller.min_step)
    ends = h >= left
    return tf.where(ends, left, tf.where(2 * h > left, left / 2, h)), ends


def _judge(
    method: Method,
    front: Front,
    step: Step,
    h: tf.Tensor,
    t_end: tf.Tensor,
    active: tf.Tensor,
    tolerances: Tolerances,
) -> tuple[Front, tf.Tensor]:
    """Accepts or rejects an attempted step; returns the front after it and what was accepted."""
    controller = method.controller
    if isinstance(controller, PIDController):
        ratio = method.norm(scaled(step.error, *tolerances, front.y, step.y1))
        # Step sizes are constants to every gradient.
        ratio = tf.stop_gradient(tf.cast(ratio, h.dtype))
        accepted, factor, memory = controller.judge(
            ratio, front.memory, method.solver.error_exponent
        )
        proposed = h * factor
        smallest = tf.maximum(_resolution(front.t), controller.min_step)
        failed = ~accepted & (proposed < smallest)
        why = tf.where(tf.math.is_finite(ratio), int(Status.STEP_UNDERFLOW), step.failure)
        proposed = tf.where(accepted, tf.maximum(proposed, front.h), proposed)
    else:
        accepted = tf.reduce_all(tf.math.is_finite(tf.abs(step.y1)), axis=-1)
        failed, why = ~accepted, step.failure
        proposed, memory = front.h, front.memory
    accepted &= active

    def choose(new: tf.Tensor, old: tf.Tensor) -> tf.Tensor:
        mask = tf.reshape(accepted, [-1] + [1] * (len(new.shape) - 1))
        return tf.where(mask, new, old)

    one = tf.cast(active, tf.int32)
    return Front(
        t=tf.where(accepted, t_end, front.t),
        h=tf.where(active, proposed, front.h),
        y=choose(step.y1, front.y),
        first=[choose(new, old) for new, old in zip(step.first, front.first, strict=True)],
        memory=tuple(
            tf.where(active, new, old) for new, old in zip(memory, front.memory, strict=True)
        ),
        status=tf.where(active & failed, why, front.status),
        attempts=front.attempts + one,
        accepted=front.accepted + tf.cast(accepted, tf.int32),
        evaluations=front.evaluations + one * step.evaluations,
        rows=front.rows + tf.cast(tf.reduce_any(accepted), tf.int32),
    ), accepted


def _resolution(t: tf.Tensor) -> tf.Tensor:
    """Returns the smallest step that still moves a floating-point time."""
    info = 2.0**-52 if t.dtype == tf.float64 else 2.0**-23
    return 4 * info * tf.maximum(tf.abs(t), 1e-30)
