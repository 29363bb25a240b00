"""Epochs become steps when it is known how many examples there are."""

import pytest

from nodelens.training.loop.epochs import in_steps
from nodelens.training.runs.prepare import prepare
from nodelens.training.settings import TrainOdeSettings


@pytest.mark.parametrize(
    ("epochs", "examples", "batch", "steps"),
    [(1, 100, 20, 5), (2.5, 100, 20, 13), (0.001, 100, 20, 1), (3, 7, 20, 2)],
)
def test_an_epoch_sees_as_many_examples_as_there_are(epochs, examples, batch, steps):
    settings = TrainOdeSettings.model_validate(
        {"training": {"epochs": epochs, "batch_size": batch}}
    )
    assert in_steps(settings, examples).training.steps == steps


def test_without_epochs_the_steps_stay():
    settings = TrainOdeSettings()
    assert in_steps(settings, 5) is settings


@pytest.mark.parametrize(
    ("data", "examples"),
    [
        ({"kind": "simulated", "points": 100}, 91),
        (
            {
                "kind": "annuli",
                "samples": 200,
                "validation": {"fraction": 0.2},
                "test": {"fraction": 0.1},
            },
            140,
        ),
    ],
)
def test_examples_are_windows_or_samples_to_train_on(data, examples):
    asked = {"data": data, "training": {"epochs": 3, "batch_size": 10, "window": 10}}
    experiment = prepare(TrainOdeSettings.model_validate(asked))
    assert experiment.examples == examples
    assert experiment.settings.training.steps == -(-3 * examples // 10)
