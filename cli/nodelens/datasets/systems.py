"""Dynamical systems with known equations, solved to tight tolerance by SciPy."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.integrate import solve_ivp

from nodelens.datasets.trajectories import Trajectory, TrajectoryData
from nodelens.errors import UsageError

# derivative(state, **parameters) -> dz/dt, both of shape [dimension]
Derivative = Callable[..., np.ndarray]


@dataclass(frozen=True)
class System:
    """An autonomous system dz/dt = f(z; parameters).

    Attributes:
        title: Its name in the literature.
        equation: The equation in words a person types.
        derivative: f.
        parameters: Its parameters and their usual values.
        components: The names of the components of the state.
        z0: A usual initial state.
        t_end: A usual last time; the first is 0.
    """

    title: str
    equation: str
    derivative: Derivative
    parameters: Mapping[str, float]
    components: tuple[str, ...]
    z0: tuple[float, ...]
    t_end: float


def _cubic_spiral(z: np.ndarray, damping: float, rotation: float) -> np.ndarray:
    matrix = np.array([[-damping, rotation], [-rotation, -damping]])
    return z**3 @ matrix


def _linear(z: np.ndarray, damping: float, rotation: float) -> np.ndarray:
    return z @ np.array([[-damping, rotation], [-rotation, -damping]])


def _oscillator(z: np.ndarray, frequency: float, damping: float) -> np.ndarray:
    return np.array([z[1], -(frequency**2) * z[0] - 2 * damping * frequency * z[1]])


def _lotka_volterra(
    z: np.ndarray, alpha: float, beta: float, gamma: float, delta: float
) -> np.ndarray:
    prey, predators = z
    return np.array(
        [alpha * prey - beta * prey * predators, delta * prey * predators - gamma * predators]
    )


def _van_der_pol(z: np.ndarray, mu: float) -> np.ndarray:
    return np.array([z[1], mu * (1 - z[0] ** 2) * z[1] - z[0]])


def _pendulum(z: np.ndarray, frequency: float, damping: float) -> np.ndarray:
    return np.array([z[1], -(frequency**2) * np.sin(z[0]) - damping * z[1]])


def _double_well(z: np.ndarray, damping: float) -> np.ndarray:
    return np.array([z[1], z[0] - z[0] ** 3 - damping * z[1]])


def _lorenz(z: np.ndarray, sigma: float, rho: float, beta: float) -> np.ndarray:
    x, y, w = z
    return np.array([sigma * (y - x), x * (rho - w) - y, x * y - beta * w])


def _fitzhugh_nagumo(z: np.ndarray, a: float, b: float, tau: float, current: float) -> np.ndarray:
    v, w = z
    return np.array([v - v**3 / 3 - w + current, (v + a - b * w) / tau])


def _sir(z: np.ndarray, beta: float, gamma: float) -> np.ndarray:
    susceptible, infected, _ = z
    infections, recoveries = beta * susceptible * infected, gamma * infected
    return np.array([-infections, infections - recoveries, recoveries])


SYSTEMS: dict[str, System] = {
    "cubic_spiral": System(
        "cubic spiral",
        "dz/dt = z³A, A = [[-damping, rotation], [-rotation, -damping]] (torchdiffeq's demo)",
        _cubic_spiral,
        {"damping": 0.1, "rotation": 2.0},
        ("z1", "z2"),
        (2.0, 0.0),
        25.0,
    ),
    "linear": System(
        "linear spiral",
        "dz/dt = zA, A = [[-damping, rotation], [-rotation, -damping]]",
        _linear,
        {"damping": 0.1, "rotation": 2.0},
        ("z1", "z2"),
        (2.0, 0.0),
        15.0,
    ),
    "harmonic_oscillator": System(
        "harmonic oscillator",
        "x'' = -frequency² x - 2 damping frequency x'",
        _oscillator,
        {"frequency": 1.0, "damping": 0.0},
        ("x", "v"),
        (1.0, 0.0),
        20.0,
    ),
    "damped_oscillator": System(
        "damped oscillator",
        "x'' = -frequency² x - 2 damping frequency x'",
        _oscillator,
        {"frequency": 1.0, "damping": 0.1},
        ("x", "v"),
        (1.0, 0.0),
        20.0,
    ),
    "lotka_volterra": System(
        "Lotka–Volterra",
        "x' = alpha x - beta x y, y' = delta x y - gamma y",
        _lotka_volterra,
        {"alpha": 1.5, "beta": 1.0, "gamma": 3.0, "delta": 1.0},
        ("prey", "predators"),
        (1.0, 1.0),
        10.0,
    ),
    "van_der_pol": System(
        "Van der Pol oscillator",
        "x'' = mu (1 - x²) x' - x",
        _van_der_pol,
        {"mu": 1.0},
        ("x", "v"),
        (2.0, 0.0),
        20.0,
    ),
    "pendulum": System(
        "pendulum",
        "x'' = -frequency² sin x - damping x'",
        _pendulum,
        {"frequency": 1.0, "damping": 0.1},
        ("angle", "velocity"),
        (2.5, 0.0),
        25.0,
    ),
    "double_well": System(
        "double well",
        "x'' = x - x³ - damping x'",
        _double_well,
        {"damping": 0.1},
        ("x", "v"),
        (0.1, 1.0),
        30.0,
    ),
    "lorenz": System(
        "Lorenz system",
        "x' = sigma (y - x), y' = x (rho - z) - y, z' = x y - beta z",
        _lorenz,
        {"sigma": 10.0, "rho": 28.0, "beta": 8.0 / 3.0},
        ("x", "y", "z"),
        (1.0, 1.0, 1.0),
        10.0,
    ),
    "fitzhugh_nagumo": System(
        "FitzHugh–Nagumo neuron",
        "v' = v - v³/3 - w + current, w' = (v + a - b w) / tau",
        _fitzhugh_nagumo,
        {"a": 0.7, "b": 0.8, "tau": 12.5, "current": 0.5},
        ("v", "w"),
        (-1.0, 1.0),
        100.0,
    ),
    "sir": System(
        "SIR epidemic",
        "S' = -beta S I, I' = beta S I - gamma I, R' = gamma I",
        _sir,
        {"beta": 0.5, "gamma": 0.1},
        ("susceptible", "infected", "recovered"),
        (0.99, 0.01, 0.0),
        80.0,
    ),
}


def simulate(
    name: str,
    *,
    parameters: Mapping[str, float] | None = None,
    z0: tuple[tuple[float, ...], ...] = (),
    t_end: float | None = None,
    points: int = 1000,
    irregular: bool = False,
    noise: float = 0.0,
    seed: int = 0,
) -> TrajectoryData:
    """Simulates a system from one or several initial states.

    Args:
        name: One of `SYSTEMS`.
        parameters: Values in place of the usual ones.
        z0: Initial states, one trajectory each; none means the usual one.
        t_end: The last time; None means the usual one.
        points: The number of times, both ends included.
        irregular: Whether the inner times are drawn at random instead of evenly spaced.
        noise: The standard deviation of Gaussian noise on every component.
        seed: The seed of times and noise.

    Raises:
        UsageError: If the system has no such parameter, or an initial state the wrong length.
    """
    system = SYSTEMS[name]
    values = {**system.parameters, **(parameters or {})}
    if unknown := sorted(set(values) - set(system.parameters)):
        raise UsageError(
            f"the {system.title} has no parameter {', '.join(unknown)}",
            hint=f"its parameters: {', '.join(system.parameters)}",
        )
    generator = np.random.default_rng(seed)
    end = system.t_end if t_end is None else t_end
    starts = z0 or (system.z0,)
    trajectories = []
    for index, start in enumerate(starts):
        if len(start) != len(system.components):
            raise UsageError(
                f"an initial state of the {system.title} has {len(system.components)} components "
                f"({', '.join(system.components)}), and {list(start)} has {len(start)}"
            )
        times = np.linspace(0.0, end, points)
        if irregular:
            times[1:-1] = np.sort(generator.uniform(0.0, end, points - 2))
        states = _solve(system, values, start, times)
        states = states + generator.normal(0.0, noise, states.shape) if noise else states
        trajectories.append(Trajectory(times, states, f"trajectory {index + 1}"))
    return TrajectoryData(
        tuple(trajectories), system.components, system.title, f"simulated: {system.equation}"
    )


MOST_EVALUATIONS = 2_000_000
"""Of a simulated trajectory: half a minute, and far more than any of these systems needs."""


def _solve(
    system: System, values: Mapping[str, float], z0: tuple[float, ...], times: np.ndarray
) -> np.ndarray:
    evaluations = 0

    def derivative(time: float, state: np.ndarray) -> np.ndarray:
        nonlocal evaluations
        evaluations += 1
        if evaluations > MOST_EVALUATIONS:
            raise UsageError(
                f"the {system.title} takes too long to simulate: {MOST_EVALUATIONS:,} evaluations "
                f"reached t = {time:.3g} of {times[-1]:.3g}",
                hint="shorten data.t_end, or choose other parameters",
            )
        return system.derivative(state, **values)

    solution = solve_ivp(
        derivative,
        (0.0, times[-1]),
        np.asarray(z0, dtype=np.float64),
        method="LSODA",
        t_eval=times,
        rtol=1e-10,
        atol=1e-12,
    )
    if not solution.success:
        raise UsageError(
            f"the {system.title} cannot be simulated to t = {times[-1]:g}: {solution.message}",
            hint="shorten data.t_end, or choose other parameters",
        )
    return solution.y.T
