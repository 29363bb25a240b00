"""The learning rate over a training: schedules, whose table is `training.registry`.

The function of a schedule takes the first rate, the final one in multiples of it, and the number of
steps.
"""

from typing import Any

import tensorflow as tf
from keras.optimizers import schedules
from keras.optimizers.schedules import LearningRateSchedule

from nodelens.errors import UsageError
from nodelens.training.registry import SCHEDULES
from nodelens.training.settings import TrainingSettings


class Warmup(LearningRateSchedule):
    """A rate that rises linearly to where another schedule begins.

    Args:
        then: The schedule after that, from its step 0.
        steps: The steps of the rise; the first one has 1/steps of the rate.
    """

    def __init__(self, then: LearningRateSchedule, steps: int) -> None:
        super().__init__()
        self.then = then
        self.steps = steps

    def __call__(self, step: Any) -> tf.Tensor:
        """Computes the rate of a step, counted from 0."""
        step = tf.cast(step, tf.float32)
        after = self.then(tf.maximum(step - self.steps, 0.0))
        return after * tf.minimum((step + 1.0) / self.steps, 1.0)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments."""
        return {"then": schedules.serialize(self.then), "steps": self.steps}


class Shrinkable(LearningRateSchedule):
    """Another schedule times a factor that may be changed during the training.

    Args:
        of: The schedule, or a constant rate.
        scale: The factor.
    """

    def __init__(self, of: float | LearningRateSchedule, scale: tf.Variable) -> None:
        super().__init__()
        self.of = of
        self.scale = scale

    def __call__(self, step: Any) -> tf.Tensor:
        """Computes the rate of a step, counted from 0."""
        return (self.of(step) if callable(self.of) else self.of) * self.scale


def constant(rate: float, share: float, steps: int) -> LearningRateSchedule:
    """Makes a rate that stays as it is."""
    return schedules.PolynomialDecay(rate, 1, rate)


def cosine(rate: float, share: float, steps: int) -> LearningRateSchedule:
    """Makes a rate that falls as half a period of the cosine (Loshchilov and Hutter 2017)."""
    return schedules.CosineDecay(rate, steps, share)


def linear(rate: float, share: float, steps: int) -> LearningRateSchedule:
    """Makes a rate that falls linearly."""
    return schedules.PolynomialDecay(rate, steps, rate * share)


def exponential(rate: float, share: float, steps: int) -> LearningRateSchedule:
    """Makes a rate that is multiplied by the same factor at every step."""
    return schedules.ExponentialDecay(rate, steps, share)


def inverse_time(rate: float, share: float, steps: int) -> LearningRateSchedule:
    """Makes the rate r / (1 + d · step / steps), with d such that the last one is r · share."""
    return schedules.InverseTimeDecay(rate, steps, 1 / share - 1)


USUAL_RATE = 1e-3
"""The learning rate where neither settings nor data choose one."""


def make_schedule(settings: TrainingSettings) -> float | LearningRateSchedule:
    """Makes the learning rate, or the schedule of it over all steps.

    Raises:
        UsageError: If warm-up and final rate do not fit the schedule.
    """
    rate, final, row = (
        settings.learning_rate or USUAL_RATE,
        settings.final_learning_rate,
        SCHEDULES[settings.schedule],
    )
    steps = settings.steps - settings.warmup
    if steps < 1:
        raise UsageError(
            f"a warm-up of {settings.warmup} steps leaves none of {settings.steps} to train at the "
            "full rate",
            hint="shorten training.warmup",
        )
    if row.final is None and final is not None:
        raise UsageError(
            f"a {row.name} learning rate has no final_learning_rate",
            hint="choose another training.schedule",
        )
    if row.final is None and not settings.warmup:
        return rate
    if final is not None and final > rate:
        raise UsageError(
            f"the final learning rate {final:g} is above the first one {rate:g}",
            hint="a schedule lowers the rate from training.learning_rate",
        )
    if final == 0 and not row.reaches_zero:
        raise UsageError(
            f"the schedule {row.name} never comes to a learning rate of 0",
            hint="set training.final_learning_rate above 0, or training.schedule=linear",
        )
    share = row.final if final is None else final / rate
    schedule = row.load()(rate, share, steps)
    return Warmup(schedule, settings.warmup) if settings.warmup else schedule
