"""Phases: what is in force until which step, and what their tasks are made of."""

from typing import Any

import pytest

from nodelens.datasets.trajectories import Scaling
from nodelens.errors import UsageError
from nodelens.ode import Auto, Discrete
from nodelens.settings.resolve import resolve
from nodelens.training.loop.phases import phases
from nodelens.training.runs.prepare import prepare
from nodelens.training.settings import TrainOdeSettings
from nodelens.training.trajectories.experiment import TrajectoryExperiment
from nodelens.training.trajectories.windows import usual_length

GROWING = [
    "training.steps=1000",
    "training.phases=[{until: 100, window: 4, adjoint: {method: discrete}},"
    " {until: 300, solver: {rtol: 0.5}}]",
]


def settle(*overrides: str) -> TrainOdeSettings:
    return resolve(TrainOdeSettings, overrides=overrides).settings


def test_a_phase_overrides_what_it_names_and_keeps_the_rest() -> None:
    base = settle(*GROWING, "solver.atol=0.25")
    (first, one), (second, two), (end, rest) = phases(base)
    assert (first, second, end) == (100, 300, 1000)
    assert (one.training.window, one.adjoint.method, one.solver) == (4, "discrete", base.solver)
    assert (two.training.window, two.adjoint) == (base.training.window, base.adjoint)
    assert two.solver == base.solver.model_copy(update={"rtol": 0.5})
    assert rest == base
    # Written down and read again, as by a resume, the settings mean the same.
    again = TrainOdeSettings.model_validate(base.model_dump())
    assert list(phases(again)) == list(phases(base))


def test_each_stage_of_trajectories_has_its_window_solver_and_adjoint() -> None:
    experiment = prepare(settle(*GROWING))
    assert isinstance(experiment, TrajectoryExperiment)
    tasks: list[Any] = [stage.task for stage in experiment.stages]
    assert [stage.until for stage in experiment.stages] == [100, 300, 1000]
    # What a phase leaves out is as in the training, whose window is chosen by the data.
    train = experiment.split.train
    usual = usual_length(train, Scaling.standard(train.trajectories).rate)
    assert usual > 10
    assert [task.windows.length for task in tasks] == [4, usual, usual]
    adjoints = [type(task.objective.options.adjoint) for task in tasks]
    assert adjoints == [Discrete, Auto, Auto]
    assert [task.objective.options.rtol for task in tasks] == [1e-3, 0.5, 1e-3]
    assert all(task.model is experiment.task.model for task in tasks)


@pytest.mark.parametrize(
    "given", ["[{until: 1000}]", "[{until: 50}, {until: 50}]", "[{until: 50}, {until: 20}]"]
)
def test_phases_out_of_order_are_refused(given: str) -> None:
    with pytest.raises(UsageError, match="cannot stand between"):
        prepare(settle("training.steps=1000", f"training.phases={given}"))


def test_on_samples_only_the_adjoint_may_differ() -> None:
    base = ["data={kind: annuli}", "training.steps=100", "training.batch_size=4"]
    base += ["adjoint.method=discrete"]
    experiment = prepare(
        settle(*base, "training.phases=[{until: 9, adjoint: {method: backsolve}}]")
    )
    stages: list[Any] = list(experiment.stages)
    assert type(stages[0].task.adjoint) is not type(stages[1].task.adjoint)
    with pytest.raises(UsageError, match="only the adjoint may differ"):
        prepare(settle(*base, "training.phases=[{until: 9, window: 3}]"))
