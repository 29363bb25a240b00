"""Training on trajectories: windows are solved from where they start and compared with the data."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from nodelens.datasets.trajectories import TrajectoryData
from nodelens.ode import Status
from nodelens.settings.train_ode import TrainOdeSettings
from nodelens.training.problem import Problem
from nodelens.training.task import StepResult, Validation
from nodelens.training.validate import make_validation
from nodelens.training.windows import Batch, Windows


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
        """The task with the window, the size of a batch and the seed of the settings."""
        training = settings.training
        return cls(problem, windows, kept_back, training.window, training.batch_size, settings.seed)

    @property
    def model(self) -> keras.Model:
        """The vector field."""
        return self.problem.field

    def draw(self, step: tf.Tensor) -> Batch:
        """Draws windows with replacement."""
        return self.windows.draw(self.batch_size, self.seed, step)

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
        return make_validation(self.problem, self.kept_back, self.window)


def _largest(nest: Any) -> Any:
    return tf.nest.map_structure(tf.reduce_max, nest)
