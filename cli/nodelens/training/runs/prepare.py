"""From settings to everything a training needs."""

from typing import Any

from nodelens.datasets.settings import SampleDataSettings
from nodelens.training.loop.experiment import Experiment
from nodelens.training.samples.experiment import prepare_samples
from nodelens.training.settings import TrainOdeSettings
from nodelens.training.trajectories.experiment import prepare_trajectories


def prepare(settings: TrainOdeSettings) -> Experiment:
    """Loads the data and makes the untrained model.

    Args:
        settings: What to do.

    Raises:
        UsageError: If data and field do not fit together.
    """
    if isinstance(settings.data, SampleDataSettings):
        return prepare_samples(settings)
    return prepare_trajectories(settings)


def plan(settings: TrainOdeSettings) -> dict[str, Any]:
    """What a run would do, checked as far as it can be without training.

    Returns:
        A plain document; `summary` says it in one sentence.
    """
    return prepare(settings).plan()
