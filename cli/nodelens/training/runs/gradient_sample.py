"""A few windows of a run's own data, and the field as it is solved on them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from nodelens.errors import UsageError
from nodelens.fields.functional import run_layers
from nodelens.fields.layer import NeuralODE
from nodelens.training.runs.load import Run
from nodelens.training.runs.load_samples import SampleRun
from nodelens.training.trajectories.summary import COMPONENTS, TIMES


@dataclass(frozen=True)
class Sample:
    """A small part of the problem that a run was trained on.

    Attributes:
        field: The trained field as a function f(t, z) of the time counted from each window's start.
        z0: The first states of the windows, extra components included, shape [windows, components].
        times: Times of a window, its first and last one among them, shape [times].
        scale: The size of each component of a state, shape [components]; None for about one.
    """

    field: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
    z0: np.ndarray
    times: np.ndarray
    scale: np.ndarray | None = None


def sample(run: Run | SampleRun) -> Sample:
    """Returns the windows of the training data that the run directory holds.

    Args:
        run: The run; for a network the states that enter its ODE block are returned.

    Raises:
        UsageError: If a network has no ODE block, or one too large for a check of each component.
    """
    if isinstance(run, SampleRun):
        return _entering(run)
    objective, summary = run.objective, run.summary
    start = summary.window_starts  # a constant, not a tensor that is captured: no parameter

    def field(t: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
        return objective.field(t if objective.field.autonomous else t + start, z)

    z0 = np.pad(summary.window_states, [[0, 0], [0, objective.augment]])
    scale = np.pad(summary.scale, [0, objective.augment], constant_values=1.0)
    return Sample(field, z0, summary.window_times, scale)


def _entering(run: SampleRun) -> Sample:
    block = run.network.block
    if not isinstance(block, NeuralODE):
        raise UsageError(f"{run.path} has learned a residual network: it solves no ODE")
    field = block.vector_field
    z0 = run_layers(run.network.stem, tf.constant(run.summary.x, tf.float32)).numpy()
    components = int(np.prod(z0.shape[1:]))
    if z0.ndim != 2 or components > COMPONENTS:
        raise UsageError(
            f"the ODE block of {run.path} has {components:,} components, more than the "
            f"{COMPONENTS} that a check of each takes",
            hint="check a smaller network of the same kind",
        )
    times = np.linspace(block.times[0], block.times[-1], TIMES)
    return Sample(field, z0[: max(1, COMPONENTS // components)].astype(np.float64), times)
