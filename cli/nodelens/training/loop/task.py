"""The task of a training: anything that draws batches and computes the gradient of a loss."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import keras
import tensorflow as tf


class Cost(NamedTuple):
    """The cost of one or more steps, and the status of their solves.

    Attributes:
        nfe_forward: Evaluations of the field by the forward solves, int32.
        nfe_backward: Evaluations of the field with its vector-Jacobian product, int32.
        rejected: Rejected steps of the forward solves, int32.
        status: The status of the solves, or of the one that failed (`nodelens.ode.Status`), int32.
        drift: The largest drift of a state that was integrated backward (see `BackwardStats`).
        left_out: The examples that were left out because their solves fail, int32.
    """

    nfe_forward: tf.Tensor
    nfe_backward: tf.Tensor
    rejected: tf.Tensor
    status: tf.Tensor
    drift: tf.Tensor
    left_out: tf.Tensor | int = 0


class StepResult(NamedTuple):
    """The result of one training step before the update; every number is a tensor.

    Attributes:
        loss: The loss of the batch.
        accuracy: The fraction of the batch classified correctly; NaN where nothing is classified.
        gradients: dL/dθ, in the order of `trained_by`.
        cost: The cost.
    """

    loss: tf.Tensor
    accuracy: tf.Tensor
    gradients: list[tf.Tensor]
    cost: Cost


class Validation(NamedTuple):
    """The quality of the weights on data that is held out.

    Attributes:
        loss: Infinite if a solve failed.
        accuracy: The fraction classified correctly; None where nothing is classified.
    """

    loss: float
    accuracy: float | None = None


class Task(Protocol):
    """Something to train. `draw` and `differentiate` run inside the compiled loop."""

    @property
    def model(self) -> keras.Model:
        """The model; a checkpoint holds its variables."""

    @property
    def beside(self) -> Sequence[keras.Variable]:
        """Variables that are trained beside the model; a checkpoint holds them too."""

    def draw(self, step: tf.Tensor) -> Any:
        """Draws the batch of a step, a nest of tensors; it depends on the step alone."""

    def differentiate(self, batch: Any) -> StepResult:
        """Computes the loss of a batch and its gradient, with the current weights."""

    def roomier(self) -> "Task | None":
        """Returns the same with more room for the steps of a solve; None if it cannot have more."""

    def validator(self) -> Callable[[], Validation] | None:
        """Compiles the loss on data that is held out; None if there is none."""


@dataclass(frozen=True)
class Stage:
    """A part of a training.

    Attributes:
        until: The step before which it ends.
        task: The task until then; all stages have the same model.
        sparing: The same task, but that it leaves out the examples whose solves fail, for steps at
            which `task` fails; None if these are skipped.
    """

    until: int
    task: Task
    sparing: Task | None = None


def trained_by(task: Task) -> list[keras.Variable]:
    """Returns the variables that a task trains: those of its model, and what is beside it."""
    return [*task.model.trainable_variables, *task.beside]


def stored_of(task: Task) -> list[keras.Variable]:
    """Returns the variables that a checkpoint holds, those that are not trained included."""
    return [*task.model.variables, *task.beside]
