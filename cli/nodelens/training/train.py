"""Training: call after call of the compiled loop, with validations and checkpoints between."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import keras
import numpy as np
import tensorflow as tf

from nodelens.errors import NumericalError
from nodelens.ode import Status
from nodelens.ode.status import REMEDIES
from nodelens.settings.train_ode import TrainOdeSettings
from nodelens.training.loop import CallMetrics, make_training_call
from nodelens.training.optimizer import make_optimizer
from nodelens.training.state import Best, Totals, TrainingState, put_back, values_of
from nodelens.training.task import Task, Validation


@dataclass(frozen=True)
class Progress:
    """What is known after a call of the compiled loop.

    Attributes:
        step: The steps taken so far.
        steps: The steps there will be.
        losses: The loss of each step of the call, shape [steps of the call].
        accuracy: The share of its batches that was classified right; None where nothing is.
        validation: On data that was kept back; None if it was not looked at now.
        gradient_norm: The largest norm of a gradient in the call.
        nfe_forward: Mean evaluations of the field by a forward solve.
        nfe_backward: Mean evaluations of the field with its VJP by a gradient.
        rejected: Rejected forward steps in the call.
        drift: The largest relative drift of a state that was integrated backward.
        seconds: Since this process began to train, compilation included.
        steps_per_second: In this call.
    """

    step: int
    steps: int
    losses: np.ndarray
    accuracy: float | None
    validation: Validation | None
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
class Hooks:
    """What the surroundings of a training want to be asked and told.

    Attributes:
        on_progress: Told after every call.
        on_checkpoint: Given the state to keep.
        stop: Asked after every call whether to end early.
    """

    on_progress: Callable[[Progress], None]
    on_checkpoint: Callable[[TrainingState], None]
    stop: Callable[[], bool]


@dataclass(frozen=True)
class Training:
    """What came of a training.

    Attributes:
        state: Where it ended.
        compile_seconds: The time of the first call less that of an ordinary one.
        steps_per_second: Over all calls but the first.
        stopped: `finished`, `early` (no better validation for long) or `interrupted`.
    """

    state: TrainingState
    compile_seconds: float
    steps_per_second: float
    stopped: str


def train(
    task: Task,
    settings: TrainOdeSettings,
    hooks: Hooks,
    *,
    start: TrainingState | None = None,
) -> Training:
    """Trains a model in place.

    Args:
        task: The model, its batches and its loss.
        settings: How.
        hooks: What the surroundings want to know.
        start: The state to go on from.

    Returns:
        What came of it. With validations the model has the best weights, else the last ones.

    Raises:
        NumericalError: If a solve failed or a number was not finite. The model then has the
            weights of the last good step, and a checkpoint of it was kept.
    """
    options = settings.training
    model = task.model
    optimizer = make_optimizer(options)
    optimizer.build(model.trainable_variables)
    state = start or TrainingState()
    if start is not None:
        put_back(model.variables, start.weights)
        put_back(optimizer.variables, start.optimizer)

    def snapshot(state: TrainingState) -> TrainingState:
        return replace(
            state, weights=values_of(model.variables), optimizer=values_of(optimizer.variables)
        )

    validate = task.validator()
    call = make_training_call(task, optimizer, options.steps_per_call)
    durations: list[tuple[int, float]] = []
    stopped = "finished"
    began = time.perf_counter()
    while state.step < options.steps:
        count = min(options.steps_per_call, options.steps - state.step)
        before = time.perf_counter()
        metrics = _read(call(tf.constant(state.step), tf.constant(count)))
        durations.append((count, time.perf_counter() - before))
        if int(metrics.done) < count:
            good = int(metrics.done)
            state = _advanced(state, metrics, good)
            hooks.on_checkpoint(snapshot(state))
            _raise_failure(metrics, state.step)
        previous, state = state, _advanced(state, metrics, count)
        validation = None
        if validate and _due(previous.step, state.step, options.validate_every, options.steps):
            validation = validate()
            state = replace(state, best=_judged(state, validation.loss, model))
        seconds = time.perf_counter() - began
        hooks.on_progress(
            _progress(state, options.steps, metrics, validation, durations[-1], seconds)
        )
        early = options.early_stopping
        if early is not None and state.best.waited >= early.patience:
            stopped = "early"
        elif hooks.stop() and state.step < options.steps:
            stopped = "interrupted"
        last = stopped != "finished"
        if last or _due(previous.step, state.step, options.checkpoint_every, options.steps):
            hooks.on_checkpoint(snapshot(state))
        if last:
            break
    state = snapshot(state)
    if state.best.weights:
        put_back(model.variables, state.best.weights)
    compile_seconds, steps_per_second = _throughput(durations)
    return Training(state, compile_seconds, steps_per_second, stopped)


def _read(metrics: CallMetrics) -> CallMetrics:
    return CallMetrics(*(value.numpy() for value in metrics))


def _advanced(state: TrainingState, metrics: CallMetrics, count: int) -> TrainingState:
    totals = state.totals
    return replace(
        state,
        step=state.step + count,
        losses=np.concatenate([state.losses, metrics.losses[:count]]),
        totals=Totals(
            totals.nfe_forward + int(metrics.nfe_forward),
            totals.nfe_backward + int(metrics.nfe_backward),
            max(totals.drift, float(metrics.drift)),
        ),
    )


def _due(before: int, now: int, every: int, last: int) -> bool:
    """Whether a multiple of `every`, or the last step, lies in what was just done."""
    return now // every > before // every or now == last


def _judged(state: TrainingState, loss: float, model: keras.Model) -> Best:
    if loss < state.best.loss:
        return Best(state.step, loss, 0, values_of(model.variables))
    return replace(state.best, waited=state.best.waited + 1)


def _progress(
    state: TrainingState,
    steps: int,
    metrics: CallMetrics,
    validation: Validation | None,
    last_call: tuple[int, float],
    elapsed: float,
) -> Progress:
    count, call_seconds = last_call
    return Progress(
        step=state.step,
        steps=steps,
        losses=metrics.losses[:count],
        accuracy=None if np.isnan(metrics.accuracy) else float(metrics.accuracy) / count,
        validation=validation,
        gradient_norm=float(metrics.gradient_norm),
        nfe_forward=float(metrics.nfe_forward) / count,
        nfe_backward=float(metrics.nfe_backward) / count,
        rejected=int(metrics.rejected),
        drift=float(metrics.drift),
        seconds=elapsed,
        steps_per_second=count / call_seconds,
    )


def _throughput(durations: Sequence[tuple[int, float]]) -> tuple[float, float]:
    """Seconds of compilation, and steps a second without it."""
    if not durations:
        return 0.0, 0.0
    first_count, first_seconds = durations[0]
    if len(durations) == 1:
        return 0.0, first_count / first_seconds
    count = sum(count for count, _ in durations[1:])
    seconds = sum(seconds for _, seconds in durations[1:])
    return max(0.0, first_seconds - first_count * seconds / count), count / seconds


def _raise_failure(metrics: CallMetrics, step: int) -> None:
    status = Status(int(metrics.status))
    if status is not Status.SUCCESS:
        raise NumericalError(
            f"a solve failed at step {step} of the training: {status.name}",
            hint=REMEDIES[status],
        )
    raise NumericalError(
        f"the loss or its gradient is not finite at step {step} of the training",
        hint="lower training.learning_rate, set training.clip_norm, or shorten training.window",
    )
