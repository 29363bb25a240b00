"""Training on trajectories: windows are solved from their starts and compared with the data."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from nodelens.datasets.trajectories import TrajectoryData
from nodelens.errors import UsageError
from nodelens.ode import Status
from nodelens.training.loop.task import Cost, StepResult, Validation
from nodelens.training.settings import TrainOdeSettings
from nodelens.training.trajectories.initial_states import FittedStarts
from nodelens.training.trajectories.objective import Objective
from nodelens.training.trajectories.regularization import Regularization
from nodelens.training.trajectories.windows import Batch, Windows, make_windows

# Directions are drawn independently of the windows.
PROBE_SEED = 1_234_567_891
MAX_WINDOWS = 256  # of a validation


@dataclass(frozen=True)
class TrajectoryTask:
    """A field that is fitted to windows of trajectories: a `Task`.

    Attributes:
        objective: The field, its solver and the loss.
        windows: The windows that batches are drawn from.
        validation: Trajectories that are held out; None if there are none.
        window: The points of a window of these; 0 means whole trajectories.
        batch_size: The windows of a batch.
        seed: The seed of the draws.
        spares: True if the windows of a batch that cannot be solved are left out.
        starts: The fitted states that windows start from; None if they start from measured ones.
    """

    objective: Objective
    windows: Windows
    validation: TrajectoryData | None
    window: int
    batch_size: int
    seed: int
    spares: bool = False
    starts: FittedStarts | None = None

    @classmethod
    def of(
        cls,
        objective: Objective,
        windows: Windows,
        validation: TrajectoryData | None,
        settings: TrainOdeSettings,
        starts: FittedStarts | None = None,
    ) -> "TrajectoryTask":
        """Makes the task with window, batch size, regularization and seed of the settings.

        Raises:
            UsageError: If the regularization cannot be differentiated.
        """
        training = settings.training
        weights = training.regularization
        if weights.jacobian_norm and getattr(settings.field, "activation", None) == "silu":
            raise UsageError(
                "the Jacobian norm needs second derivatives of the field, and TensorFlow has none "
                "of silu inside a solve",
                hint="set field.activation=gelu, which is much like it",
            )
        if weights.kinetic_energy or weights.jacobian_norm:
            scale = np.concatenate([objective.scale, np.ones(objective.augment)])
            regularization = Regularization(weights.kinetic_energy, weights.jacobian_norm, scale)
            objective = replace(objective, regularization=regularization)
        return cls(
            objective,
            windows,
            validation,
            training.window or 0,
            training.batch_size,
            settings.seed,
            starts=starts,
        )

    @property
    def model(self) -> keras.Model:
        """The vector field."""
        return self.objective.field

    @property
    def beside(self) -> tuple[keras.Variable, ...]:
        """See `Task.beside`."""
        return () if self.starts is None else (self.starts.deviations,)

    @property
    def state(self) -> tuple[int, int]:
        """The shape of the state of a solve: one row a window where each steps alone."""
        size = self.objective.components
        alone = self.windows.shared is None
        return (self.batch_size, size) if alone else (1, self.batch_size * size)

    def draw(self, step: tf.Tensor) -> Batch:
        """Draws windows with replacement, and directions if the regularization needs them."""
        batch = self.windows.draw(self.batch_size, self.seed, step)
        regularization = self.objective.regularization
        if regularization is None or not regularization.jacobian_norm:
            return batch
        seed = tf.stack([tf.constant((self.seed + PROBE_SEED) % 2**31, tf.int32), step])
        shape = [self.batch_size, len(regularization.scale)]
        return batch._replace(probe=tf.random.stateless_normal(shape, seed))

    def differentiate(self, batch: Batch) -> StepResult:
        """Solves, compares, and pulls the gradient back through the solve."""
        left_out = tf.constant(0)
        if self.starts is not None:
            batch = self.starts.shift(batch)
        if self.spares:
            batch, left_out = self.objective.sparing(batch)
        solution, pullback = self.objective.solve(batch)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(solution.states)
            loss = self.objective.compare(solution.states, batch)
        gradients = pullback(tape.gradient(loss, solution.states))
        # Of windows that step alone, the slowest one and the worst one count.
        cost, back = _largest(solution.stats), _largest(gradients.stats)
        failed = _largest(solution.status)
        of_starts = [] if self.starts is None else [self.starts.gradient(batch, gradients.z0)]
        return StepResult(
            loss=loss,
            accuracy=tf.constant(float("nan")),
            gradients=[*gradients.params, *of_starts],
            cost=Cost(
                nfe_forward=cost.nfe,
                nfe_backward=back.nfe,
                rejected=cost.rejected,
                status=tf.where(failed == int(Status.SUCCESS), back.status, failed),
                drift=tf.cast(back.drift, tf.float32),
                left_out=left_out,
            ),
        )

    def roomier(self) -> "TrajectoryTask | None":
        """See `Task.roomier`."""
        options = self.objective.options
        larger = options.make_adjoint().larger()
        if larger is None:
            return None
        return replace(
            self, objective=replace(self.objective, options=replace(options, adjoint=larger))
        )

    def validator(self) -> Callable[[], Validation] | None:
        """Compiles the loss on windows of the trajectories held out."""
        if self.validation is None:
            return None
        plain = replace(self.objective, regularization=None)
        return make_validation(plain, self.validation, self.window)


def _largest(nest: Any) -> Any:
    return tf.nest.map_structure(tf.reduce_max, nest)


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
    plain = objective.without_gradient()

    @tf.function(jit_compile=True, autograph=False)
    def loss() -> tf.Tensor:
        solution, _ = plain.solve(batch)
        value = objective.compare(solution.states, batch)
        return tf.where(tf.math.is_finite(value), value, tf.constant(float("inf")))

    return lambda: Validation(float(loss()))
