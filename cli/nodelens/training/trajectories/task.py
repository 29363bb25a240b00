"""Training on trajectories: windows are solved from where they start and compared with the data."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from nodelens.datasets.trajectories import TrajectoryData
from nodelens.errors import UsageError
from nodelens.ode import Status
from nodelens.training.loop.task import StepResult, Validation
from nodelens.training.settings import TrainOdeSettings
from nodelens.training.trajectories.objective import Problem
from nodelens.training.trajectories.regularization import Penalties
from nodelens.training.trajectories.validation import make_validation
from nodelens.training.trajectories.windows import Batch, Windows

# Directions are drawn independently of the windows.
PROBE_SEED = 1_234_567_891


@dataclass(frozen=True)
class TrajectoryTask:
    """A field that is fitted to windows of trajectories: a `Task`.

    Attributes:
        problem: The field, its solver and the loss.
        windows: Where batches come from.
        kept_back: Trajectories to validate on; None if there are none.
        window: The points of a window to validate on; 0 means whole trajectories.
        batch_size: The windows of a batch.
        seed: The seed of the draws.
    """

    problem: Problem
    windows: Windows
    kept_back: TrajectoryData | None
    window: int
    batch_size: int
    seed: int

    @classmethod
    def of(
        cls,
        problem: Problem,
        windows: Windows,
        kept_back: TrajectoryData | None,
        settings: TrainOdeSettings,
    ) -> "TrajectoryTask":
        """The task with window, size of a batch, penalties and seed of the settings.

        Raises:
            UsageError: If the penalties cannot be differentiated.
        """
        training, chosen = settings.training, settings.training.regularization
        if chosen.jacobian_norm and getattr(settings.field, "activation", None) == "silu":
            raise UsageError(
                "the Jacobian norm needs second derivatives of the field, and TensorFlow has none "
                "of silu inside a solve",
                hint="set field.activation=gelu, which is much like it",
            )
        if chosen.kinetic_energy or chosen.jacobian_norm:
            scale = np.concatenate([problem.scale, np.ones(problem.augment)])
            penalties = Penalties(chosen.kinetic_energy, chosen.jacobian_norm, scale)
            problem = replace(problem, penalties=penalties)
        return cls(problem, windows, kept_back, training.window, training.batch_size, settings.seed)

    @property
    def model(self) -> keras.Model:
        """The vector field."""
        return self.problem.field

    def draw(self, step: tf.Tensor) -> Batch:
        """Draws windows with replacement, and a direction for each if the penalties probe one."""
        batch = self.windows.draw(self.batch_size, self.seed, step)
        penalties = self.problem.penalties
        if penalties is None or not penalties.jacobian_norm:
            return batch
        seed = tf.stack([tf.constant((self.seed + PROBE_SEED) % 2**31, tf.int32), step])
        shape = [self.batch_size, len(penalties.scale)]
        return batch._replace(probe=tf.random.stateless_normal(shape, seed))

    def differentiate(self, batch: Batch) -> StepResult:
        """Solves, compares and pulls the gradient back through the solve."""
        solution, pullback = self.problem.solve(batch)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(solution.states)
            loss = self.problem.compare(solution.states, batch)
        gradients = pullback(tape.gradient(loss, solution.states))
        # Of windows that step alone, the slowest one and the worst one count.
        cost, back = _largest(solution.stats), _largest(gradients.stats)
        failed = _largest(solution.status)
        return StepResult(
            loss=loss,
            accuracy=tf.constant(float("nan")),
            gradients=gradients.params,
            nfe_forward=cost.nfe,
            nfe_backward=back.nfe,
            rejected=cost.rejected,
            status=tf.where(failed == int(Status.SUCCESS), back.status, failed),
            drift=tf.cast(back.drift, tf.float32),
        )

    def validator(self) -> Callable[[], Validation] | None:
        """Compiles the loss on windows of what was kept back."""
        if self.kept_back is None:
            return None
        plain = replace(self.problem, penalties=None)
        return make_validation(plain, self.kept_back, self.window)


def _largest(nest: Any) -> Any:
    return tf.nest.map_structure(tf.reduce_max, nest)
