"""The experiment that settings describe."""

from nodelens.datasets.settings import SampleDataSettings
from nodelens.training.loop.experiment import Experiment
from nodelens.training.samples.experiment import prepare_samples
from nodelens.training.settings import TrainOdeSettings
from nodelens.training.trajectories.experiment import prepare_trajectories


def prepare(settings: TrainOdeSettings) -> Experiment:
    """Loads the data and makes the untrained model.

    Args:
        settings: The settings of the run.

    Raises:
        UsageError: If data and field do not fit together.
    """
    if isinstance(settings.data, SampleDataSettings):
        return prepare_samples(settings)
    return prepare_trajectories(settings)
