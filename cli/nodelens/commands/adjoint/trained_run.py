"""A run of `train-ode` as `node adjoint-check` checks it."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nodelens.checking.checked_field import CheckedField
    from nodelens.ode.options import SolveOptions


def run_options(directory: Path) -> "SolveOptions":
    """Reads how a run was solved. Starts no TensorFlow.

    Args:
        directory: The directory of the run.

    Raises:
        UsageError: If it is none.
    """
    from nodelens.fields.solve_settings import solve_options
    from nodelens.runtime.rundir import RunDirectory
    from nodelens.settings.resolve import resolve
    from nodelens.training.settings import TrainOdeSettings

    run = resolve(TrainOdeSettings, file=RunDirectory.open(directory).config).settings
    return solve_options(run.solver, run.adjoint)


def as_settings(solved: "SolveOptions | None") -> dict[str, tuple[str, Any]]:
    """Returns what the settings of a check can say of a solve, with its origin.

    The gradient's own tolerances are no settings of a check: they travel with `trained_field`.
    """
    if solved is None:
        return {}
    values = {
        "solver.step_size": solved.step_size,
        "solver.method": solved.solver,
        "solver.rtol": solved.rtol,
        "solver.atol": solved.atol,
        "solver.max_steps": solved.max_steps,
        "adjoints": [solved.adjoint],
    }
    return {key: ("--run", value) for key, value in values.items() if value is not None}


def trained_field(directory: Path, solved: "SolveOptions", *, tighten: bool) -> "CheckedField":
    """Loads the trained field of a run, at windows of its own data. Starts TensorFlow.

    Args:
        directory: The directory of the run.
        solved: How the run was solved.
        tighten: True if the tolerances may be tightened so that a wrong gradient is told.

    Raises:
        UsageError: If it is none, or has no model yet.
    """
    from nodelens.checking.checked_field import CheckedField
    from nodelens.training.runs.gradient_sample import sample
    from nodelens.training.runs.load import load_run

    found = sample(load_run(directory))
    name = f"run {directory}"
    return CheckedField(name, found.field, found.z0, found.times, solved, tighten, found.scale)
