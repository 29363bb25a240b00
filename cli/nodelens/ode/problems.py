"""Initial value problems with exact solutions and exact gradients."""

from dataclasses import dataclass

import numpy as np
import tensorflow as tf
from scipy.linalg import expm, expm_frechet


@dataclass(frozen=True)
class ExactGradients:
    """Gradients of L = sum_i <weights_i, z(t_i)> as NumPy arrays.

    Args:
        states: The exact states, [times, size].
        z0: dL/dz0.
        params: dL/dparams, one array for each.
        times: dL/dt_i with z0 fixed at t_0.
    """

    states: np.ndarray
    z0: np.ndarray
    params: tuple[np.ndarray, ...]
    times: np.ndarray


@dataclass(frozen=True)
class LinearProblem:
    """dz/dt = A z, the problem whose gradients are known in closed form.

    z(t) = expm(A (t - t_0)) z_0, so with D_i = t_i - t_0 and cotangents w_i

        dL/dz_0 = sum_i expm(A D_i)^T w_i
        dL/dA   = sum_i (the Frechet derivative of expm at A D_i, adjoint applied to w_i z_0^T) D_i
        dL/dt_i = <A z(t_i), w_i>,    dL/dt_0 -= <A z_0, dL/dz_0>.

    (Higham, *Functions of Matrices*, section 10.6, for the Frechet derivative.)

    Args:
        matrix: A, shape [size, size], float64.
        z0: Initial state, shape [size].
        times: Requested times, shape [count].
    """

    matrix: np.ndarray
    z0: np.ndarray
    times: np.ndarray

    @classmethod
    def random(cls, size: int = 4, count: int = 5, seed: int = 0) -> "LinearProblem":
        """Makes a seeded, mildly damped problem on [0.2, 1.7]."""
        generator = np.random.default_rng(seed)
        matrix = generator.normal(size=(size, size)) / np.sqrt(size) - 0.5 * np.eye(size)
        return cls(matrix, generator.normal(size=size), np.linspace(0.2, 1.7, count))

    @property
    def params(self) -> list[np.ndarray]:
        """The parameters as the vector field takes them."""
        return [self.matrix]

    @staticmethod
    def vector_field(t: tf.Tensor, z: tf.Tensor, params: list[tf.Tensor]) -> tf.Tensor:
        """f(t, z, [A]) = A z."""
        del t
        return tf.linalg.matvec(params[0], z)

    def states(self) -> np.ndarray:
        """Returns z(t_i), shape [count, size]."""
        return np.stack([expm(self.matrix * (t - self.times[0])) @ self.z0 for t in self.times])

    def gradients(self, weights: np.ndarray) -> ExactGradients:
        """Returns the exact gradients of L = sum_i <weights_i, z(t_i)>.

        Args:
            weights: The cotangents, shape [count, size].

        Returns:
            The gradients.
        """
        states = self.states()
        by_z0 = np.zeros_like(self.z0)
        by_matrix = np.zeros_like(self.matrix)
        for t, weight in zip(self.times, weights, strict=True):
            span = t - self.times[0]
            by_z0 += expm(self.matrix * span).T @ weight
            # The adjoint of E -> Frechet derivative at X is the one at X^T.
            outer = np.outer(weight, self.z0)
            by_matrix += span * expm_frechet(self.matrix.T * span, outer, compute_expm=False)
        by_times = np.einsum("ts,ts->t", states @ self.matrix.T, weights)
        by_times[0] -= (self.matrix @ self.z0) @ by_z0
        return ExactGradients(states, by_z0, (by_matrix,), by_times)


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
