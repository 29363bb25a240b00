"""From settings to everything a training needs: data, field, windows, loss."""

from dataclasses import dataclass
from typing import Any

from nodelens.datasets.arrays import read_arrays
from nodelens.datasets.split import Split, split
from nodelens.datasets.systems import simulate
from nodelens.datasets.tables import read_csv
from nodelens.datasets.trajectories import Scaling, TrajectoryData
from nodelens.fields.build import augmented, make_field
from nodelens.settings.train_ode import TrainOdeSettings
from nodelens.settings.training_data import ArrayData, CsvData, DataSettings
from nodelens.training.problem import Problem
from nodelens.training.trajectory_task import TrajectoryTask
from nodelens.training.windows import Windows, make_windows


@dataclass(frozen=True)
class Prepared:
    """All a training needs.

    Attributes:
        data: All of it.
        split: What is trained on and what is kept back.
        scaling: What was found of the part that is trained on.
        problem: The untrained field and the loss.
        windows: Where batches come from.
        task: All that the training loop needs of these.
    """

    data: TrajectoryData
    split: Split
    scaling: Scaling
    problem: Problem
    windows: Windows
    task: TrajectoryTask


def prepare(settings: TrainOdeSettings) -> Prepared:
    """Loads the data and makes the untrained field.

    Args:
        settings: What to do.

    Raises:
        UsageError: If data, field and windows do not fit together.
    """
    data = load_data(settings.data, settings.seed)
    kept = settings.data.validation
    parts = split(data, fraction=kept.fraction, by=kept.by, seed=settings.seed)
    scaling = (
        Scaling.standard(parts.train.trajectories)
        if settings.data.scale
        else Scaling.none(data.dimension)
    )
    field = make_field(settings.field, data.components, settings.seed, scaling.mean, scaling.scale)
    problem = Problem(
        field,
        augmented(settings.field),
        scaling.scale,
        settings.training.loss,
        settings.solver,
        settings.adjoint,
    )
    windows = make_windows(parts.train, settings.training.window)
    task = TrajectoryTask.of(problem, windows, parts.validation, settings)
    return Prepared(data, parts, scaling, problem, windows, task)


def load_data(settings: DataSettings, seed: int) -> TrajectoryData:
    """Reads or simulates the data."""
    if isinstance(settings, CsvData):
        return read_csv(
            settings.path,
            time=settings.time,
            columns=settings.columns,
            trajectory=settings.trajectory,
        )
    if isinstance(settings, ArrayData):
        return read_arrays(settings.path)
    return simulate(
        settings.system,
        parameters=settings.parameters,
        z0=settings.z0,
        t_end=settings.t_end,
        points=settings.points,
        irregular=settings.irregular,
        noise=settings.noise,
        seed=seed,
    )


def plan(settings: TrainOdeSettings) -> dict[str, Any]:
    """What a run would do, checked as far as it can be without training.

    Returns:
        A plain document; `summary` says it in one sentence.
    """
    prepared = prepare(settings)
    count = prepared.problem.field.count_params()
    data, training = prepared.data, settings.training
    return {
        "points": data.points,
        "trajectories": len(data.trajectories),
        "components": list(data.components),
        "parameters": count,
        "windows": prepared.windows.count,
        "steps": training.steps,
        "summary": (
            f"would fit a field of {count:,} parameters to {data.points:,} points of the "
            f"{data.title} in {training.steps:,} steps of {training.batch_size} windows, "
            f"with {settings.solver.method} and the adjoint {settings.adjoint.method}; "
            f"{prepared.split.how}"
        ),
    }
