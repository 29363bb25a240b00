"""How the learning rate changes over a training."""

from typing import Any, TypeAlias

import keras
import tensorflow as tf

from nodelens.errors import UsageError
from nodelens.training.settings import TrainingSettings

Schedule: TypeAlias = keras.optimizers.schedules.LearningRateSchedule


class Warmup(Schedule):
    """A rate that rises linearly to where another schedule begins.

    Args:
        then: The schedule after that, from its step 0.
        steps: How many steps the rise takes; the first one has 1/steps of the rate.
    """

    def __init__(self, then: Schedule, steps: int) -> None:
        super().__init__()
        self.then = then
        self.steps = steps

    def __call__(self, step: Any) -> tf.Tensor:
        """The rate of a step, counted from 0."""
        step = tf.cast(step, tf.float32)
        after = self.then(tf.maximum(step - self.steps, 0.0))
        return after * tf.minimum((step + 1.0) / self.steps, 1.0)

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {"then": keras.optimizers.schedules.serialize(self.then), "steps": self.steps}


class Shrinkable(Schedule):
    """Another schedule times a factor that may be changed while the training goes on.

    Args:
        of: The schedule, or a constant rate.
        scale: The factor.
    """

    def __init__(self, of: float | Schedule, scale: tf.Variable) -> None:
        super().__init__()
        self.of = of
        self.scale = scale

    def __call__(self, step: Any) -> tf.Tensor:
        """The rate of a step, counted from 0."""
        return (self.of(step) if callable(self.of) else self.of) * self.scale


def make_schedule(settings: TrainingSettings) -> float | Schedule:
    """The learning rate, or the schedule of it over all steps.

    Raises:
        UsageError: If warm-up and final rate do not fit the schedule.
    """
    rate, final = settings.learning_rate, settings.final_learning_rate
    steps = settings.steps - settings.warmup
    if steps < 1:
        raise UsageError(
            f"a warm-up of {settings.warmup} steps leaves none of {settings.steps} to train at the "
            "full rate",
            hint="shorten training.warmup",
        )
    if settings.schedule == "constant":
        if final is not None:
            raise UsageError(
                "a constant learning rate has no final_learning_rate",
                hint="choose another training.schedule",
            )
        kept: Schedule = keras.optimizers.schedules.PolynomialDecay(rate, 1, rate)
        return Warmup(kept, settings.warmup) if settings.warmup else rate
    if final is not None and final > rate:
        raise UsageError(
            f"the final learning rate {final:g} is above the first one {rate:g}",
            hint="a schedule lowers the rate from training.learning_rate",
        )
    schedule = _falling(settings.schedule, rate, final, steps)
    return Warmup(schedule, settings.warmup) if settings.warmup else schedule


def _falling(name: str, rate: float, final: float | None, steps: int) -> Schedule:
    known = keras.optimizers.schedules
    if name == "cosine":
        return known.CosineDecay(rate, decay_steps=steps, alpha=(final or 0.0) / rate)
    if name == "linear":
        return known.PolynomialDecay(rate, steps, final or 0.0)
    share = 0.01 if final is None else final / rate
    if share == 0:
        raise UsageError(
            f"the schedule {name} never comes to a learning rate of 0",
            hint="set training.final_learning_rate above 0, or training.schedule=linear",
        )
    if name == "exponential":
        return known.ExponentialDecay(rate, steps, share)
    # rate / (1 + decay · step / steps) is the final rate at the last step.
    return known.InverseTimeDecay(rate, steps, 1 / share - 1)
