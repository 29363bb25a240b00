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
    """The forward solve.

    Attributes:
        method: The solver. For stiff data, which spans decades of time, an implicit one: kvaerno3,
            kvaerno5 or kencarp5.
        rtol: Error allowed in a step, relative to the state.
        atol: Error allowed in a step, in units of the scale of each component.
        max_steps: Attempted steps after which a solve fails.
        step_size: Length of every step, in the unit of time of the data, or a little less to meet
            its times; null: a solver that chooses no steps takes one from time to time.
    """

    method: SolverName = "dopri5"
    rtol: PositiveFloat = 1e-3
    atol: PositiveFloat = 1e-4
    max_steps: PositiveInt = 1000
    step_size: PositiveFloat | None = None


class AdjointSettings(Settings):
    """The gradient of the solve.

    Attributes:
        method: The way to the gradient; `auto` is discrete while its store fits a 64th of the
            memory, else checkpointed.
        rtol: As `solver.rtol`, of the backward solve of `backsolve`; null is that of the solver.
        atol: As `solver.atol`, of the backward solve of `backsolve`; null is that of the solver.
    """

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
