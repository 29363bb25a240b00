"""Initial value problems whose solutions, and so their gradients, are known in closed form."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import tensorflow as tf
from scipy.linalg import expm, expm_frechet

# The exact states: (z0 [copies, size], theta [copies, parameters], times [copies, count]) to
# [copies, count, size].
Flow = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def growth_flow(z0: np.ndarray, theta: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Solves dz/dt = a cos(t) z."""
    exponent = theta[:, :1] * (np.sin(times) - np.sin(times[:, :1]))
    return (z0 * np.exp(exponent))[..., None]


def logistic_flow(z0: np.ndarray, theta: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Solves dz/dt = r z (1 - z / K)."""
    rate, capacity = theta[:, :1], theta[:, 1:]
    decay = np.exp(-rate * (times - times[:, :1]))
    return (capacity / (1 + (capacity / z0 - 1) * decay))[..., None]


def riccati_flow(z0: np.ndarray, theta: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Solves dz/dt = a (z - b t)**2 + b."""
    # u = z - b t obeys du/dt = a u**2, so 1/u falls linearly.
    a, b = theta[:, :1], theta[:, 1:]
    u0 = z0 - b * times[:, :1]
    return (u0 / (1 - a * u0 * (times - times[:, :1])) + b * times)[..., None]


def ladder_flow(z0: np.ndarray, theta: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Solves dz/dt = rates (cos t - z), one rate a component."""
    rate = theta[:, None, :]
    t, t0 = times[:, :, None], times[:, :1, None]

    def slow(t: np.ndarray) -> np.ndarray:
        return rate * (rate * np.cos(t) + np.sin(t)) / (1 + rate**2)

    return slow(t) + (z0[:, None] - slow(t0)) * np.exp(-rate * (t - t0))


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
        """Returns f(t, z, [A]) = A z."""
        del t
        return tf.linalg.matvec(params[0], z)

    def states(self) -> np.ndarray:
        """Returns z(t_i), shape [count, size]."""
        return np.stack([expm(self.matrix * (t - self.times[0])) @ self.z0 for t in self.times])

    def gradients(self, weights: np.ndarray) -> ExactGradients:
        """Returns the exact gradients of L = sum_i <weights_i, z(t_i)>."""
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
