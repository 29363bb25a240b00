"""A run of `train-ode` as `node adjoint-check` checks it."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nodelens.checking.own_field import OwnField


def solved_as(directory: Path) -> list[str]:
    """How a run was solved, as assignments that go before those of `--set`.

    Args:
        directory: The directory of the run.

    Raises:
        UsageError: If it is none.
    """
    from nodelens.runtime.rundir import RunDirectory
    from nodelens.settings.resolve import resolve
    from nodelens.training.settings import TrainOdeSettings

    run = resolve(TrainOdeSettings, file=RunDirectory.open(directory).config).settings
    solver = run.solver
    fixed = [] if solver.step_size is None else [f"solver.step_size={solver.step_size}"]
    return [
        *fixed,
        f"solver.method={solver.method}",
        f"solver.rtol={solver.rtol}",
        f"solver.atol={solver.atol}",
        f"solver.max_steps={solver.max_steps}",
        f"adjoints=[{run.adjoint.method}]",
    ]


def trained_field(directory: Path) -> "OwnField":
    """The trained field of a run, at windows of its own data. Starts TensorFlow.

    Args:
        directory: The directory of the run.

    Raises:
        UsageError: If it is none, or has no model yet.
    """
    from nodelens.checking.own_field import OwnField
    from nodelens.training.runs.gradient_sample import sample
    from nodelens.training.runs.load import load_run

    found = sample(load_run(directory))
    return OwnField(f"run {directory}", found.field, found.z0, found.times)
