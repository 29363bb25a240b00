"""The experiment of a field that learns from trajectories: its data, their parts, the field."""

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from nodelens.datasets.settings import TrajectoryDataSettings, read_data
from nodelens.datasets.split import Split, split
from nodelens.datasets.trajectories import Scaling, TrajectoryData
from nodelens.errors import UsageError
from nodelens.fields.build import augmented, make_field
from nodelens.fields.solve_settings import solve_options
from nodelens.ode.adjoints.auto import Choice
from nodelens.training.loop.epochs import in_steps
from nodelens.training.loop.experiment import Experiment, StartChoice
from nodelens.training.loop.gradient import choose_adjoint, gradient_document
from nodelens.training.loop.losses import choose_loss
from nodelens.training.loop.phases import phases
from nodelens.training.loop.task import Stage
from nodelens.training.settings import TrainingSettings, TrainOdeSettings
from nodelens.training.trajectories.conclusion import TrajectoryConclusion
from nodelens.training.trajectories.evaluate import evaluate
from nodelens.training.trajectories.initial_states import (
    FittedStarts,
    choose_starts,
)
from nodelens.training.trajectories.objective import Objective
from nodelens.training.trajectories.summary import TrajectorySummary
from nodelens.training.trajectories.task import TrajectoryTask
from nodelens.training.trajectories.windows import Windows, make_windows, usual_length


@dataclass(frozen=True)
class TrajectoryExperiment(Experiment):
    """All that a training on trajectories needs.

    Attributes:
        objective: The field and the loss, without regularization.
        start_choice: The kind of the states that windows start from.
    """

    data: TrajectoryData
    split: Split
    task: TrajectoryTask
    gradient: Choice
    objective: Objective
    start_choice: StartChoice

    @property
    def examples(self) -> int:
        """The number of windows to train on."""
        return self.task.windows.count

    def data_summary(self) -> TrajectorySummary:
        """See `Experiment.data_summary`."""
        task = self.task
        return TrajectorySummary.of(
            self.data, task.windows, self.objective, task.starts, self._shifts or {}
        )

    def plan(self) -> dict[str, Any]:
        """See `Experiment.plan`."""
        data, count = self.data, self.objective.field.count_params()
        calendar = data.calendar
        return {
            "points": data.points,
            "trajectories": len(data.trajectories),
            "components": list(data.components),
            **({} if calendar is None else {"time": asdict(calendar)}),
            "parameters": count,
            "windows": self.examples,
            "window": self.task.windows.length,
            "steps": self.settings.training.steps,
            "adjoint": gradient_document(self.gradient),
            "initial_states": asdict(self.start_choice),
            "summary": self._summary(
                f"fit a field of {count:,} parameters to {data.points:,} points of the "
                f"{data.title}{'' if calendar is None else f', in {calendar},'}",
                "windows",
            ),
        }

    @property
    def _shifts(self) -> dict[str, np.ndarray] | None:
        starts = self.task.starts
        return None if starts is None else starts.per_trajectory(self.split.train)

    def conclude(self) -> TrajectoryConclusion:
        """Solves the trained field over every trajectory."""
        evaluations = evaluate(self.objective, self.data, self.split, self._shifts)
        return TrajectoryConclusion(self.objective, self.data, evaluations, self.start_choice)


def prepare_trajectories(settings: TrainOdeSettings) -> TrajectoryExperiment:
    """Loads trajectories and makes the untrained field.

    Args:
        settings: The settings of the training; its data is trajectories.

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
    held_out = chosen.validation
    parts = split(data, fraction=held_out.fraction, by=held_out.by, seed=settings.seed)
    standard = Scaling.standard(parts.train.trajectories)
    scaling = standard if chosen.scale else Scaling.none(data.dimension)
    settings = _chosen_by(parts.train, standard.rate, settings)
    objective = Objective(
        make_field(
            settings.field,
            data.components,
            settings.seed,
            scaling.mean,
            scaling.scale,
            scaling.rate,
        ),
        augmented(settings.field),
        scaling.scale,
        choose_loss(settings.training.loss, labelled=False),
        solve_options(settings.solver, settings.adjoint),
    )
    windows = _windows(parts.train, settings.training)
    settings = in_steps(settings, windows.count)
    start_choice = choose_starts(
        settings.training.initial_states,
        parts.train,
        standard.scale,
        objective.field.count_params(),
        whole=windows.length == max(len(each) for each in parts.train.trajectories),
    )
    starts = None
    if start_choice.method == "fitted":
        starts = FittedStarts.of(parts.train, standard.scale)
    task = TrajectoryTask.of(objective, windows, parts.validation, settings, starts)
    stages = []
    for until, phase in phases(settings):
        options = solve_options(phase.solver, phase.adjoint)
        gradient = choose_adjoint(options, task.state)
        changed = replace(
            task,
            objective=replace(task.objective, options=replace(options, adjoint=gradient.adjoint)),
            windows=_windows(parts.train, phase.training),
        )
        stages.append(Stage(until, changed, replace(changed, spares=True)))
    # The last phase has the settings of the training itself.
    return TrajectoryExperiment(
        settings, data, parts, task, tuple(stages), gradient, objective, start_choice
    )


RATE = 1e-2
"""The usual learning rate, of Adam: a field of data that is scaled has weights near one."""


def _chosen_by(data: TrajectoryData, rate: float, settings: TrainOdeSettings) -> TrainOdeSettings:
    """Gives settings without window or learning rate those that suit data that moves at a rate."""
    training = settings.training
    usual = {"learning_rate": RATE}
    if training.window is None:
        usual["window"] = usual_length(data, rate)
    if training.learning_rate is not None:
        del usual["learning_rate"]
    return settings.model_copy(update={"training": training.model_copy(update=usual)})


def _windows(data: TrajectoryData, training: TrainingSettings) -> Windows:
    """Makes windows; refuses a batch that must repeat some, unless it has the default size."""
    windows = make_windows(data, training.window or 0)
    most = max(windows.count, TrainingSettings().batch_size)
    if training.batch_size > most:
        raise UsageError(
            f"a batch of {training.batch_size:,} windows was asked for, and the data has "
            f"{windows.count:,} of {windows.length} points",
            hint=f"set training.batch_size to at most {most}",
        )
    return windows
