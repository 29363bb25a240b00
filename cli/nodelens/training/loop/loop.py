"""The compiled training loop: many whole steps in one call.

A step draws a batch, finds the loss and its gradient (see `Task`) and updates the weights.
Nothing leaves the device between the steps of a call; the metrics are gathered inside and read
once.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from nodelens.errors import UsageError
from nodelens.ode import Status
from nodelens.ode.user_code import first_line
from nodelens.training.loop.task import Cost, Task, trained_by


class CallMetrics(NamedTuple):
    """The metrics of one call of `steps_per_call` steps or fewer: tensors inside, arrays outside.

    Attributes:
        done: The steps that were taken, int32.
        losses: The loss before each update, shape [steps_per_call]; meaningful up to `done`.
        accuracy: The sum over the steps of the accuracy on the batch; NaN where nothing is
            classified.
        gradient_norm: The largest norm of a gradient.
        finite: True if every loss and gradient was finite. The update of a step with others is
            skipped, and the call ends there.
        cost: The sums over the steps.
    """

    done: tf.Tensor
    losses: tf.Tensor
    accuracy: tf.Tensor
    gradient_norm: tf.Tensor
    finite: tf.Tensor
    cost: Cost


# steps(first, count) trains from step number `first` (from 0) for `count` steps.
TrainingCall = Callable[[tf.Tensor, tf.Tensor], CallMetrics]


def make_training_call(
    task: Task, optimizer: keras.optimizers.Optimizer, capacity: int
) -> TrainingCall:
    """Compiles the training loop, and compiles it again where a solve needs more room.

    Args:
        task: The task; the trainable variables of its model are updated in place.
        optimizer: A Keras optimizer, built for these variables.
        capacity: The most steps of a call.

    Raises:
        UsageError: If solver and adjoint cannot solve this field.
    """
    compiled = _compile(task, optimizer, capacity)

    def call(first: tf.Tensor, count: tf.Tensor) -> CallMetrics:
        nonlocal task, compiled
        metrics = _read(compiled(first, count))
        while metrics.cost.status == int(Status.CAPACITY):
            roomier = task.roomier()
            if roomier is None:
                break
            task, compiled = roomier, _compile(roomier, optimizer, capacity)
            rest = _read(compiled(first + int(metrics.done), count - int(metrics.done)))
            metrics = joined([metrics, rest])
        return metrics

    return call


def _read(metrics: CallMetrics) -> CallMetrics:
    found: CallMetrics = tf.nest.map_structure(lambda value: value.numpy(), metrics)
    return found


def joined(parts: Sequence[CallMetrics]) -> CallMetrics:
    """Joins the metrics of calls that follow one another; how the last one ended counts."""
    if len(parts) == 1:
        return parts[0]
    last = parts[-1]
    norms = np.array([part.gradient_norm for part in parts])
    costs = [part.cost for part in parts]
    return CallMetrics(
        done=sum(int(part.done) for part in parts),
        losses=np.concatenate([part.losses[: int(part.done)] for part in parts]),
        accuracy=sum(part.accuracy for part in parts),
        # A step that failed may have no norm.
        gradient_norm=np.max(norms[np.isfinite(norms)], initial=0.0),
        finite=last.finite,
        cost=Cost(
            nfe_forward=sum(cost.nfe_forward for cost in costs),
            nfe_backward=sum(cost.nfe_backward for cost in costs),
            rejected=sum(cost.rejected for cost in costs),
            status=last.cost.status,
            drift=max(cost.drift for cost in costs),
            left_out=sum(cost.left_out for cost in costs),
        ),
    )


def _compile(task: Task, optimizer: keras.optimizers.Optimizer, capacity: int) -> TrainingCall:
    """Compiles the training loop of a task as it is."""
    variables = trained_by(task)

    def train_step(step: tf.Tensor, metrics: CallMetrics) -> CallMetrics:
        result = task.differentiate(task.draw(step))
        norm = tf.linalg.global_norm(result.gradients)
        finite = tf.math.is_finite(result.loss) & tf.math.is_finite(norm)

        def update() -> tf.Tensor:
            optimizer.apply(result.gradients, variables)
            return tf.constant(1)

        total, cost = metrics.cost, result.cost
        good = finite & (cost.status == int(Status.SUCCESS))
        after = CallMetrics(
            done=metrics.done + tf.cond(good, update, lambda: tf.constant(0)),
            losses=tf.tensor_scatter_nd_update(metrics.losses, [[metrics.done]], [result.loss]),
            accuracy=metrics.accuracy + result.accuracy,
            gradient_norm=tf.maximum(metrics.gradient_norm, norm),
            finite=metrics.finite & finite,
            cost=Cost(
                nfe_forward=total.nfe_forward + cost.nfe_forward,
                nfe_backward=total.nfe_backward + cost.nfe_backward,
                rejected=total.rejected + cost.rejected,
                status=tf.maximum(total.status, cost.status),
                drift=tf.maximum(total.drift, cost.drift),
                left_out=total.left_out + cost.left_out,
            ),
        )
        # A step without room for its solve is taken again: it leaves nothing but its status.
        full = cost.status == int(Status.CAPACITY)
        before = metrics._replace(cost=total._replace(status=cost.status))
        return tf.nest.map_structure(lambda old, new: tf.where(full, old, new), before, after)

    @tf.function(jit_compile=True, autograph=False)
    def steps(first: tf.Tensor, count: tf.Tensor) -> CallMetrics:
        none, nothing = tf.constant(0), tf.constant(0.0)
        cost = Cost(none, none, none, none, nothing, none)
        start = CallMetrics(none, tf.zeros([capacity]), nothing, nothing, tf.constant(True), cost)

        def going(metrics: CallMetrics) -> tf.Tensor:
            good = metrics.finite & (metrics.cost.status == int(Status.SUCCESS))
            return (metrics.done < count) & good

        (end,) = tf.while_loop(
            going,
            lambda metrics: (train_step(first + metrics.done, metrics),),
            (start,),
            maximum_iterations=capacity,
        )
        return end

    number = tf.TensorSpec([], tf.int32)
    try:
        steps.get_concrete_function(number, number)
    except ValueError as error:
        # What `odeint` refuses, such as an adjoint that cannot serve so large a field.
        raise UsageError(f"this cannot be trained: {first_line(error)}") from error

    def call(first: tf.Tensor, count: tf.Tensor) -> CallMetrics:
        try:
            return steps(first, count)
        except tf.errors.InvalidArgumentError as error:
            # XLA compiles in the first call; the tape through a solve may be beyond it.
            raise UsageError(
                f"XLA cannot compile this training: {first_line(error)}",
                hint="use operations in the field that XLA knows, or another adjoint, such as "
                "adjoint.method=discrete",
            ) from error

    return call
