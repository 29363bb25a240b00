"""The loss on trajectories that are held out."""

from collections.abc import Callable

import tensorflow as tf

from nodelens.datasets.trajectories import TrajectoryData
from nodelens.training.loop.task import Validation
from nodelens.training.trajectories.objective import Objective
from nodelens.training.trajectories.windows import make_windows

MAX_WINDOWS = 256


def make_validation(
    objective: Objective, data: TrajectoryData, length: int
) -> Callable[[], Validation]:
    """Compiles the loss on windows of trajectories that are held out.

    Args:
        objective: The field and the loss.
        data: The trajectories.
        length: The points of a window, fewer if the data is shorter; 0 means whole trajectories.

    Returns:
        A function that computes the loss with the current weights of the field; infinite if a solve
        failed.
    """
    shortest = min(len(trajectory) for trajectory in data.trajectories)
    windows = make_windows(data, min(length, shortest) if length else 0)
    every = -(-windows.count // MAX_WINDOWS)
    batch = windows.batch(windows.starts[::every])

    @tf.function(jit_compile=True)
    def loss() -> tf.Tensor:
        solution, _ = objective.solve(batch)
        value = objective.compare(solution.states, batch)
        return tf.where(tf.math.is_finite(value), value, tf.constant(float("inf")))

    return lambda: Validation(float(loss()))
