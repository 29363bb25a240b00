"""The training loop on a parabola whose every number is known."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from nodelens.errors import NumericalError
from nodelens.ode import Status
from nodelens.training.loop.state import Best, Guard, TrainingState
from nodelens.training.loop.task import Cost, Stage, StepResult, Validation
from nodelens.training.loop.train import Hooks, Progress, Training, train
from nodelens.training.settings import TrainingSettings, TrainOdeSettings


class Scalar(keras.Model):
    """A model of one number, which starts at 1."""

    def __init__(self) -> None:
        super().__init__()
        self.x = self.add_weight(shape=(), initializer="ones")
        self.built = True


@dataclass(frozen=True)
class Parabola:
    """The loss `slope` · x² / 2, whose gradient step by plain descent is known; NaN at some steps.

    Attributes:
        bad: The steps at which the loss is not finite.
        failing: The steps at which a solve fails.
        slope: The curvature.
        room: The steps of the training that a store has room for.
        model: The number that is trained.
    """

    beside = ()

    bad: tuple[int, ...] = ()
    failing: tuple[int, ...] = ()
    slope: float = 1.0
    room: int = 100
    model: Any = field(default_factory=Scalar)

    def draw(self, step: tf.Tensor) -> tf.Tensor:
        return step

    def differentiate(self, step: tf.Tensor) -> StepResult:
        x = self.model.x.value
        zero = tf.constant(0)
        nan = tf.reduce_any(tf.equal(step, tf.constant(self.bad or (-1,))))
        fails = tf.reduce_any(tf.equal(step, tf.constant(self.failing or (-1,))))
        loss = tf.where(nan, tf.constant(float("nan")), self.slope * x**2 / 2)
        status = tf.where(fails, int(Status.NON_FINITE), int(Status.SUCCESS))
        full = step >= self.room
        status = tf.where(full, int(Status.CAPACITY), status)
        gradients = [tf.where(nan | full, tf.constant(float("nan")), self.slope * x)]
        one = tf.constant(1)
        none = tf.constant(0.0)
        cost = Cost(one, one, zero, status, none)
        return StepResult(loss, none / none, gradients, cost)

    def roomier(self) -> "Parabola | None":
        return replace(self, room=4 * self.room) if self.room else None

    def validator(self) -> Callable[[], Validation] | None:
        return None


def descend(
    stages: list[Stage], start: TrainingState | None = None, stop: bool = False, **options: Any
) -> tuple[Training, list[Progress], list[TrainingState]]:
    """Plain gradient descent with rate 1/2."""
    given: dict[str, Any] = {"optimizer": "sgd", "learning_rate": 0.5, "schedule": "constant"}
    given |= {"steps_per_call": 4, "clip_norm": None}
    training = TrainingSettings(**{**given, "steps": stages[-1].until, **options})
    told: list[Progress] = []
    kept: list[TrainingState] = []
    hooks = Hooks(told.append, kept.append, lambda: stop)
    return train(stages, TrainOdeSettings(training=training), hooks, start=start), told, kept


def test_each_step_is_gradient_descent() -> None:
    task = Parabola()
    found, _, _ = descend([Stage(6, task)])
    np.testing.assert_allclose(found.state.losses, [0.5 * 0.25**n for n in range(6)], rtol=1e-6)
    assert float(task.model.x.value) == 0.5**6
    assert found.state.guard == Guard()


def test_a_step_that_is_not_finite_is_left_out_and_the_rate_shrinks() -> None:
    task = Parabola(bad=(1,), failing=(5,))
    found, told, _ = descend([Stage(8, task)], nan_guard={"shrink": 0.5})
    # Rates 1/2, none, 1/4 three times, none, 1/8 twice.
    x = [1, 0.5, 0.5, 0.375, 0.28125, 0.2109375, 0.2109375, 0.2109375 * 0.875]
    expected = np.square(x) / 2
    expected[[1, 5]] = np.nan
    np.testing.assert_allclose(found.state.losses, expected, rtol=1e-6)
    assert found.state.guard == Guard(scale=0.25, skipped=2, in_a_row=0)
    assert [(p.step, p.skipped) for p in told] == [(2, 1), (4, 0), (6, 1), (8, 0)]
    assert told[0].loss == 0.5


def test_too_many_in_a_row_stop_the_training_with_the_last_good_weights() -> None:
    task = Parabola(bad=(1, 3, 4, 5, 6))
    options: dict[str, Any] = {"nan_guard": {"patience": 3, "shrink": 1.0}}
    with pytest.raises(NumericalError, match="at step 7 of the training, and so were the 3 before"):
        descend([Stage(20, task)], **options)
    assert float(task.model.x.value) == 0.25  # two good steps at the full rate
    kept: list[TrainingState] = []
    settings = TrainOdeSettings(
        training=TrainingSettings(
            optimizer="sgd", learning_rate=0.5, schedule="constant", steps=20, **options
        )
    )
    with pytest.raises(NumericalError):
        train([Stage(20, Parabola(bad=task.bad))], settings, Hooks(print, kept.append, bool))
    assert (kept[-1].step, kept[-1].guard.in_a_row) == (7, 4)
    np.testing.assert_array_equal(kept[-1].weights, [0.25])


def test_patience_zero_stops_at_once_and_nothing_good_is_no_training() -> None:
    with pytest.raises(NumericalError, match=r"a solve failed at step 3 of the training: NON_FIN"):
        descend([Stage(20, Parabola(failing=(2,)))], nan_guard={"patience": 0})
    with pytest.raises(NumericalError, match="not finite at step 2 of the training"):
        descend([Stage(2, Parabola(bad=(0, 1)))])


def test_stages_follow_one_another_at_their_steps() -> None:
    first = Parabola(slope=2.0)
    second = replace(first, slope=1.0)
    found, told, _ = descend([Stage(3, first), Stage(9, second)], learning_rate=0.25)
    # x is halved three times, then multiplied by 3/4.
    x = [1, 0.5, 0.25, *(0.125 * 0.75**n for n in range(6))]
    slopes = np.array([2] * 3 + [1] * 6)
    np.testing.assert_allclose(found.state.losses, slopes * np.square(x) / 2, rtol=1e-6)
    assert [p.step for p in told] == [3, 4, 8, 9]


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
def test_a_resume_knows_stage_rate_and_failures(schedule: str) -> None:
    def stages() -> list[Stage]:
        task = Parabola(bad=(2, 7), slope=2.0)
        return [Stage(6, task), Stage(16, replace(task, slope=1.0))]

    options: dict[str, Any] = {"checkpoint_every": 1, "schedule": schedule, "optimizer": "adam"}
    straight, _, kept = descend(stages(), **options)
    assert [state.step for state in kept] == [3, 4, 6, 8, 12, 16]
    for state in kept[:-1]:
        resumed, _, _ = descend(stages(), start=state, **options)
        assert repr(resumed.state) == repr(straight.state)


def test_the_time_of_compilation_is_told_from_that_of_steps_in_a_single_call_too() -> None:
    found, told, _ = descend([Stage(4, Parabola())])
    assert [p.step for p in told] == [4]
    assert found.compile_seconds is not None and found.steps_per_second is not None
    assert found.compile_seconds > 4 / found.steps_per_second


def test_a_stop_is_heeded_after_the_call() -> None:
    found, _, kept = descend([Stage(100, Parabola())], stop=True)
    assert (found.stopped, found.state.step) == ("interrupted", 4)
    assert [state.step for state in kept] == [4]


def test_a_training_that_is_over_takes_no_step() -> None:
    straight, _, kept = descend([Stage(8, Parabola())])
    again, told, kept_again = descend([Stage(8, Parabola())], start=kept[-1])
    assert (again.stopped, told, kept_again) == ("finished", [], [])
    assert repr(again.state) == repr(straight.state)
    assert (again.compile_seconds, again.steps_per_second) == (None, None)

    early = replace(kept[-1], best=Best(step=4, loss=0.5, waited=3, weights=(np.float32(0.25),)))
    task = Parabola()
    found, told, _ = descend([Stage(100, task)], start=early, early_stopping={"patience": 3})
    assert (found.stopped, found.state.step, told) == ("early", 8, [])
    assert float(task.model.x.value) == 0.25  # the best one
    found, _, _ = descend([Stage(100, Parabola())], start=early, early_stopping={"patience": 4})
    assert (found.stopped, found.state.step) == ("finished", 100)


def test_a_training_that_failed_at_its_last_step_fails_again() -> None:
    options: dict[str, Any] = {"nan_guard": {"patience": 1, "shrink": 1.0}}
    bad = Stage(8, Parabola(bad=(6, 7)))
    failed = descend([bad], nan_guard={"patience": 2, "shrink": 1.0})[2][-1]
    assert (failed.step, failed.guard.in_a_row) == (8, 2)
    with pytest.raises(NumericalError, match="not finite at step 8"):
        descend([Stage(8, Parabola())], start=failed, **options)


def test_a_step_without_room_is_taken_again_and_leaves_no_trace() -> None:
    # Room for 1 step, then for 4, then for 16; calls have 4 steps.
    (grown, told, _), (roomy, told_roomy, _) = (
        descend([Stage(10, Parabola(room=room, bad=(6,)))]) for room in (1, 100)
    )
    np.testing.assert_array_equal(grown.state.losses, roomy.state.losses)
    np.testing.assert_array_equal(grown.state.weights, roomy.state.weights)
    assert grown.state.totals == roomy.state.totals
    assert grown.state.guard == roomy.state.guard
    assert [row.gradient_norm for row in told] == [row.gradient_norm for row in told_roomy]
    assert [row.step for row in told] == [row.step for row in told_roomy]


def test_a_step_that_can_have_no_more_room_ends_the_training() -> None:
    with pytest.raises(NumericalError, match="CAPACITY"):
        descend([Stage(4, Parabola(room=0))])
