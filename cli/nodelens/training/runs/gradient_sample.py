"""A few windows of a run's own data, and the field as it is solved on them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from nodelens.errors import UsageError
from nodelens.fields.layer import NeuralODE
from nodelens.training.runs.load import Run
from nodelens.training.runs.load_samples import SampleRun
from nodelens.training.samples.layers import run_layers

# Enough to be more than one trajectory, few enough for a check of every component.
WINDOWS = 4
COMPONENTS = 64
TIMES = 5


@dataclass(frozen=True)
class Sample:
    """What a run is trained on, in small.

    Attributes:
        field: The trained field as a function f(t, z) of the time counted from each window's start.
        z0: Where the windows start, extra components included, shape [windows, components].
        times: Times of a window, its first and last one among them, shape [times].
    """

    field: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
    z0: np.ndarray
    times: np.ndarray


def sample(run: Run | SampleRun) -> Sample:
    """Takes windows that are spread evenly over the data that the run was trained on.

    Args:
        run: The run; of a network the samples that enter its ODE block are taken.

    Raises:
        UsageError: If a network has no ODE block, or one too large for a check of each component.
    """
    if isinstance(run, SampleRun):
        return _entering(run)
    problem, windows = run.problem, run.windows
    components = len(run.components) + problem.augment
    count = max(1, min(WINDOWS, COMPONENTS // components, windows.count))
    if windows.shared is None:
        count = 1  # windows with times of their own are not one initial value problem
    chosen = np.linspace(0, windows.count - 1, count).round().astype(int)
    batch = windows.batch(tf.gather(windows.starts, chosen))
    length = windows.length
    kept = np.unique(np.linspace(0, length - 1, min(TIMES, length)).round().astype(int))

    start = batch.t0.numpy()  # a constant, not a tensor that is captured: no parameter

    def field(t: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
        return problem.field(t if problem.field.autonomous else t + start, z)

    z0 = np.pad(batch.z0.numpy().astype(np.float64), [[0, 0], [0, problem.augment]])
    times = batch.times.numpy().reshape(length, -1)[:, 0]
    return Sample(field, z0, times[kept])


def _entering(run: SampleRun) -> Sample:
    block = run.network.block
    if not isinstance(block, NeuralODE):
        raise UsageError(f"{run.path} has learned a residual network: it solves no ODE")
    field = block.vector_field
    z0 = run_layers(run.network.stem, tf.constant(run.unseen.x[:WINDOWS], tf.float32)).numpy()
    components = int(np.prod(z0.shape[1:]))
    if z0.ndim != 2 or components > COMPONENTS:
        raise UsageError(
            f"the ODE block of {run.path} has {components:,} components, more than the "
            f"{COMPONENTS} that a check of each takes",
            hint="check a smaller network of the same kind",
        )
    times = np.linspace(block.times[0], block.times[-1], TIMES)
    return Sample(field, z0[: max(1, COMPONENTS // components)].astype(np.float64), times)
