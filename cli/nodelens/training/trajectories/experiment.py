"""A field that learns from trajectories: the data, the split, the field, and what came of it."""

from dataclasses import dataclass, replace
from typing import Any

from nodelens.datasets.settings import TrajectoryDataSettings, read_data
from nodelens.datasets.split import Split, split
from nodelens.datasets.trajectories import Scaling, TrajectoryData
from nodelens.errors import UsageError
from nodelens.fields.build import augmented, make_field
from nodelens.training.loop.epochs import in_steps
from nodelens.training.loop.losses import choose_loss
from nodelens.training.loop.phases import phases
from nodelens.training.loop.task import Stage
from nodelens.training.settings import TrainingSettings, TrainOdeSettings
from nodelens.training.trajectories.conclusion import TrajectoryConclusion
from nodelens.training.trajectories.evaluate import evaluate
from nodelens.training.trajectories.objective import Problem
from nodelens.training.trajectories.task import TrajectoryTask
from nodelens.training.trajectories.windows import Windows, make_windows


@dataclass(frozen=True)
class TrajectoryExperiment:
    """All that a training on trajectories needs: an `Experiment`.

    Attributes:
        settings: What was asked for.
        data: All of it.
        split: What is trained on and what is kept back.
        scaling: What was found of the part that is trained on.
        problem: The field and the loss.
        windows: Where batches come from.
        task: All that the training loop needs of these.
        stages: The task in each phase of the training.
    """

    settings: TrainOdeSettings
    data: TrajectoryData
    split: Split
    scaling: Scaling
    problem: Problem
    windows: Windows
    task: TrajectoryTask
    stages: tuple[Stage, ...]

    @property
    def examples(self) -> int:
        """The windows to train on."""
        return self.windows.count

    @property
    def title(self) -> str:
        """What the data is."""
        return self.data.title

    @property
    def split_in_words(self) -> str:
        """What is trained on and what is kept back."""
        return self.split.how

    def content(self) -> bytes:
        """All numbers of the data."""
        return self.data.content()

    def plan(self) -> dict[str, Any]:
        """What a training would do."""
        data, settings, count = self.data, self.settings, self.problem.field.count_params()
        training = settings.training
        return {
            "points": data.points,
            "trajectories": len(data.trajectories),
            "components": list(data.components),
            "parameters": count,
            "windows": self.windows.count,
            "steps": training.steps,
            "summary": (
                f"would fit a field of {count:,} parameters to {data.points:,} points of the "
                f"{data.title} in {training.steps:,} steps of {training.batch_size} windows, "
                f"with {settings.solver.method} and the adjoint {settings.adjoint.method}; "
                f"{self.split.how}"
            ),
        }

    def conclude(self) -> TrajectoryConclusion:
        """Solves the trained field over the first trajectory."""
        evaluation = evaluate(self.problem, self.data, self.split)
        return TrajectoryConclusion(self.problem, self.data, evaluation)


def prepare_trajectories(settings: TrainOdeSettings) -> TrajectoryExperiment:
    """Loads trajectories and makes the untrained field.

    Args:
        settings: What to do.

    Raises:
        UsageError: If data, field and windows do not fit together.
    """
    chosen = settings.data
    if not isinstance(chosen, TrajectoryDataSettings):
        raise UsageError(f"data of kind {chosen.kind} are samples, and no trajectories")
    if settings.against is not None:
        raise UsageError(
            "against compares two networks that learn from samples",
            hint="compare two fields on trajectories by two runs",
        )
    data: TrajectoryData = read_data(chosen, settings.seed)
    kept = chosen.validation
    parts = split(data, fraction=kept.fraction, by=kept.by, seed=settings.seed)
    scaling = (
        Scaling.standard(parts.train.trajectories) if chosen.scale else Scaling.none(data.dimension)
    )
    field = make_field(settings.field, data.components, settings.seed, scaling.mean, scaling.scale)
    problem = Problem(
        field,
        augmented(settings.field),
        scaling.scale,
        choose_loss(settings.training.loss, labelled=False),
        settings.solver,
        settings.adjoint,
    )
    windows = make_windows(parts.train, settings.training.window)
    settings = in_steps(settings, windows.count)
    _check_batch(settings.training, windows)
    task = TrajectoryTask.of(problem, windows, parts.validation, settings)
    stages = tuple(
        Stage(until, _in_phase(task, parts.train, phase)) for until, phase in phases(settings)
    )
    return TrajectoryExperiment(settings, data, parts, scaling, problem, windows, task, stages)


def _in_phase(
    task: TrajectoryTask, data: TrajectoryData, settings: TrainOdeSettings
) -> TrajectoryTask:
    """The task with the window, solver and adjoint of a phase."""
    windows = make_windows(data, settings.training.window)
    _check_batch(settings.training, windows)
    problem = replace(task.problem, solver=settings.solver, adjoint=settings.adjoint)
    return replace(task, problem=problem, windows=windows)


def _check_batch(training: TrainingSettings, windows: Windows) -> None:
    """Refuses a batch that could only repeat itself; the usual size serves small data too.

    Raises:
        UsageError: If it has more windows than the data.
    """
    usual = TrainingSettings().batch_size
    if training.batch_size > max(windows.count, usual):
        raise UsageError(
            f"a batch of {training.batch_size:,} windows was asked for, and the data has "
            f"{windows.count:,} of {windows.length} points",
            hint=f"set training.batch_size to at most {max(windows.count, usual)}",
        )
