"""Simulating systems with known equations to tight tolerance, by SciPy."""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.integrate import solve_ivp

from nodelens.datasets.systems import SYSTEMS, System
from nodelens.datasets.times import read_times
from nodelens.datasets.trajectories import Trajectory, TrajectoryData
from nodelens.errors import UsageError

MOST_EVALUATIONS = 2_000_000
"""Of a simulated trajectory: half a minute, and far more than any of these systems needs."""


def simulate(
    system: str,
    *,
    parameters: Mapping[str, float] | None = None,
    z0: tuple[tuple[float, ...], ...] = (),
    t_end: float | None = None,
    points: int = 1000,
    irregular: bool = False,
    times: str | Sequence[float] | None = None,
    noise: float = 0.0,
    seed: int = 0,
) -> TrajectoryData:
    """Simulates a system from one or several initial states.

    Args:
        system: A name in `SYSTEMS`.
        parameters: Values in place of the usual ones.
        z0: Initial states, one trajectory each; none means the usual one.
        t_end: The last time; None means the usual one.
        points: The number of times, both ends included.
        irregular: True if the inner times are drawn at random instead of evenly spaced.
        times: All times, as `nodelens.settings.times` says, in place of the three before.
        noise: The standard deviation of Gaussian noise on every component.
        seed: The seed of times and noise.

    Raises:
        UsageError: If the system has no such parameter, an initial state has the wrong length, or
            the times do not increase.
    """
    known = SYSTEMS[system]
    values = {**known.parameters, **(parameters or {})}
    if unknown := sorted(set(values) - set(known.parameters)):
        raise UsageError(
            f"the {known.title} has no parameter {', '.join(unknown)}",
            hint=f"its parameters: {', '.join(known.parameters)}",
        )
    generator = np.random.default_rng(seed)
    end = known.t_end if t_end is None else t_end
    starts = z0 or (known.z0,)
    given = None if times is None else _increasing(read_times(times))
    trajectories = []
    for index, start in enumerate(starts):
        if len(start) != len(known.components):
            raise UsageError(
                f"an initial state of the {known.title} has {len(known.components)} components "
                f"({', '.join(known.components)}), and {list(start)} has {len(start)}"
            )
        grid = np.linspace(0.0, end, points) if given is None else given
        if irregular and given is None:
            grid[1:-1] = np.sort(generator.uniform(0.0, end, points - 2))
        states = _solve(known, values, start, grid)
        states = states + generator.normal(0.0, noise, states.shape) if noise else states
        trajectories.append(Trajectory(grid, states, f"trajectory {index + 1}"))
    return TrajectoryData(
        tuple(trajectories), known.components, known.title, f"simulated: {known.equation}"
    )


def _increasing(times: np.ndarray) -> np.ndarray:
    if (np.diff(times) <= 0).any():
        raise UsageError("data.times must increase strictly: each is a point of the trajectory")
    return times


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
        (times[0], times[-1]),
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
