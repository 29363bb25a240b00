"""The gradient of one step that was taken: what every exact adjoint is made of."""

from typing import Any, NamedTuple

import tensorflow as tf

from nodelens.ode.adjoints.base import (
    Backward,
    Forward,
    dense_gradient,
    field_vjp,
    is_differentiable,
    zero_gradients,
)
from nodelens.ode.integrate import Front, Method
from nodelens.ode.observations import Observed, pull_back
from nodelens.ode.observe import Inputs, right_hand_side
from nodelens.ode.solution import BackwardStats
from nodelens.ode.status import Status
from nodelens.ode.vector_field import FlatField


class StartOfStep(NamedTuple):
    """The start of a step.

    Args:
        t0: Start of the step, shape [batch].
        t1: End of the step, shape [batch]; t0 for a sample that did not take it.
        y: The solution at t0, shape [batch, size].
        first: The derivative at t0 in a list, empty if the solver does not carry it over.
    """

    t0: tf.Tensor
    t1: tf.Tensor
    y: tf.Tensor
    first: list[tf.Tensor]


class Cotangents(NamedTuple):
    """dL with respect to what a step ends with: y, the carried derivative, and theta so far."""

    y: tf.Tensor
    first: list[tf.Tensor]
    theta: list[tf.Tensor]


class Replay(NamedTuple):
    """A solve whose accepted steps are differentiated one by one, last to first.

    Args:
        method: How it stepped.
        field: The vector field.
        inputs: Its tensors.
        cotangent: dL/dstates, shape [count, batch, size].
        observed: The times between the first and the last, with their part of it; None without any.
    """

    method: Method
    field: FlatField
    inputs: Inputs
    cotangent: tf.Tensor
    observed: Observed | None

    @classmethod
    def of(cls, method: Method, field: FlatField, inputs: Inputs, cotangent: tf.Tensor) -> "Replay":
        """Makes the replay of a solve, given dL/dstates."""
        inner = inputs.times[1:-1]
        observed = None if inner.shape[0] == 0 else Observed.of(inner, cotangent[1:-1])
        return cls(method, field, inputs, cotangent, observed)

    def last(self) -> Cotangents:
        """Returns the cotangents at the last time."""
        z0 = self.inputs.z0
        carried = [tf.zeros_like(z0)] if self.method.solver.carries else []
        return Cotangents(self.cotangent[-1], carried, zero_gradients(self.inputs.theta))

    def pull_back(self, start: StartOfStep, after: Cotangents) -> Cotangents:
        """Takes the cotangents at the end of a step to its start.

        Args:
            start: Where the step started.
            after: The cotangents at its end.

        Returns:
            The cotangents at its start, those of the requested times inside it added. A sample that
            did not take the step keeps its own.
        """
        z0, times, theta, *_ = self.inputs
        solver, active = self.method.solver, start.t0 != start.t1
        mask = active[:, None]
        # A sample that is done idles on a harmless step from t0 to t0.
        t0 = tf.where(active, start.t0, times[0])
        t1 = tf.where(active, start.t1, times[0])
        y = tf.where(mask, start.y, z0)
        first = [tf.where(mask, x, tf.zeros_like(x)) for x in start.first]
        wanted = [x for x in theta if is_differentiable(x)]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch([y, first, wanted])
            step = solver.step(right_hand_side(self.field, theta), t0, t1, y, first)
            columns = []
            if self.observed is not None and not self.method.lands:
                columns = solver.columns(step, t0, t1, y)
        by_end, *by_carried = [tf.where(mask, x, tf.zeros_like(x)) for x in (after.y, *after.first)]
        by_step = None
        if self.observed is not None:
            by_step = pull_back(self.observed, t0, t1, len(columns))
            by_end += by_step.y1
        by_y, *rest = dense_gradient(
            tape,
            [step.y1, *step.first, *columns],
            [y, *first, *wanted],
            [by_end, *by_carried, *(by_step.columns if by_step else ())],
        )
        by_y = by_y + by_step.y0 if by_step else by_y
        by_first, by_theta = rest[: len(first)], rest[len(first) :]
        return Cotangents(
            tf.where(mask, by_y, after.y),
            [tf.where(mask, new, old) for new, old in zip(by_first, after.first, strict=True)],
            [old + new for old, new in zip(after.theta, by_theta, strict=True)],
        )

    def finish(
        self, forward: Forward, before: Cotangents, evaluations: tf.Tensor, full: tf.Tensor
    ) -> Backward:
        """Takes the cotangents at the start of the first step to the gradient.

        Args:
            forward: The solve.
            before: The cotangents.
            evaluations: What they have cost.
            full: Whether the store had no room for all steps, shape []; the gradient is then NaN
                and the status `CAPACITY`.
        """
        z0, times, theta, *_ = self.inputs
        by_z0, by_theta = before.y, before.theta
        if before.first:
            _, by_start, extra = field_vjp(self.field, times[0], z0, theta, before.first[0])
            by_z0 += by_start
            by_theta = [old + new for old, new in zip(by_theta, extra, strict=True)]
            evaluations += 1
        at_start = (times[:-1] == times[0])[..., None]
        by_z0 += tf.reduce_sum(tf.where(at_start, self.cotangent[:-1], tf.zeros_like(z0)), axis=0)
        accepted, status = forward.stats.accepted, forward.status
        solved = status == int(Status.SUCCESS)
        stats = BackwardStats(
            nfe=evaluations,
            accepted=accepted,
            rejected=tf.zeros_like(accepted),
            status=tf.where(full & solved, int(Status.CAPACITY), status),
            drift=tf.zeros_like(times),
        )
        return Backward(by_z0, by_theta, stats).voided(full)


def walked_back(rows: tf.Tensor, room: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns the number of stored steps to differentiate, none if there are more, and whether."""
    full = rows > room
    return tf.where(full, 0, rows), full


def row_of(store: StartOfStep, index: tf.Tensor) -> StartOfStep:
    """Reads one step out of a store whose leading axis counts steps."""
    return tf.nest.map_structure(lambda buffer: buffer[index], store)


def room_for(rows: int, like: tf.Tensor) -> tf.Tensor:
    """Returns zeros for `rows` tensors of this kind."""
    return tf.zeros(tf.concat([[rows], tf.shape(like)], 0), like.dtype)


def write(store: Any, row: tf.Tensor, values: Any) -> Any:
    """Writes values, each [batch, ...], to a row of a store."""
    return tf.nest.map_structure(
        lambda buffer, value: tf.tensor_scatter_nd_update(buffer, [[row]], value[None]),
        store,
        values,
    )


def end_of_step(front: Front, t_end: tf.Tensor, accepted: tf.Tensor) -> tf.Tensor:
    """Returns the time that each sample reached: its start, if it did not take the step."""
    return tf.where(accepted, t_end, front.t)
