"""Training: call after call of the compiled loop, with validations and checkpoints between."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from nodelens.errors import NumericalError
from nodelens.ode import Status
from nodelens.training.loop.calls import Calls
from nodelens.training.loop.hints import HINTS
from nodelens.training.loop.loop import CallMetrics
from nodelens.training.loop.optimizer import make_optimizer
from nodelens.training.loop.state import Best, Totals, TrainingState, restore, values_of
from nodelens.training.loop.task import Stage, Validation, stored_of, trained_by
from nodelens.training.settings import NanGuardSettings, TrainingSettings, TrainOdeSettings


class Duration(NamedTuple):
    """The number of steps of a call, and its seconds."""

    steps: int
    seconds: float


@dataclass(frozen=True)
class Progress:
    """The progress of a training after a call of the compiled loop.

    Attributes:
        step: The steps taken so far.
        steps: The steps there will be.
        losses: The loss of each step of the call, shape [steps of the call]; NaN where it was
            skipped.
        accuracy: The fraction of its batches classified correctly; None where nothing is.
        validation: The quality on data that is held out; None if it was not evaluated now.
        gradient_norm: The largest norm of a gradient in the call.
        nfe_forward: Mean evaluations of the field by a forward solve.
        nfe_backward: Mean evaluations of the field with its VJP by a gradient.
        rejected: Rejected forward steps in the call.
        drift: The largest relative drift of a state that was integrated backward.
        skipped: The steps of the call that were skipped, because they were not finite.
        seconds: The time since this process began to train, compilation included.
        steps_per_second: The rate in this call.
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
    skipped: int
    seconds: float
    steps_per_second: float

    @property
    def loss(self) -> float:
        """The mean loss of the steps that were taken; NaN if none was."""
        good = self.losses[np.isfinite(self.losses)]
        return float(np.mean(good)) if len(good) else float("nan")


@dataclass(frozen=True)
class Hooks:
    """Functions that a training calls.

    Attributes:
        on_progress: Called with the progress after every call of the loop.
        on_checkpoint: Called with each state to save.
        stop: Called after every call of the loop; True ends the training early.
    """

    on_progress: Callable[[Progress], None]
    on_checkpoint: Callable[[TrainingState], None]
    stop: Callable[[], bool]


@dataclass(frozen=True)
class Training:
    """The result of a training.

    Attributes:
        state: The state at the end.
        compile_seconds: The time that XLA took to compile the loop of each stage; None if this
            process had nothing left to train.
        steps_per_second: Over all calls, compilation left out; None likewise.
        stopped: `finished`, `early` (no better validation for long) or `interrupted`.
    """

    state: TrainingState
    compile_seconds: float | None
    steps_per_second: float | None
    stopped: str


def ended(state: TrainingState, options: TrainingSettings) -> str | None:
    """Returns why a training is over: `finished` or `early`; None if there are steps to take."""
    early = options.early_stopping
    if early is not None and state.best.waited >= early.patience:
        return "early"
    return "finished" if state.step >= options.steps else None


