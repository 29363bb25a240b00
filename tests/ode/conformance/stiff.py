"""Stiff problems, and those that cannot be solved backward."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from tests.ode.conformance.exact import ExactProblem, array

from nodelens.ode.problems import ladder_flow


@dataclass(frozen=True)
class Relaxation:
    """dz/dt = -rate (z - cos t) from z(0) = 1.5 to t = 1: the stiff ladder, one rung a rate.

    With p(t) = (rate^2 cos t + rate sin t) / (1 + rate^2), z(t) = p(t) + (z0 - p(0)) exp(-rate t).

    Args:
        rate: The stiffness.
        z0: The initial state.
        end: The end time.
    """

    rate: float
    z0: float = 1.5
    end: float = 1.0

    @staticmethod
    def vector_field(t: tf.Tensor, z: tf.Tensor, rate: tf.Tensor) -> tf.Tensor:
        """f(t, z, rate) = -rate (z - cos t)."""
        return -rate * (z - tf.cos(t))

    def state(self) -> float:
        """Returns z(end)."""
        return float(self._state(self.rate).real)

    def by_rate(self) -> float:
        """Returns dz(end)/drate by a complex step, exact to rounding."""
        step = 1e-30
        return float(self._state(self.rate + 1j * step).imag / step)

    def _state(self, rate: complex) -> complex:
        def particular(t: float) -> complex:
            return (rate**2 * np.cos(t) + rate * np.sin(t)) / (1 + rate**2)

        return complex(
            particular(self.end) + (self.z0 - particular(0.0)) * np.exp(-rate * self.end)
        )


STIFF_LADDER = tuple(Relaxation(rate) for rate in (1.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0))


LADDER = ExactProblem(
    name="K1",
    title="three rungs of the stiff ladder, dz/dt = rates (cos t - z)",
    vector_field=lambda t, z, params: params[0] * (tf.cos(t) - z),
    z0=array([1.5, 1.5, 1.5]),
    times=array([0.0, 0.15, 0.4, 1.0]),
    params=(array([1, 4, 16]),),
    flow=ladder_flow,
    limit=2e-5,
)

# dz/dt = -rate z to t = 1: backward it grows by exp(rate), so z0 comes back as noise at the last.
BACKSOLVE_TRAPS = (5.0, 20.0, 40.0, 60.0)


@dataclass(frozen=True)
class KnownStates:
    """A problem without parameters whose states are known from a table.

    Args:
        vector_field: f(t, z) of TensorFlow operations.
        z0: Initial state, shape [size].
        times: Requested times, shape [count].
        states: The states behind the first time, shape [count - 1, size].
    """

    vector_field: Callable[..., Any]
    z0: np.ndarray
    times: np.ndarray
    states: np.ndarray


def _kinetics(t: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
    del t
    a, b, c = tf.unstack(z)
    slow, fast, middle = 0.04 * a, 3e7 * b * b, 1e4 * b * c
    return tf.stack([middle - slow, slow - middle - fast, fast])


# Robertson's kinetics at t = 40: Hairer and Wanner, *Solving Ordinary Differential Equations II*.
ROBERTSON = KnownStates(
    _kinetics,
    array([1, 0, 0]),
    array([0, 40]),
    array([[0.7158270688, 9.185534765e-6, 0.2841637458]]),
)
