"""The facts about its data that a run directory holds, so that it predicts without the data."""

import zipfile
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

import numpy as np
import tensorflow as tf

from nodelens.datasets.settings import SampleDataSettings
from nodelens.errors import UsageError
from nodelens.runtime.files import write_arrays
from nodelens.training.loop.experiment import Experiment
from nodelens.training.runs.prepare import prepare
from nodelens.training.samples.experiment import SampleExperiment
from nodelens.training.settings import TrainOdeSettings
from nodelens.training.trajectories.experiment import TrajectoryExperiment

# Enough to be more than one trajectory, few enough for a check of every component.
WINDOWS = 4
COMPONENTS = 64
TIMES = 5


class _Stored:
    """A frozen dataclass of arrays and names that is stored as an NPZ file."""

    def write(self, path: Path) -> None:
        """Writes the file, whole or not at all."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}  # type: ignore[arg-type]
        arrays = {
            name: np.asarray(value, str if isinstance(value, tuple) else None)
            for name, value in values.items()
        }
        write_arrays(path, arrays)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Reads the file.

        Raises:
            UsageError: If it is damaged.
        """
        try:
            with np.load(path, allow_pickle=False) as arrays:
                values: dict[str, Any] = {each.name: arrays[each.name] for each in fields(cls)}  # type: ignore[arg-type]
        except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
            raise UsageError(
                f"{path} is damaged: {error}",
                hint="remove it, and the data of the run is read instead",
            ) from error
        names = {name: tuple(v.tolist()) for name, v in values.items() if v.dtype.kind == "U"}
        return cls(**{**values, **names})


@dataclass(frozen=True)
class TrajectorySummary(_Stored):
    """The facts about trajectories that predictions use.

    Attributes:
        components: The names of the components of the state.
        scale: The size of each component, shape [dimension].
        first_state: The first state of the data, shape [dimension]; NaN where it was not measured.
        first_times: The times of the first trajectory, shape [points].
        window_starts: The times at which some windows start, shape [] or [windows, 1].
        window_states: The states there, shape [windows, dimension].
        window_times: Times of these windows, counted from each start, shape [times].
    """

    components: tuple[str, ...]
    scale: np.ndarray
    first_state: np.ndarray
    first_times: np.ndarray
    window_starts: np.ndarray
    window_states: np.ndarray
    window_times: np.ndarray

    @classmethod
    def of(cls, experiment: TrajectoryExperiment) -> "TrajectorySummary":
        """Takes windows at even distances in the training data."""
        windows, data = experiment.task.windows, experiment.data
        components = data.dimension + experiment.objective.augment
        count = max(1, min(WINDOWS, COMPONENTS // components, windows.count))
        if windows.shared is None:
            count = 1  # windows with times of their own are not one initial value problem
        chosen = np.linspace(0, windows.count - 1, count).round().astype(int)
        batch = windows.batch(tf.gather(windows.starts, chosen))
        length = windows.length
        points = np.unique(np.linspace(0, length - 1, min(TIMES, length)).round().astype(int))
        first = data.trajectories[0]
        return cls(
            components=data.components,
            scale=experiment.objective.scale,
            first_state=first.states[0],
            first_times=first.times,
            window_starts=batch.t0.numpy(),
            window_states=batch.z0.numpy().astype(np.float64),
            window_times=batch.times.numpy().reshape(length, -1)[:, 0][points],
        )


@dataclass(frozen=True)
class SampleSummary(_Stored):
    """The facts about samples that predictions use.

    Attributes:
        classes: The names of the classes; empty if values are computed.
        x: A few samples, shape [samples, ...].
    """

    classes: tuple[str, ...]
    x: np.ndarray

    @classmethod
    def of(cls, experiment: SampleExperiment) -> "SampleSummary":
        """Takes the first samples of the part that the network is evaluated on."""
        return cls(experiment.split.train.classes, experiment.split.unseen.x[:WINDOWS])


DataSummary = TrajectorySummary | SampleSummary


def summarise(experiment: Experiment) -> DataSummary:
    """Summarises the data of a run."""
    if isinstance(experiment, SampleExperiment):
        return SampleSummary.of(experiment)
    if isinstance(experiment, TrajectoryExperiment):
        return TrajectorySummary.of(experiment)
    raise TypeError(f"{type(experiment).__name__} has no summary of its data")


def load_summary(settings: TrainOdeSettings, path: Path) -> DataSummary:
    """Reads the summary of the data of a run, or the data if an earlier version wrote none.

    Args:
        settings: The settings of the run.
        path: The file of the summary.

    Raises:
        UsageError: If the file is damaged; or there is none, and the data cannot be read either.
    """
    if path.is_file():
        samples = isinstance(settings.data, SampleDataSettings)
        return (SampleSummary if samples else TrajectorySummary).read(path)
    try:
        return summarise(prepare(settings))
    except UsageError as error:
        raise UsageError(
            f"the run has no {path.name}, and its data cannot be used: {error.message}",
            hint="it was made by an earlier version of nodelens, which needs the data to predict",
        ) from error
