"""The work that every contestant does: the same data, weights and windows."""

import itertools
from collections.abc import Callable

import numpy as np
from scipy.integrate import solve_ivp

WINDOW, BATCH = 10, 20
# What a contestant makes: a call that does the work and returns its loss, and the seconds that
# compiling it took.
Work = tuple[Callable[[], float], float]


def spiral() -> tuple[np.ndarray, np.ndarray]:
    """The cubic spiral of torchdiffeq's demonstration: 1000 points on [0, 25]."""
    matrix = np.array([[-0.1, 2.0], [-2.0, -0.1]])
    times = np.linspace(0, 25, 1000)
    solution = solve_ivp(
        lambda t, z: (z**3) @ matrix, (0, 25), [2.0, 0.0], t_eval=times, rtol=1e-9, atol=1e-11
    )
    return times, solution.y.T.astype("f4")


TIMES, DATA = spiral()
RANDOM = np.random.default_rng(0)
WEIGHTS = [
    RANDOM.normal(0, 0.1, (2, 50)).astype("f4"),
    np.zeros(50, "f4"),
    RANDOM.normal(0, 0.1, (50, 2)).astype("f4"),
    np.zeros(2, "f4"),
]
STARTS = RANDOM.integers(0, 1000 - WINDOW, (200, BATCH))


def mlp_weights(sizes: list[int]) -> list[np.ndarray]:
    """Seeded weights and zero biases of a multilayer perceptron."""
    random = np.random.default_rng(1)
    weights = []
    for fan_in, fan_out in itertools.pairwise(sizes):
        weights.append(random.normal(0, 1 / np.sqrt(fan_in), (fan_in, fan_out)).astype("f4"))
        weights.append(np.zeros(fan_out, "f4"))
    return weights
