"""Step-size control: what the error of one step says about the size of the next.

A controller is immutable; what it remembers of earlier steps travels through the loop as `memory`.
"""

from dataclasses import dataclass
from typing import NamedTuple

import tensorflow as tf


class Verdict(NamedTuple):
    """The verdict of a controller on one attempted step; every tensor has shape [batch]."""

    accepted: tf.Tensor
    factor: tf.Tensor
    memory: tuple[tf.Tensor, tf.Tensor]


@dataclass(frozen=True)
class PIDController:
    """Chooses the step size from the last three error ratios (Soderlind 2003).

    With r_n the error of step n in units of the tolerance, k the order of its estimate plus one and
    e_n = 1 / r_n, the step is multiplied by

        safety * e_n**(b1 / k) * e_{n-1}**(b2 / k) * e_{n-2}**(b3 / k),
        b1 = integral + proportional + derivative,
        b2 = -(proportional + 2 derivative),
        b3 = derivative.

    The default is the plain I controller (Hairer, Norsett and Wanner, eq. II.4.13).

    Args:
        proportional, integral, derivative: The three coefficients.
        safety: Factor that keeps the proposal on the safe side.
        min_factor, max_factor: Bounds of the change from one step to the next.
        min_step: No smaller step is tried (but to land on a time): one that is rejected is a
            failure with status `STEP_UNDERFLOW`, never accepted by force.
        max_step: The largest step that is taken.
        first_step: Size of the first step; `None` estimates it (Hairer, section II.4).
    """

    proportional: float = 0.0
    integral: float = 1.0
    derivative: float = 0.0
    safety: float = 0.9
    min_factor: float = 0.2
    max_factor: float = 10.0
    min_step: float = 0.0
    max_step: float = float("inf")
    first_step: float | None = None

    def initial_memory(self, like: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns the memory before the first step: two error ratios of exactly one."""
        return tf.ones_like(like), tf.ones_like(like)

    def judge(self, ratio: tf.Tensor, memory: tuple[tf.Tensor, tf.Tensor], order: int) -> Verdict:
        """Accepts or rejects a step and proposes the factor for the next one.

        Args:
            ratio: Error in units of the tolerance, shape [batch]; NaN and Inf reject.
            memory: The two error ratios before, latest first.
            order: Exponent of the step size in the error estimate.

        Returns:
            The verdict. A rejected step always shrinks, an accepted one never does.
        """
        finite = tf.math.is_finite(ratio)
        safe = tf.where(finite, tf.clip_by_value(ratio, 1e-10, 1e10), tf.ones_like(ratio))
        accepted = finite & (ratio <= 1)
        b1 = self.integral + self.proportional + self.derivative
        b2 = -(self.proportional + 2 * self.derivative)
        exponent = -b1 / order * tf.math.log(safe)
        if b2 or self.derivative:
            exponent -= b2 / order * tf.math.log(memory[0])
            exponent -= self.derivative / order * tf.math.log(memory[1])
        factor = self.safety * tf.exp(exponent)
        factor = tf.where(finite, factor, tf.zeros_like(factor))
        low = tf.where(accepted, tf.ones_like(factor), self.min_factor * tf.ones_like(factor))
        high = tf.where(
            accepted, self.max_factor * tf.ones_like(factor), self.safety * tf.ones_like(factor)
        )
        factor = tf.minimum(tf.maximum(factor, low), high)
        memory = (
            tf.where(accepted, safe, memory[0]),
            tf.where(accepted, memory[0], memory[1]),
        )
        return Verdict(accepted, factor, memory)


@dataclass(frozen=True)
class FixedController:
    """Takes steps of one size, shortened so that they land on every requested time.

    Args:
        step_size: The largest step; each interval between requested times is divided evenly.
            `None` takes one step from each requested time to the next.
    """

    step_size: float | None = None


Controller = PIDController | FixedController
