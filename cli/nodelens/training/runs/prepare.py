"""The two tasks, told apart by the settings of the data: trajectories and samples."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nodelens.datasets.settings import SampleDataSettings
from nodelens.errors import UsageError
from nodelens.training.loop.data_summary import DataSummary
from nodelens.training.loop.experiment import Experiment
from nodelens.training.samples.experiment import prepare_samples
from nodelens.training.samples.summary import SampleSummary
from nodelens.training.settings import TrainOdeSettings
from nodelens.training.trajectories.experiment import prepare_trajectories
from nodelens.training.trajectories.summary import TrajectorySummary


@dataclass(frozen=True)
class _Kind:
    """A kind of data that is learned from.

    Attributes:
        prepare: Makes the experiment.
        summary: The type of the facts about its data.
    """

    prepare: Callable[[TrainOdeSettings], Experiment]
    summary: type[DataSummary]


_SAMPLES = _Kind(prepare_samples, SampleSummary)
_TRAJECTORIES = _Kind(prepare_trajectories, TrajectorySummary)


def _kind(settings: TrainOdeSettings) -> _Kind:
    return _SAMPLES if isinstance(settings.data, SampleDataSettings) else _TRAJECTORIES


def prepare(settings: TrainOdeSettings) -> Experiment:
    """Loads the data and makes the untrained model.

    Args:
        settings: The settings of the run.

    Raises:
        UsageError: If data and field do not fit together.
    """
    return _kind(settings).prepare(settings)


def load_summary(settings: TrainOdeSettings, path: Path) -> DataSummary:
    """Reads the summary of the data of a run, or the data if an earlier version wrote none.

    Args:
        settings: The settings of the run.
        path: The file of the summary.

    Raises:
        UsageError: If the file is damaged; or there is none, and the data cannot be read either.
    """
    if path.is_file():
        return _kind(settings).summary.read(path)
    try:
        return prepare(settings).data_summary()
    except UsageError as error:
        raise UsageError(
            f"the run has no {path.name}, and its data cannot be used: {error.message}",
            hint="it was made by an earlier version of nodelens, which needs the data to predict",
        ) from error
