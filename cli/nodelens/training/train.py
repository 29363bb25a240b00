"""Training a vector field on a trajectory: call after call of the compiled loop."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from nodelens.datasets.trajectories import Trajectory
from nodelens.errors import NumericalError
from nodelens.ode import Status
from nodelens.ode.status import REMEDIES
from nodelens.settings.train_ode import TrainingSettings, TrainOdeSettings
from nodelens.training.loop import CallMetrics, Windows, make_training_call


@dataclass(frozen=True)
class Progress:
    """What is known after a call of the compiled loop.

    Attributes:
        step: The steps taken so far.
        steps: The steps there will be.
        losses: The loss of each step of the call, shape [steps of the call].
        gradient_norm: The largest norm of a gradient in the call.
        nfe_forward: Mean evaluations of the field by a forward solve.
        nfe_backward: Mean evaluations of the field with its VJP by a gradient.
        rejected: Rejected forward steps in the call.
        drift: The largest relative drift of a state that was integrated backward.
        seconds: Since the training began, compilation included.
        steps_per_second: In this call.
    """

    step: int
    steps: int
    losses: np.ndarray
    gradient_norm: float
    nfe_forward: float
    nfe_backward: float
    rejected: int
    drift: float
    seconds: float
    steps_per_second: float

    @property
    def loss(self) -> float:
        """The mean loss of the call."""
        return float(np.mean(self.losses))


@dataclass(frozen=True)
class Training:
    """What came of a training.

    Attributes:
        losses: The loss of each step, shape [steps taken].
        nfe_forward: Evaluations of the field by all forward solves.
        nfe_backward: Evaluations of the field with its VJP by all gradients.
        drift: The largest drift of a state that was integrated backward.
        compile_seconds: The time of the first call less that of an ordinary one.
        steps_per_second: Over all calls but the first.
        interrupted: Whether a signal ended it early.
    """

    losses: np.ndarray
    nfe_forward: int
    nfe_backward: int
    drift: float
    compile_seconds: float
    steps_per_second: float
    interrupted: bool


def train(
    field: keras.Model,
    trajectory: Trajectory,
    settings: TrainOdeSettings,
    *,
    on_progress: Callable[[Progress], None],
    stop: Callable[[], bool],
) -> Training:
    """Trains a field in place.

    Args:
        field: The vector field.
        trajectory: What it learns from, evenly sampled.
        settings: How.
        on_progress: Told after every call of the compiled loop.
        stop: Asked after every call whether to end early.

    Returns:
        What came of it.

    Raises:
        NumericalError: If a solve failed or a number was not finite. The field then has the
            weights of the last good step.
    """
    options = settings.training
    optimizer = make_optimizer(options)
    optimizer.build(field.trainable_variables)
    call = make_training_call(field, optimizer, Windows.of(trajectory, settings), settings)
    losses: list[np.ndarray] = []
    durations: list[tuple[int, float]] = []
    nfe_forward = nfe_backward = step = 0
    drift = 0.0
    began = time.perf_counter()
    while step < options.steps:
        count = min(options.steps_per_call, options.steps - step)
        start = time.perf_counter()
        metrics = call(tf.constant(step), tf.constant(count))
        metrics = CallMetrics(*(value.numpy() for value in metrics))
        seconds = time.perf_counter() - start
        _raise_on_failure(metrics, step + int(metrics.done))
        step += count
        durations.append((count, seconds))
        losses.append(metrics.losses[:count])
        nfe_forward += int(metrics.nfe_forward)
        nfe_backward += int(metrics.nfe_backward)
        drift = max(drift, float(metrics.drift))
        on_progress(
            Progress(
                step=step,
                steps=options.steps,
                losses=losses[-1],
                gradient_norm=float(metrics.gradient_norm),
                nfe_forward=float(metrics.nfe_forward) / count,
                nfe_backward=float(metrics.nfe_backward) / count,
                rejected=int(metrics.rejected),
                drift=float(metrics.drift),
                seconds=time.perf_counter() - began,
                steps_per_second=count / seconds,
            )
        )
        if stop():
            break
    compile_seconds, steps_per_second = _throughput(durations)
    return Training(
        losses=np.concatenate(losses),
        nfe_forward=nfe_forward,
        nfe_backward=nfe_backward,
        drift=drift,
        compile_seconds=compile_seconds,
        steps_per_second=steps_per_second,
        interrupted=step < options.steps,
    )


def make_optimizer(settings: TrainingSettings) -> keras.optimizers.Optimizer:
    """The optimizer of the settings, with its learning rate or the schedule of it."""
    rate = settings.learning_rate
    if settings.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(rate, decay_steps=settings.steps)
    return keras.optimizers.get(
        {"class_name": settings.optimizer, "config": {"learning_rate": rate}}
    )


def _throughput(durations: list[tuple[int, float]]) -> tuple[float, float]:
    """Seconds of compilation, and steps a second without it."""
    first_count, first_seconds = durations[0]
    if len(durations) == 1:
        return 0.0, first_count / first_seconds
    count = sum(count for count, _ in durations[1:])
    seconds = sum(seconds for _, seconds in durations[1:])
    return max(0.0, first_seconds - first_count * seconds / count), count / seconds


def _raise_on_failure(metrics: CallMetrics, step: int) -> None:
    status = Status(int(metrics.status))
    if status is not Status.SUCCESS:
        raise NumericalError(
            f"a solve failed at step {step} of the training: {status.name}",
            hint=REMEDIES[status],
        )
    if not metrics.finite:
        raise NumericalError(
            f"the loss or its gradient is not finite at step {step} of the training",
            hint="lower training.learning_rate, or shorten training.window",
        )
