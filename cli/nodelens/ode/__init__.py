"""The numerical core: solvers, step control, adjoints and exact problems.

The names below are imported when they are first used, so that the tables of solvers and adjoints
and `SolveOptions` can be had without TensorFlow.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nodelens.ode.adjoints import ADJOINTS as ADJOINTS
    from nodelens.ode.adjoints.auto import Auto as Auto
    from nodelens.ode.adjoints.backsolve import Backsolve as Backsolve
    from nodelens.ode.adjoints.base import Adjoint as Adjoint
    from nodelens.ode.adjoints.checkpointed import Checkpointed as Checkpointed
    from nodelens.ode.adjoints.direct import Direct as Direct
    from nodelens.ode.adjoints.discrete import Discrete as Discrete
    from nodelens.ode.adjoints.forward import ForwardSensitivity as ForwardSensitivity
    from nodelens.ode.adjoints.reversible import Reversible as Reversible
    from nodelens.ode.controllers import FixedController as FixedController
    from nodelens.ode.controllers import PIDController as PIDController
    from nodelens.ode.drift import DriftWarning as DriftWarning
    from nodelens.ode.events import Event as Event
    from nodelens.ode.events import EventSolution as EventSolution
    from nodelens.ode.events import odeint_event as odeint_event
    from nodelens.ode.first_order import SecondOrderError as SecondOrderError
    from nodelens.ode.options import SolveOptions as SolveOptions
    from nodelens.ode.solution import BackwardStats as BackwardStats
    from nodelens.ode.solution import DenseSolution as DenseSolution
    from nodelens.ode.solution import Gradients as Gradients
    from nodelens.ode.solution import Solution as Solution
    from nodelens.ode.solution import Stats as Stats
    from nodelens.ode.solve import odeint as odeint
    from nodelens.ode.solve import odeint_vjp as odeint_vjp
    from nodelens.ode.solvers import SOLVERS as SOLVERS
    from nodelens.ode.status import SolveError as SolveError
    from nodelens.ode.status import Status as Status
    from nodelens.ode.vector_field import VectorFieldError as VectorFieldError

_HOMES = {
    "ADJOINTS": "adjoints",
    "Adjoint": "adjoints.base",
    "Auto": "adjoints.auto",
    "Backsolve": "adjoints.backsolve",
    "BackwardStats": "solution",
    "Checkpointed": "adjoints.checkpointed",
    "DenseSolution": "solution",
    "Direct": "adjoints.direct",
    "Discrete": "adjoints.discrete",
    "DriftWarning": "drift",
    "Event": "events",
    "EventSolution": "events",
    "FixedController": "controllers",
    "ForwardSensitivity": "adjoints.forward",
    "Gradients": "solution",
    "PIDController": "controllers",
    "Reversible": "adjoints.reversible",
    "SOLVERS": "solvers",
    "SecondOrderError": "first_order",
    "Solution": "solution",
    "SolveError": "status",
    "SolveOptions": "options",
    "Stats": "solution",
    "Status": "status",
    "VectorFieldError": "vector_field",
    "odeint": "solve",
    "odeint_event": "events",
    "odeint_vjp": "solve",
}

__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'nodelens.ode' has no attribute {name!r}")
    return getattr(import_module(f"nodelens.ode.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
