"""Neural ODEs with gradients to trust, explained classifiers, counted convolutions.

The names below are imported when they are first used, so that importing the package imports
neither TensorFlow nor Keras. Keras learns the names of the classes of saved models (`model.keras`),
whichever of the two is imported first, so that `keras.models.load_model` needs no more.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from nodelens.fields.registered import register
from nodelens.version import VERSION as __version__

if TYPE_CHECKING:
    from nodelens.explaining.explain import explain as explain
    from nodelens.explaining.explanation import Explanation as Explanation
    from nodelens.fields.layer import NeuralODE as NeuralODE
    from nodelens.ode import Backsolve as Backsolve
    from nodelens.ode import Checkpointed as Checkpointed
    from nodelens.ode import Discrete as Discrete
    from nodelens.ode import Event as Event
    from nodelens.ode import EventSolution as EventSolution
    from nodelens.ode import PIDController as PIDController
    from nodelens.ode import Reversible as Reversible
    from nodelens.ode import Solution as Solution
    from nodelens.ode import SolveError as SolveError
    from nodelens.ode import Status as Status
    from nodelens.ode import odeint as odeint
    from nodelens.ode import odeint_event as odeint_event
    from nodelens.ode import odeint_vjp as odeint_vjp
    from nodelens.training.runs.load import load_run as load_run

_HOMES = {
    "Backsolve": "nodelens.ode",
    "Checkpointed": "nodelens.ode",
    "Discrete": "nodelens.ode",
    "Event": "nodelens.ode",
    "EventSolution": "nodelens.ode",
    "Explanation": "nodelens.explaining.explanation",
    "NeuralODE": "nodelens.fields.layer",
    "PIDController": "nodelens.ode",
    "Reversible": "nodelens.ode",
    "Solution": "nodelens.ode",
    "SolveError": "nodelens.ode",
    "Status": "nodelens.ode",
    "explain": "nodelens.explaining.explain",
    "load_run": "nodelens.training.runs.load",
    "odeint": "nodelens.ode",
    "odeint_event": "nodelens.ode",
    "odeint_vjp": "nodelens.ode",
}

__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'nodelens' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)


register()
