"""Simulated systems with known equations, solved to tight tolerance by SciPy."""

from collections.abc import Callable

import numpy as np
from scipy.integrate import solve_ivp

from nodelens.datasets.trajectories import Trajectory

Derivative = Callable[[np.ndarray], np.ndarray]

SPIRAL_MATRIX = np.array([[-0.1, 2.0], [-2.0, -0.1]])


def spiral_derivative(state: np.ndarray) -> np.ndarray:
    """The cubic spiral dz/dt = z³A, the example of torchdiffeq's demo.

    Args:
        state: z, shape [..., 2].
    """
    return state**3 @ SPIRAL_MATRIX


def simulate_spiral(
    *,
    z0: tuple[float, float] = (2.0, 0.0),
    t_end: float = 25.0,
    points: int = 1000,
    noise: float = 0.0,
    seed: int = 0,
) -> Trajectory:
    """Simulates the cubic spiral on an even grid.

    Args:
        z0: The state at time 0.
        t_end: The last time.
        points: The number of times, both ends included.
        noise: The standard deviation of Gaussian noise on every component.
        seed: The seed of the noise.
    """
    return _simulate(spiral_derivative, z0, t_end, points, noise, seed, "cubic spiral")


def _simulate(
    derivative: Derivative,
    z0: tuple[float, ...],
    t_end: float,
    points: int,
    noise: float,
    seed: int,
    name: str,
) -> Trajectory:
    times = np.linspace(0.0, t_end, points)
    solution = solve_ivp(
        lambda _, state: derivative(state),
        (0.0, t_end),
        np.asarray(z0, dtype=np.float64),
        method="DOP853",
        t_eval=times,
        rtol=1e-10,
        atol=1e-12,
    )
    states = solution.y.T
    if noise:
        states = states + np.random.default_rng(seed).normal(0.0, noise, states.shape)
    return Trajectory(times, states.astype(np.float32), name)
