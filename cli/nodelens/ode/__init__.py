"""The numerical core: solvers, step control, adjoints and exact problems."""

from nodelens.ode.adjoints import (
    ADJOINTS,
    Adjoint,
    Backsolve,
    Checkpointed,
    Direct,
    Discrete,
    ForwardSensitivity,
    Reversible,
)
from nodelens.ode.controllers import FixedController, PIDController
from nodelens.ode.events import Event, EventSolution, odeint_event
from nodelens.ode.first_order import SecondOrderError
from nodelens.ode.odeint import DriftWarning, odeint, odeint_vjp
from nodelens.ode.solution import BackwardStats, Gradients, Solution, Stats
from nodelens.ode.solvers import SOLVERS
from nodelens.ode.status import SolveError, Status
from nodelens.ode.vector_field import VectorFieldError

__all__ = [
    "ADJOINTS",
    "SOLVERS",
    "Adjoint",
    "Backsolve",
    "BackwardStats",
    "Checkpointed",
    "Direct",
    "Discrete",
    "DriftWarning",
    "Event",
    "EventSolution",
    "FixedController",
    "ForwardSensitivity",
    "Gradients",
    "PIDController",
    "Reversible",
    "SecondOrderError",
    "Solution",
    "SolveError",
    "Stats",
    "Status",
    "VectorFieldError",
    "odeint",
    "odeint_event",
    "odeint_vjp",
]
