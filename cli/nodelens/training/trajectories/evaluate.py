"""The evaluation of a trained field on whole trajectories."""

from dataclasses import dataclass, replace

import numpy as np
import tensorflow as tf

from nodelens.datasets.split import Split
from nodelens.datasets.trajectories import Trajectory, TrajectoryData
from nodelens.fields.functional import as_function, parameters
from nodelens.ode import SolveOptions, Status, odeint
from nodelens.training.trajectories.objective import Objective

GRID_POINTS = 25
MARGIN = 0.1
LEAST = 1e-5  # the smallest extent of a picture, in parts of the values
CURVE_POINTS = 500
LONG = 100_000  # steps of a solve over a whole trajectory


@dataclass(frozen=True)
class Evaluation:
    """The first trajectory of the data, solved from its first state only.

    Attributes:
        trajectory: The data, points that were held out included.
        states: The solution at its times, shape [points, dimension]; NaN from where it failed.
        curve_times: Times dense enough for a smooth curve, shape [curve].
        curve: The solution there, shape [curve, dimension].
        train_points: The number of points that were trained on; those after them were held out.
        train_error: The mean absolute error over these, in the units of the data.
        validation_error: The same over the points that were held out; None if none were.
        status: The status of the solve.
    """

    trajectory: Trajectory
    states: np.ndarray
    curve_times: np.ndarray
    curve: np.ndarray
    train_points: int
    train_error: float
    validation_error: float | None
    status: Status


def evaluate(objective: Objective, data: TrajectoryData, split: Split) -> Evaluation:
    """Solves the trained field over all times of the first trajectory it was trained on.

    Args:
        objective: The field and its solver.
        data: All data.
        split: Its parts.
    """
    trained = split.train.trajectories[0]
    trajectory = next(t for t in data.trajectories if t.name == trained.name)
    times = trajectory.times
    curve_times = np.union1d(times, np.linspace(times[0], times[-1], CURVE_POINTS))
    curve, status = solve_whole(objective, trajectory.states[0], curve_times)
    states = curve[np.searchsorted(curve_times, times)]
    error = np.abs(states - trajectory.states)
    cut = len(trained)
    seen = np.zeros_like(trajectory.observed)
    seen[:cut] = trained.observed
    held_out = trajectory.observed & ~seen
    return Evaluation(
        trajectory=trajectory,
        states=states,
        curve_times=curve_times,
        curve=curve,
        train_points=cut,
        train_error=_mean(error, seen),
        validation_error=_mean(error, held_out) if held_out.any() else None,
        status=status,
    )


def solve_whole(
    objective: Objective, z0: np.ndarray, times: np.ndarray
) -> tuple[np.ndarray, Status]:
    """Solves the field from one state.

    Args:
        objective: The field and its solver.
        z0: The state at the first time, of the components of the data; a missing one counts as 0.
        times: Increasing or decreasing, shape [times].

    Returns:
        The states of the components of the data, shape [times, dimension], NaN from where the
        solve failed, and the status of the solve.
    """
    start = np.pad(np.nan_to_num(z0), (0, objective.augment)).astype(np.float32)
    options = objective.scaled_options()
    solution = odeint(
        as_function(objective.field),
        tf.constant(start[None]),
        tf.constant(times, tf.float64),
        params=parameters(objective.field),
        **replace(
            options, max_steps=max(LONG, options.max_steps or 0), adjoint=SolveOptions.adjoint
        ).arguments(),
        throw=False,
    )
    states = solution.states.numpy()[:, 0, : len(objective.scale)]
    return states.astype(np.float64), Status(int(solution.status))


def field_on_grid(
    objective: Objective, states: np.ndarray, time: float
) -> tuple[np.ndarray, np.ndarray]:
    """Evaluates the field over the plane of the first two components of the data.

    Args:
        objective: The field.
        states: The data, which the grid surrounds, shape [points, dimension]; other components
            have their mean, augmented ones are zero.
        time: The time at which a field that depends on it is evaluated.

    Returns:
        The grid [rows, columns, 2] and dz/dt of the first two components there; of a single
        component [states, 1] both.
    """
    shown = min(2, states.shape[1])
    low, high = np.nanmin(states, axis=0)[:shown], np.nanmax(states, axis=0)[:shown]
    # Data that hardly varies, or not at all, is surrounded by room to see a field in.
    least = np.maximum(LEAST * np.maximum(np.abs(low), np.abs(high)), 1e-30)
    extent = np.where(high > low, np.maximum(high - low, least), 1.0 + least)
    margin = MARGIN * extent
    count = GRID_POINTS if shown == 2 else CURVE_POINTS
    axes = [np.linspace(low[i] - margin[i], high[i] + margin[i], count) for i in range(shown)]
    grid = np.stack(np.meshgrid(*axes), axis=-1)
    middle = np.pad(np.nanmean(states, axis=0), (0, objective.augment)).astype(np.float32)
    points = np.broadcast_to(middle, (*grid.shape[:-1], len(middle))).copy()
    points[..., :shown] = grid
    t = tf.constant(time, tf.float32)
    derivative = objective.field(t, tf.constant(points.reshape(-1, len(middle))))
    return grid, derivative.numpy().reshape(points.shape)[..., :shown]


def _mean(error: np.ndarray, observed: np.ndarray) -> float:
    return float(np.mean(error[observed])) if observed.any() else float("nan")
