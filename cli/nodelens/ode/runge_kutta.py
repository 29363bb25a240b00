"""One step of an explicit Runge-Kutta method, and the solution inside it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import tensorflow as tf

from nodelens.ode.status import Status
from nodelens.ode.tableau import Tableau

# rhs(t, y) -> dy/dt: t has shape [batch], y and dy/dt have shape [batch, size].
RightHandSide = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


class Step(NamedTuple):
    """One attempted step.

    Args:
        y1: The solution at the end of the step, shape [batch, size].
        error: Estimate of its local error, same shape.
        first: What the next step starts with: the derivative at its start in a list (empty for a
            method that does not carry it over).
        stages: The stage derivatives, for the interpolant and for quadratures.
        evaluations: Evaluations of the right-hand side, `int32` of shape [].
        failure: `Status` as `int32`, for the case that the values are not finite.
    """

    y1: tf.Tensor
    error: tf.Tensor
    first: list[tf.Tensor]
    stages: list[tf.Tensor]
    evaluations: tf.Tensor
    failure: tf.Tensor | int = int(Status.NON_FINITE)


class Node(NamedTuple):
    """A point where a quadrature over a step evaluates its integrand.

    Args:
        weight: Of the integrand, in units of the step.
        t: Time, shape [batch].
        y: The solution there, shape [batch, size].
    """

    weight: float
    t: tf.Tensor
    y: tf.Tensor


def stage_time(t0: tf.Tensor, t1: tf.Tensor, c: float) -> tf.Tensor:
    """Returns the time of a stage: t1 itself at the end, so that no rounding oversteps it."""
    return t1 if c == 1 else t0 + c * (t1 - t0)


def combine(weights: Sequence[float], terms: Sequence[tf.Tensor]) -> tf.Tensor | None:
    """Returns sum_i weights[i] * terms[i], leaving out what is exactly zero."""
    total = None
    for weight, term in zip(weights, terms, strict=False):
        if weight != 0:
            scaled = term if weight == 1 else tf.constant(weight, term.dtype) * term
            total = scaled if total is None else total + scaled
    return total


@dataclass(frozen=True)
class ExplicitRungeKutta:
    """A solver made of a tableau.

    Args:
        tableau: The coefficients.
        largest_state: The most components that it can handle, if there is a limit.
    """

    tableau: Tableau
    largest_state: int | None = None

    @property
    def name(self) -> str:
        """The name that users give."""
        return self.tableau.name

    @property
    def adaptive(self) -> bool:
        """True if the method estimates its error."""
        return self.tableau.adaptive

    @property
    def error_exponent(self) -> int:
        """The error estimate shrinks as the step size to this power."""
        return self.tableau.error_order + 1

    @property
    def interpolates(self) -> bool:
        """True if the interpolant is good enough to serve observation times inside a step."""
        return self.adaptive and self.tableau.dense_order >= self.tableau.error_order

    @property
    def initial_evaluations(self) -> int:
        """The number of evaluations of the field that `start` makes."""
        return 1 if self.carries else 0

    @property
    def carries(self) -> bool:
        """True if a step hands the derivative at its end to the next one."""
        return self.adaptive

    @property
    def evaluations_per_step(self) -> int:
        """The number of evaluations of the field in one attempted step."""
        return len(self.tableau.b) - self.initial_evaluations

    def start(self, rhs: RightHandSide, t: tf.Tensor, y: tf.Tensor) -> list[tf.Tensor]:
        """Returns what the first step at (t, y) starts with."""
        return [rhs(t, y)] if self.carries else []

    def slope(self, rhs: RightHandSide, t: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        """Returns dy/dt, from which the first step size is estimated."""
        return rhs(t, y)

    def step(
        self,
        rhs: RightHandSide,
        t0: tf.Tensor,
        t1: tf.Tensor,
        y0: tf.Tensor,
        first: list[tf.Tensor],
    ) -> Step:
        """Attempts one step.

        Args:
            rhs: The right-hand side.
            t0: Start of the step, shape [batch].
            t1: Its end; no stage lies outside.
            y0: The solution at t0, shape [batch, size].
            first: What `start` or the step before returned.

        Returns:
            The step, taken whether its error is small or not.
        """
        tableau = self.tableau
        dt = tf.cast(t1 - t0, y0.dtype)[:, None]
        stages = [first[0] if self.carries else rhs(t0, y0)]
        y = y0
        for row, c in zip(tableau.a[1:], tableau.c[1:], strict=True):
            y = y0 + dt * combine(row, stages)
            stages.append(rhs(stage_time(t0, t1, c), y))
        y1 = y if tableau.first_same_as_last else y0 + dt * combine(tableau.b, stages)
        error = tf.zeros_like(y1)
        if tableau.error is not None:
            error = dt * combine(tableau.error, stages)
        if tableau.error_check is not None:
            size = tf.abs(error)
            both = tf.sqrt(size**2 + 0.01 * tf.abs(dt * combine(tableau.error_check, stages)) ** 2)
            error *= tf.cast(size / tf.where(both > 0, both, tf.ones_like(both)), error.dtype)
        return Step(
            y1=y1,
            error=error,
            first=stages[-1:] if self.carries else [],
            stages=stages,
            evaluations=tf.constant(self.evaluations_per_step),
        )

    def nodes(self, step: Step, t0: tf.Tensor, t1: tf.Tensor, y0: tf.Tensor) -> Iterator[Node]:
        """Yields the nodes of the method's own quadrature, those of the stages with a weight.

        For an integrand q(t, y) the step from t0 to t1 adds (t1 - t0) sum_i weight_i q(t_i, y_i),
        which is what the method would do if q were one more component of the state.
        """
        tableau = self.tableau
        dt = tf.cast(t1 - t0, y0.dtype)[:, None]
        for weight, row, c in zip(tableau.b, tableau.a, tableau.c, strict=True):
            if weight != 0:
                rise = combine(row, step.stages)
                yield Node(weight, stage_time(t0, t1, c), y0 if rise is None else y0 + dt * rise)

    def interpolate(
        self, step: Step, t0: tf.Tensor, t1: tf.Tensor, y0: tf.Tensor, times: tf.Tensor
    ) -> tf.Tensor:
        """Evaluates the solution inside a step.

        Args:
            step: The step from t0 to t1.
            t0: Its start, shape [batch].
            t1: Its end.
            y0: The solution at t0, shape [batch, size].
            times: Where to evaluate, shape [..., batch]; exact at t1.

        Returns:
            The solution, shape [..., batch, size], of order `tableau.dense_order`.
        """
        x, columns = fraction(t0, t1, times, y0.dtype), self.columns(step, t0, t1, y0)
        value = columns[-1]
        for column in reversed(columns[:-1]):
            value = column + x * value
        return tf.where((times == t1)[..., None], step.y1, y0 + x * value)

    def interpolated_slope(
        self, step: Step, t0: tf.Tensor, t1: tf.Tensor, y0: tf.Tensor, times: tf.Tensor
    ) -> tf.Tensor:
        """Evaluates the time derivative of what `interpolate` returns; takes the same."""
        x, columns = fraction(t0, t1, times, y0.dtype), self.columns(step, t0, t1, y0)
        dt = tf.cast(t1 - t0, y0.dtype)[:, None]
        powers = tf.constant([float(i + 1) for i in range(len(columns))], y0.dtype)
        value = powers[-1] * columns[-1]
        for i in reversed(range(len(columns) - 1)):
            value = powers[i] * columns[i] + x * value
        return value / tf.where(dt == 0, tf.ones_like(dt), dt)

    def columns(self, step: Step, t0: tf.Tensor, t1: tf.Tensor, y0: tf.Tensor) -> list[tf.Tensor]:
        """Returns the coefficients of x, x**2, ... of the solution minus y0, x as in `fraction`."""
        dt = tf.cast(t1 - t0, y0.dtype)[:, None]
        dense = self.tableau.dense
        if dense is not None:
            return [dt * combine(column, step.stages) for column in zip(*dense, strict=True)]
        rise = step.y1 - y0
        start, end = dt * step.stages[0], dt * step.stages[-1]
        return [start, 3 * rise - 2 * start - end, start + end - 2 * rise]


def fraction(t0: tf.Tensor, t1: tf.Tensor, times: tf.Tensor, dtype: tf.DType) -> tf.Tensor:
    """Returns where times [..., batch] lie in a step, in units of it, shape [..., batch, 1]."""
    length = tf.where(t1 == t0, tf.ones_like(t0), t1 - t0)
    return tf.cast((times - t0) / length, dtype)[..., None]
