"""What a trained field makes of the whole trajectory."""

from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from nodelens.datasets.trajectories import Trajectory
from nodelens.fields.functional import as_function, parameters
from nodelens.ode import Status, odeint
from nodelens.settings.train_ode import SolverSettings

GRID_POINTS = 25
MARGIN = 0.1


@dataclass(frozen=True)
class Evaluation:
    """The whole trajectory, solved from its first state only.

    Attributes:
        states: Shape [points, dimension]; NaN from where the solve failed.
        mean_absolute_error: Against the data; NaN if the solve failed.
        status: How the solve ended.
    """

    states: np.ndarray
    mean_absolute_error: float
    status: Status


def evaluate(field: keras.Model, trajectory: Trajectory, solver: SolverSettings) -> Evaluation:
    """Solves the trained field over all times of the data, from the first state.

    Args:
        field: The trained vector field.
        trajectory: The data.
        solver: The solver of the training; it may take `max_steps` for each window's worth of it.
    """
    solution = odeint(
        as_function(field),
        tf.constant(trajectory.states[:1]),
        tf.constant(trajectory.times),
        params=parameters(field),
        solver=solver.method,
        rtol=solver.rtol,
        atol=solver.atol,
        max_steps=solver.max_steps * len(trajectory.times),
        throw=False,
    )
    states = solution.states.numpy()[:, 0]
    error = float(np.mean(np.abs(states - trajectory.states)))
    return Evaluation(states, error, Status(int(solution.status)))


def field_on_grid(field: keras.Model, trajectory: Trajectory) -> tuple[np.ndarray, np.ndarray]:
    """Evaluates the field over the plane of the first two components of the data.

    Args:
        field: The vector field.
        trajectory: The data, which the grid surrounds; other components have their mean.

    Returns:
        The grid [rows, columns, 2] and dz/dt of the first two components there.
    """
    states = trajectory.states
    low, high = states.min(axis=0)[:2], states.max(axis=0)[:2]
    margin = MARGIN * (high - low)
    axes = [
        np.linspace(low[i] - margin[i], high[i] + margin[i], GRID_POINTS, dtype=np.float32)
        for i in range(2)
    ]
    grid = np.stack(np.meshgrid(*axes), axis=-1)
    points = np.broadcast_to(states.mean(axis=0), (*grid.shape[:2], states.shape[1])).copy()
    points[..., :2] = grid
    derivative = field(tf.constant(0.0), tf.constant(points.reshape(-1, states.shape[1])))
    return grid, derivative.numpy().reshape(points.shape)[..., :2]
