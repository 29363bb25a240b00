"""An experiment, which is a task with its data, and the conclusion about the trained model."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from nodelens.datasets.dates import Calendar
from nodelens.datasets.sample_split import SampleSplit
from nodelens.datasets.samples import SampleData
from nodelens.datasets.split import Split
from nodelens.datasets.trajectories import TrajectoryData
from nodelens.figures.training import Curves
from nodelens.ode.adjoints.auto import Choice
from nodelens.training.loop.data_summary import DataSummary
from nodelens.training.loop.task import Stage, Task
from nodelens.training.settings import TrainOdeSettings


@dataclass(frozen=True)
class FigureFile:
    """A figure of a run.

    Attributes:
        artifact: Its name among the artifacts of the run.
        file: Its name in the folder of the figures.
        caption: The content in words.
        content: The bytes of a PNG file.
    """

    artifact: str
    file: str
    caption: str
    content: bytes


@dataclass(frozen=True)
class TrajectoryScore:
    """The quality of a field on one trajectory, solved from one state of it.

    Attributes:
        name: The name of the trajectory.
        start: The time of that state; None if no state but the last was measured completely, and
            nothing was solved.
        first: True if it is the first state of the trajectory.
        initial: The state itself, in the units of the data.
        fitted: True if it was fitted; False if it was measured.
        error: The mean absolute error over the measurements used for training, in the units of the
            data; NaN if the solve failed; None if none was used.
        held_out_error: The same over those held out.
        reached: The time up to which the solution is finite; None without a solution.
        status: The name of the status of the solve.
    """

    name: str
    start: float | None
    first: bool
    error: float | None
    held_out_error: float | None
    reached: float | None
    status: str = "SUCCESS"
    initial: tuple[float, ...] | None = None
    fitted: bool = False

    @property
    def largest(self) -> float:
        """The larger of both errors: infinite if one is not finite, -1 if there is none."""
        given = [each for each in (self.error, self.held_out_error) if each is not None]
        return max((each if np.isfinite(each) else np.inf for each in given), default=-1.0)

    @property
    def failed(self) -> bool:
        """True if the solution does not reach the end."""
        return self.largest == np.inf or self.status != "SUCCESS"


@dataclass(frozen=True)
class StartChoice:
    """The kind of the initial states of a training, and the reason.

    Attributes:
        method: `measured` or `fitted`.
        reason: The reason, where it was chosen by the data; None if the settings say it.
    """

    method: str
    reason: str | None = None


@dataclass(frozen=True)
class ComponentScore:
    """The quality of a field on one component of all trajectories trained on.

    Attributes:
        name: The component.
        error: The mean absolute error, in the units of the data; NaN if a solve failed.
        trivial_error: That of the better one of mean and first state.
    """

    name: str
    error: float
    trivial_error: float


@dataclass(frozen=True)
class TrajectoryResult:
    """The quality of a field on all trajectories of its data, each solved from one state of it.

    Attributes:
        trajectory_error: The mean absolute error over all measurements used for training.
        extrapolation_error: The same over those held out; None if none were.
        fitted: The fitted parameters of equations, by name.
        scores: The quality on each trajectory.
        mean_error: The error of the mean of the measurements used for training, in the place of a
            solution, over these.
        persistence_error: The error of the first state, likewise.
        calendar: The meaning of the times of the data, if they were dates.
        starts: The kind of the initial states that were trained with.
        components: The quality on each component that was measured.
    """

    trajectory_error: float
    extrapolation_error: float | None
    fitted: Mapping[str, float]
    scores: tuple[TrajectoryScore, ...] = ()
    mean_error: float | None = None
    persistence_error: float | None = None
    calendar: Calendar | None = None
    starts: StartChoice = StartChoice("measured")
    components: tuple[ComponentScore, ...] = ()

    @property
    def trivial_error(self) -> float | None:
        """The error of the better one of mean and first state; None if nothing was compared."""
        found = [e for e in (self.mean_error, self.persistence_error) if e is not None]
        return min(found, default=None)

    @property
    def failed(self) -> tuple[TrajectoryScore, ...]:
        """The trajectories over which the field cannot be solved."""
        return tuple(score for score in self.scores if score.failed)


@dataclass(frozen=True)
class SampleResult:
    """The quality of a network on samples.

    Attributes:
        network: The kind of the network, in words.
        parameters: The number of its parameters.
        part: The samples that it is evaluated on: `test`, `validation` or `training`.
        loss: The loss on these.
        accuracy: The fraction classified correctly; None where values are computed.
        mean_absolute_error: The error of the values; None where samples are classified.
        classes: The names of the classes.
        confusion: The number of samples of each class (row) classified as each class (column);
            None where values are computed.
    """

    network: str
    parameters: int
    part: str
    loss: float
    accuracy: float | None
    mean_absolute_error: float | None
    classes: tuple[str, ...]
    confusion: np.ndarray | None


class Conclusion(Protocol):
    """A trained model and its quality on the data."""

    @property
    def result(self) -> TrajectoryResult | SampleResult:
        """The quality of the model."""

    def figures(self, curves: Curves, baseline: Any = None) -> list[FigureFile]:
        """Draws the figures.

        Args:
            curves: The course of the training.
            baseline: The conclusion of the same kind about the baseline model, if there is one.
        """


@dataclass(frozen=True)
class Experiment(ABC):
    """Data, and a task that learns from it.

    Attributes:
        settings: The settings, with epochs turned into steps.
        data: All data.
        split: The parts of the data.
        task: The task of the last phase.
        stages: The task of each phase.
        gradient: The adjoint of the last phase; None if nothing is solved.
    """

    settings: TrainOdeSettings
    data: TrajectoryData | SampleData
    split: Split | SampleSplit
    task: Task
    stages: tuple[Stage, ...]
    gradient: Choice | None

    @property
    @abstractmethod
    def examples(self) -> int:
        """The number of samples or windows to train on."""

    @property
    def title(self) -> str:
        """The data, in words."""
        return self.data.title

    @property
    def split_in_words(self) -> str:
        """The parts of the data, in words."""
        return self.split.how

    def content(self) -> bytes:
        """Returns all data as bytes, for hashing."""
        return self.data.content()

    @abstractmethod
    def data_summary(self) -> DataSummary:
        """Returns the facts about the data that predictions use."""

    @abstractmethod
    def plan(self) -> dict[str, Any]:
        """Returns the figures of a training; `summary` says them in one sentence."""

    def _summary(self, action: str, examples: str) -> str:
        settings, training = self.settings, self.settings.training
        return (
            f"would {action} in {training.steps:,} steps of {training.batch_size} {examples}, "
            f"with {settings.solver.method}{self._adjoint_in_words}; "
            f"{self.split.how}"
        )

    @property
    def _adjoint_in_words(self) -> str:
        found = self.gradient
        if found is None:
            return ""
        return f" and the adjoint {found.name}" + (f" ({found.reason})" if found.reason else "")

    @abstractmethod
    def conclude(self) -> Conclusion:
        """Evaluates the trained model."""
