"""Dynamical systems with known equations: adding one is a function and a row here.

Known without NumPy: the functions compute with what they are given.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nodelens.registry import table

if TYPE_CHECKING:
    import numpy as np

# derivative(state, **parameters) -> dz/dt, both of shape [dimension]
Derivative = Callable[..., Any]


@dataclass(frozen=True)
class System:
    """An autonomous system dz/dt = f(z; parameters).

    Attributes:
        name: The name that a user gives.
        title: Its name in the literature.
        equation: The equation in words a person types.
        derivative: f.
        parameters: Its parameters and their usual values.
        components: The names of the components of the state.
        z0: A usual initial state.
        t_end: A usual last time; the first is 0.
    """

    name: str
    title: str
    equation: str
    derivative: Derivative
    parameters: Mapping[str, float]
    components: tuple[str, ...]
    z0: tuple[float, ...]
    t_end: float


def _cubic_spiral(z: "np.ndarray", damping: float, rotation: float) -> Any:
    return _linear(z**3, damping, rotation)


def _linear(z: "np.ndarray", damping: float, rotation: float) -> Any:
    return z @ ((-damping, rotation), (-rotation, -damping))


def _oscillator(z: "np.ndarray", frequency: float, damping: float) -> Any:
    return z[1], -(frequency**2) * z[0] - 2 * damping * frequency * z[1]


def _lotka_volterra(z: "np.ndarray", alpha: float, beta: float, gamma: float, delta: float) -> Any:
    prey, predators = z
    return alpha * prey - beta * prey * predators, delta * prey * predators - gamma * predators


def _van_der_pol(z: "np.ndarray", mu: float) -> Any:
    return z[1], mu * (1 - z[0] ** 2) * z[1] - z[0]


def _pendulum(z: "np.ndarray", frequency: float, damping: float) -> Any:
    import numpy as np

    return z[1], -(frequency**2) * np.sin(z[0]) - damping * z[1]


def _double_well(z: "np.ndarray", damping: float) -> Any:
    return z[1], z[0] - z[0] ** 3 - damping * z[1]


def _lorenz(z: "np.ndarray", sigma: float, rho: float, beta: float) -> Any:
    x, y, w = z
    return sigma * (y - x), x * (rho - w) - y, x * y - beta * w


def _fitzhugh_nagumo(z: "np.ndarray", a: float, b: float, tau: float, current: float) -> Any:
    v, w = z
    return v - v**3 / 3 - w + current, (v + a - b * w) / tau


def _sir(z: "np.ndarray", beta: float, gamma: float) -> Any:
    susceptible, infected, _ = z
    infections, recoveries = beta * susceptible * infected, gamma * infected
    return -infections, infections - recoveries, recoveries


# fmt: off
SYSTEMS = table(
    System("cubic_spiral", "cubic spiral",
           "dz/dt = z³A, A = [[-damping, rotation], [-rotation, -damping]] (torchdiffeq's demo)",
           _cubic_spiral, {"damping": 0.1, "rotation": 2.0},
           ("z1", "z2"), (2.0, 0.0), 25.0),
    System("linear", "linear spiral",
           "dz/dt = zA, A = [[-damping, rotation], [-rotation, -damping]]",
           _linear, {"damping": 0.1, "rotation": 2.0},
           ("z1", "z2"), (2.0, 0.0), 15.0),
    System("harmonic_oscillator", "harmonic oscillator",
           "x'' = -frequency² x - 2 damping frequency x'",
           _oscillator, {"frequency": 1.0, "damping": 0.0},
           ("x", "v"), (1.0, 0.0), 20.0),
    System("damped_oscillator", "damped oscillator",
           "x'' = -frequency² x - 2 damping frequency x'",
           _oscillator, {"frequency": 1.0, "damping": 0.1},
           ("x", "v"), (1.0, 0.0), 20.0),
    System("lotka_volterra", "Lotka–Volterra",
           "x' = alpha x - beta x y, y' = delta x y - gamma y",
           _lotka_volterra, {"alpha": 1.5, "beta": 1.0, "gamma": 3.0, "delta": 1.0},
           ("prey", "predators"), (1.0, 1.0), 10.0),
    System("van_der_pol", "Van der Pol oscillator",
           "x'' = mu (1 - x²) x' - x",
           _van_der_pol, {"mu": 1.0},
           ("x", "v"), (2.0, 0.0), 20.0),
    System("pendulum", "pendulum",
           "x'' = -frequency² sin x - damping x'",
           _pendulum, {"frequency": 1.0, "damping": 0.1},
           ("angle", "velocity"), (2.5, 0.0), 25.0),
    System("double_well", "double well",
           "x'' = x - x³ - damping x'",
           _double_well, {"damping": 0.1},
           ("x", "v"), (0.1, 1.0), 30.0),
    System("lorenz", "Lorenz system",
           "x' = sigma (y - x), y' = x (rho - z) - y, z' = x y - beta z",
           _lorenz, {"sigma": 10.0, "rho": 28.0, "beta": 8.0 / 3.0},
           ("x", "y", "z"), (1.0, 1.0, 1.0), 10.0),
    System("fitzhugh_nagumo", "FitzHugh–Nagumo neuron",
           "v' = v - v³/3 - w + current, w' = (v + a - b w) / tau",
           _fitzhugh_nagumo, {"a": 0.7, "b": 0.8, "tau": 12.5, "current": 0.5},
           ("v", "w"), (-1.0, 1.0), 100.0),
    System("sir", "SIR epidemic",
           "S' = -beta S I, I' = beta S I - gamma I, R' = gamma I",
           _sir, {"beta": 0.5, "gamma": 0.1},
           ("susceptible", "infected", "recovered"), (0.99, 0.01, 0.0), 80.0),
)
# fmt: on
"""The systems by name, in the order of the help."""
