"""Optimizers and schedules by name."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from nodelens.errors import UsageError
from nodelens.training.loop import optimizer as optimizer_module
from nodelens.training.loop.schedules import make_schedule
from nodelens.training.registry import LOSSES, OPTIMIZERS
from nodelens.training.settings import TrainingSettings


def make_optimizer(settings: TrainingSettings) -> keras.optimizers.Optimizer:
    return optimizer_module.make_optimizer(settings, tf.Variable(1.0))


def rates(steps: list[int], **settings: object) -> list[float]:
    schedule = make_schedule(TrainingSettings(steps=100, learning_rate=0.5, **settings))
    assert callable(schedule)
    return [float(schedule(step)) for step in steps]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_lowers_a_parabola_inside_a_compiled_loop(name: str) -> None:
    optimizer = make_optimizer(TrainingSettings(optimizer=name, learning_rate=0.05))
    x = keras.Variable([[3.0, -2.0], [1.0, 4.0]])
    optimizer.build([x])

    @tf.function(jit_compile=True, autograph=False)
    def steps() -> None:
        def step(count: tf.Tensor) -> tuple[tf.Tensor]:
            optimizer.apply([2.0 * tf.convert_to_tensor(x)], [x])
            return (count + 1,)

        tf.while_loop(lambda count: count < 20, step, (tf.constant(0),))

    before = float(tf.reduce_sum(x.value**2))
    steps()
    assert float(tf.reduce_sum(x.value**2)) < before


def test_the_rate_of_a_schedule_or_a_constant_is_scaled() -> None:
    scale = tf.Variable(1.0)
    for settings in (TrainingSettings(), TrainingSettings(schedule="cosine")):
        optimizer = optimizer_module.make_optimizer(settings, scale)
        scale.assign(1.0)
        before = float(optimizer.learning_rate)
        scale.assign(0.25)
        assert float(optimizer.learning_rate) == before / 4 == np.float32(2.5e-4)


def test_options_reach_the_optimizer_and_unknown_ones_are_named() -> None:
    made = make_optimizer(TrainingSettings(optimizer="sgd", optimizer_options={"momentum": 0.75}))
    assert made.momentum == 0.75
    for options, words in [
        ({"momentun": 0.5}, "did you mean `momentum`"),
        ({"beta_9": 0.5}, "it takes"),
        ({"learning_rate": 0.5}, "it takes"),
    ]:
        with pytest.raises(UsageError, match="takes no option") as caught:
            make_optimizer(TrainingSettings(optimizer="sgd", optimizer_options=options))
        assert words in (caught.value.hint or "")
    with pytest.raises(UsageError, match="does not take"):
        make_optimizer(TrainingSettings(optimizer="sgd", optimizer_options={"momentum": 7.0}))


def test_schedules_are_their_formulas() -> None:
    at = [0, 25, 100]
    cosine = [0.05 + 0.45 * (1 + math.cos(math.pi * s / 100)) / 2 for s in at]
    found = rates(at, schedule="cosine", final_learning_rate=0.05)
    np.testing.assert_allclose(found, cosine, rtol=1e-6)
    np.testing.assert_allclose(rates(at, schedule="linear"), [0.5, 0.375, 0], atol=1e-7)
    found = rates(at, schedule="exponential")
    np.testing.assert_allclose(found, [0.5, 0.5 * 0.01**0.25, 0.005], rtol=1e-6)
    found = rates(at, schedule="inverse_time", final_learning_rate=0.1)
    np.testing.assert_allclose(found, [0.5, 0.25, 0.1], rtol=1e-6)


def test_warmup_rises_linearly_to_where_the_schedule_begins() -> None:
    found = rates([0, 1, 3, 4, 10], schedule="constant", warmup=4)
    np.testing.assert_allclose(found, [0.125, 0.25, 0.5, 0.5, 0.5])
    found = rates([0, 3, 20, 60, 100], schedule="linear", warmup=20)
    np.testing.assert_allclose(found, [0.025, 0.1, 0.5, 0.25, 0], atol=1e-7)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"warmup": 100}, "leaves none of 100"),
        ({"schedule": "constant", "final_learning_rate": 0.1}, "a constant learning rate"),
        ({"schedule": "cosine", "final_learning_rate": 0.6}, "above the first one"),
        ({"schedule": "exponential", "final_learning_rate": 0.0}, "never comes to"),
    ],
)
def test_schedules_that_make_no_sense_are_refused(settings: dict, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        make_schedule(TrainingSettings(steps=100, learning_rate=0.5, **settings))


def test_losses_by_hand() -> None:
    errors = tf.constant([-3.0, 0.5])
    np.testing.assert_allclose(LOSSES["huber"].load()(errors), [2.5, 0.125])
    np.testing.assert_allclose(
        LOSSES["log_cosh"].load()(errors),
        [math.log(math.cosh(3)), math.log(math.cosh(0.5))],
        rtol=1e-6,
    )
