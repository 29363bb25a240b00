"""The options of a solve and of its gradient, in one value; known without TensorFlow."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypedDict

from nodelens.ode.adjoints import ADJOINTS
from nodelens.ode.tables import look_up

if TYPE_CHECKING:
    from nodelens.ode.adjoints.base import Adjoint
    from nodelens.ode.controllers import Controller
    from nodelens.ode.norms import Norm


class OdeintArguments(TypedDict, total=False):
    """The arguments that `odeint`, `odeint_vjp` and `odeint_event` share; see `odeint`."""

    params: Any
    solver: str
    rtol: Any
    atol: Any
    adjoint: "str | Adjoint"
    controller: "Controller | None"
    norm: "Norm"
    max_steps: int | None
    step_size: float | None
    jump_times: Any


@dataclass(frozen=True)
class SolveOptions:
    """The options of a solve and of its gradient; what they mean is said at `odeint`.

    Attributes:
        solver: Name of the solver.
        rtol: Relative tolerance.
        atol: Absolute tolerance.
        max_steps: Attempted steps after which a solve fails; None leaves it to the adjoint.
        step_size: Of steps that are all of one size; None leaves them to the solver.
        adjoint: Name of the adjoint, or a configured one.
        adjoint_rtol: Relative tolerance of the gradient, for an adjoint that has its own; None is
            that of the solve.
        adjoint_atol: Absolute tolerance of the gradient, likewise.
    """

    solver: str = "dopri5"
    rtol: Any = 1e-6
    atol: Any = 1e-6
    max_steps: int | None = None
    step_size: float | None = None
    adjoint: "str | Adjoint" = "auto"
    adjoint_rtol: float | None = None
    adjoint_atol: float | None = None

    def make_adjoint(self) -> "Adjoint":
        """Makes the adjoint, with its own tolerances where it has any."""
        if not isinstance(self.adjoint, str):
            return self.adjoint
        row = look_up("adjoint", self.adjoint, ADJOINTS)
        if not row.own_tolerances:
            return row.made
        usual: Any = row.made
        adjoint: Adjoint = replace(usual, rtol=self.adjoint_rtol, atol=self.adjoint_atol)
        return adjoint

    def arguments(self) -> OdeintArguments:
        """Returns the options as arguments of `odeint` and its relatives."""
        return {
            "solver": self.solver,
            "rtol": self.rtol,
            "atol": self.atol,
            "max_steps": self.max_steps,
            "step_size": self.step_size,
            "adjoint": self.make_adjoint(),
        }
