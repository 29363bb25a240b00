"""A Runge-Kutta method whose steps can be undone."""

import math
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from nodelens.ode.integrate import Tolerances
from nodelens.ode.norms import Norm, rms_norm, scaled
from nodelens.ode.runge_kutta import ExplicitRungeKutta, RightHandSide, Step

_MARGIN = 1.25  # how much faster than it grows the gap is damped
_WIDEST_GAP = 3.0  # in units of the tolerance
_WEIGHT_OF_GAP = 0.1  # in the error; with the widest gap well below one
_LEAST_COUPLING = 1e-3
_SMALLEST_GAP = 1e3  # in units of the rounding of the state


@dataclass(frozen=True)
class CoupledRungeKutta(ExplicitRungeKutta):
    """A reversible method made of an explicit one (McCallum and Foster 2024).

    With the increment P_h(t, y) of the base method, a pair (y, v) that starts as (z0, z0) goes on

        y1 = c y0 + (1 - c) v0 + P_h(t0, v0),    v1 = v0 - P_{-h}(t1, y1),

    which can be solved for (y0, v0). The order is that of the base method; the cost is double.

    The gap y - v grows like c exp(rate h) a step where the solution is damped at that rate. With c
    fixed the pair comes apart wherever rate h > -log c, and the error estimate, which sees v only,
    does not notice. So the rate is measured along the gap, at no cost but one or two evaluations,

        rate = -Re <y - v, f(t, y) - f(t, v)> / |y - v|**2,    c = min(coupling, exp(-1.25 rate h)),

    and where there are tolerances the gap is part of the error, and c (y - v) held to them.

    Args:
        tableau: Of the base method.
        coupling: The largest c, just below one.
        tolerances: Of the state; `None` for steps that are not adapted.
        norm: Reduces the scaled gap to [batch].
    """

    coupling: float = 0.999
    tolerances: Tolerances | None = None
    norm: Norm = rms_norm

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
        """One increment forward and one backward, and a slope at each half of the pair."""
        return 2 * len(self.tableau.b) + 2

    def increment(
        self, rhs: RightHandSide, t0: tf.Tensor, t1: tf.Tensor, y: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns P of the base method from t0 to t1, and its error estimate."""
        base = ExplicitRungeKutta(self.tableau)
        step = base.step(rhs, t0, t1, y, base.start(rhs, t0, y))
        return step.y1 - y, step.error

    def coupling_at(
        self, rhs: RightHandSide, t0: tf.Tensor, t1: tf.Tensor, pair: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns what a step from this pair goes with, constants to gradients of shape [batch].

        They are c, and the log of the factor by which rounding grows where the step is undone.
        """
        main, shadow = tf.split(tf.stop_gradient(pair), 2, axis=-1)
        gap, bend = main - shadow, rhs(t0, main) - rhs(t0, shadow)
        # Below this size the gap is rounding, and has no direction.
        floor = _SMALLEST_GAP * np.finfo(gap.dtype.as_numpy_dtype).eps * rms_norm(main)
        square = rms_norm(gap) ** 2 + floor**2
        along = tf.reduce_mean(tf.math.real(tf.math.conj(gap) * bend), axis=-1)
        rate = -along / tf.where(square > 0, square, tf.ones_like(square))
        h = tf.cast(t1 - t0, rate.dtype)
        c = tf.minimum(tf.exp(-_MARGIN * rate * h), self.coupling)
        if self.tolerances is not None:
            size = self.norm(scaled(gap, *self.tolerances, main, shadow))
            c = tf.where(size * c > _WIDEST_GAP, _WIDEST_GAP / size, c)
        c = tf.stop_gradient(tf.maximum(c, _LEAST_COUPLING))
        return c, tf.stop_gradient(tf.maximum(-tf.math.log(c), tf.abs(rate * h)))

    def step(
        self,
        rhs: RightHandSide,
        t0: tf.Tensor,
        t1: tf.Tensor,
        y0: tf.Tensor,
        first: list[tf.Tensor],
    ) -> Step:
        """Attempts one step of the pair that y0 holds side by side; `stages` are `coupling_at`."""
        main, shadow = tf.split(y0, 2, axis=-1)
        coupling, loss = self.coupling_at(rhs, t0, t1, y0)
        c = tf.cast(coupling, y0.dtype)[:, None]
        rise, error = self.increment(rhs, t0, t1, shadow)
        main = c * main + (1 - c) * shadow + rise
        shadow -= self.increment(rhs, t1, t0, main)[0]
        return Step(
            y1=tf.concat([main, shadow], -1),
            # The root makes up for the mean over twice the components.
            error=math.sqrt(2) * tf.concat([error, _WEIGHT_OF_GAP * (main - shadow)], -1),
            first=[],
            stages=[coupling, loss],
            evaluations=tf.constant(self.evaluations_per_step),
        )

    def slope(self, rhs: RightHandSide, t: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        """Returns the derivative of the solution, once for each of the pair."""
        slope = rhs(t, tf.split(y, 2, axis=-1)[0])
        return tf.concat([slope, slope], -1)

    def undo(
        self, rhs: RightHandSide, t0: tf.Tensor, t1: tf.Tensor, y1: tf.Tensor, coupling: tf.Tensor
    ) -> tf.Tensor:
        """Returns the pair at t0 from the pair at t1 and the c of the step."""
        main, shadow = tf.split(y1, 2, axis=-1)
        c = tf.cast(coupling, y1.dtype)[:, None]
        shadow += self.increment(rhs, t1, t0, main)[0]
        main = (main - (1 - c) * shadow - self.increment(rhs, t0, t1, shadow)[0]) / c
        return tf.concat([main, shadow], -1)
