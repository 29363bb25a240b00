"""Settings of a solve and of its gradient."""

from typing import Annotated

from pydantic import PositiveFloat, PositiveInt

from nodelens.ode.adjoints import ADJOINTS
from nodelens.ode.options import SolveOptions
from nodelens.ode.solvers import SOLVERS
from nodelens.settings.base import Settings
from nodelens.settings.checks import name_in

SolverName = Annotated[str, name_in(SOLVERS)]
AdjointName = Annotated[str, name_in(ADJOINTS)]


class SolverSettings(Settings):
    """The forward solve. `atol` is in units of the scale of each component.

    `step_size` makes every step as long, or a little shorter to meet the times of the data; without
    it a solver that chooses no steps takes one from time to time.
    """

    method: SolverName = "dopri5"
    rtol: PositiveFloat = 1e-3
    atol: PositiveFloat = 1e-4
    max_steps: PositiveInt = 1000
    step_size: PositiveFloat | None = None


class AdjointSettings(Settings):
    """The gradient. `backsolve` may have tolerances of its own instead of the solver's."""

    method: AdjointName = "auto"
    rtol: PositiveFloat | None = None
    atol: PositiveFloat | None = None


def solve_options(solver: SolverSettings, adjoint: AdjointSettings) -> SolveOptions:
    """Makes the options of a solve from both groups of settings."""
    return SolveOptions(
        solver=solver.method,
        **solver.model_dump(exclude={"method"}),
        adjoint=adjoint.method,
        adjoint_rtol=adjoint.rtol,
        adjoint_atol=adjoint.atol,
    )
