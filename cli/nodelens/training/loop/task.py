"""What the training loop trains: anything that draws batches and finds the gradient of a loss."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import keras
import tensorflow as tf


class StepResult(NamedTuple):
    """What one training step found before it updates anything; every number is a tensor.

    Attributes:
        loss: The loss of the batch.
        accuracy: The share of the batch that was classified right; NaN where nothing is classified.
        gradients: dL/dθ, in the order of `model.trainable_variables`.
        nfe_forward: Evaluations of the field by the forward solve, int32.
        nfe_backward: Evaluations of the field with its vector-Jacobian product, int32.
        rejected: Rejected steps of the forward solve, int32.
        status: How the solves ended (`nodelens.ode.Status`), int32.
        drift: The drift of a state that was integrated backward (see `BackwardStats`).
    """

    loss: tf.Tensor
    accuracy: tf.Tensor
    gradients: list[tf.Tensor]
    nfe_forward: tf.Tensor
    nfe_backward: tf.Tensor
    rejected: tf.Tensor
    status: tf.Tensor
    drift: tf.Tensor


class Validation(NamedTuple):
    """How good the weights are on data that was kept back.

    Attributes:
        loss: Infinite if a solve failed.
        accuracy: The share that is classified right; None where nothing is classified.
    """

    loss: float
    accuracy: float | None = None


class Task(Protocol):
    """Something to train. `draw` and `differentiate` run inside the compiled loop."""

    @property
    def model(self) -> keras.Model:
        """What is trained; its variables are what a checkpoint keeps."""

    def draw(self, step: tf.Tensor) -> Any:
        """The batch of a step, a nest of tensors; the step alone decides which."""

    def differentiate(self, batch: Any) -> StepResult:
        """The loss of a batch and its gradient, with the weights as they are."""

    def validator(self) -> Callable[[], Validation] | None:
        """Compiles the loss on data that was kept back; None if nothing was."""


@dataclass(frozen=True)
class Stage:
    """A part of a training.

    Attributes:
        until: The step before which it ends.
        task: What is trained meanwhile; all stages have the same model.
    """

    until: int
    task: Task