def train(
    stages: Sequence[Stage],
    settings: TrainOdeSettings,
    hooks: Hooks,
    *,
    start: TrainingState | None = None,
) -> Training:
    """Trains a model in place.

    Args:
        stages: The model, its batches and its loss, one stage after the other.
        settings: The settings, with the number of steps.
        hooks: Functions that are called between the calls of the loop.
        start: The state to continue from.

    Returns:
        The result. With validations the model has the best weights, else the last ones.

    Raises:
        NumericalError: If too many steps in a row failed or were not finite. The model then has
            the weights of the last good step, and a checkpoint of it was saved.
    """
    options, task = settings.training, stages[-1].task
    stored = stored_of(task)
    scale = tf.Variable(1.0)
    optimizer = make_optimizer(options, scale)
    optimizer.build(trained_by(task))
    state = start or TrainingState()
    if start is not None:
        restore(stored, start.weights)
        restore(optimizer.variables, start.optimizer)

    def snapshot(state: TrainingState) -> TrainingState:
        return replace(state, weights=values_of(stored), optimizer=values_of(optimizer.variables))

    validate = task.validator()
    calls = [
        Calls(stage, optimizer, options.steps_per_call)
        for stage in stages
        if stage.until > state.step
    ]
    for each in calls:
        each.prepare()
    durations: list[Duration] = []
    metrics: CallMetrics | None = None
    began = time.perf_counter()
    # A training that was over already, when its process was killed, takes no further step.
    stopped = ended(state, options)
    while stopped is None:
        call = next(each for each in calls if each.stage.until > state.step)
        count = min(
            options.steps_per_call - state.step % options.steps_per_call,
            call.stage.until - state.step,
        )
        scale.assign(state.guard.scale)
        if not call.compile_seconds:
            call.compile()
        before, compiling = time.perf_counter(), call.compile_seconds
        metrics = call.run(state.step, count)
        seconds = time.perf_counter() - before - (call.compile_seconds - compiling)
        durations.append(Duration(count, seconds))
        previous, state = state, _advanced(state, metrics, count, options.nan_guard)
        if state.guard.in_a_row > options.nan_guard.patience:
            hooks.on_checkpoint(snapshot(state))
            _raise_failure(metrics, state)
        validation = None
        if validate and _due(previous.step, state.step, options.validate_every, options.steps):
            validation = validate()
            state = replace(state, best=_better(state, validation.loss, stored))
        seconds = time.perf_counter() - began
        hooks.on_progress(
            _progress(previous, state, options.steps, metrics, validation, durations[-1], seconds)
        )
        stopped = ended(state, options)
        if stopped is None and hooks.stop():
            stopped = "interrupted"
        if stopped or _due(previous.step, state.step, options.checkpoint_every, options.steps):
            hooks.on_checkpoint(snapshot(state))
    if state.guard.in_a_row > options.nan_guard.patience or not np.isfinite(state.losses).any():
        _raise_failure(metrics, state)
    state = snapshot(state)
    if state.best.weights:
        restore(stored, state.best.weights)
    if not durations:
        return Training(state, None, None, stopped)
    rate = sum(one.steps for one in durations) / sum(one.seconds for one in durations)
    return Training(state, sum(each.compile_seconds for each in calls), rate, stopped)


def _advanced(
    state: TrainingState, metrics: CallMetrics, count: int, options: NanGuardSettings
) -> TrainingState:
    """The state after a call; one of fewer good steps ended with a step that was skipped."""
    good, totals, guard = int(metrics.done), state.totals, replace(state.guard, in_a_row=0)
    losses = metrics.losses[:good]
    if good < count:
        guard = state.guard.tripped(options.shrink, first=good > 0)
        losses = np.append(losses, np.float32(np.nan))
    return replace(
        state,
        step=state.step + len(losses),
        losses=np.concatenate([state.losses, losses]),
        totals=Totals(
            totals.nfe_forward + int(metrics.cost.nfe_forward),
            totals.nfe_backward + int(metrics.cost.nfe_backward),
            max(totals.drift, float(metrics.cost.drift)),
            totals.left_out + int(metrics.cost.left_out),
        ),
        guard=guard,
    )


def _due(before: int, now: int, every: int, last: int) -> bool:
    """True if a multiple of `every`, or the last step, is among the last steps."""
    return now // every > before // every or now == last


def _better(state: TrainingState, loss: float, stored: list[keras.Variable]) -> Best:
    if loss < state.best.loss:
        return Best(state.step, loss, 0, values_of(stored))
    return replace(state.best, waited=state.best.waited + 1)


def _progress(
    previous: TrainingState,
    state: TrainingState,
    steps: int,
    metrics: CallMetrics,
    validation: Validation | None,
    call: Duration,
    elapsed: float,
) -> Progress:
    count = state.step - previous.step
    return Progress(
        step=state.step,
        steps=steps,
        losses=state.losses[previous.step :],
        accuracy=None if np.isnan(metrics.accuracy) else float(metrics.accuracy) / count,
        validation=validation,
        gradient_norm=float(metrics.gradient_norm),
        nfe_forward=float(metrics.cost.nfe_forward) / count,
        nfe_backward=float(metrics.cost.nfe_backward) / count,
        rejected=int(metrics.cost.rejected),
        drift=float(metrics.cost.drift),
        skipped=state.guard.skipped - previous.guard.skipped,
        seconds=elapsed,
        steps_per_second=count / call.seconds,
    )


def _raise_failure(metrics: CallMetrics | None, state: TrainingState) -> None:
    row = state.guard.in_a_row
    times = f", and so were the {row - 1} before it" if row > 1 else ""
    status = Status.SUCCESS if metrics is None else Status(int(metrics.cost.status))
    if status is not Status.SUCCESS:
        raise NumericalError(
            f"a solve failed at step {state.step} of the training: {status.name}"
            + times.replace("were", "did"),
            hint=HINTS[status],
        )
    raise NumericalError(
        f"the loss or its gradient is not finite at step {state.step} of the training{times}",
        hint="lower training.learning_rate, set training.clip_norm, or shorten training.window",
    )
