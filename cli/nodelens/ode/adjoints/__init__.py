"""Adjoints: how the gradient of a solve is found. Each is one file with one class."""

from nodelens.ode.adjoints.backsolve import Backsolve
from nodelens.ode.adjoints.base import Adjoint
from nodelens.ode.adjoints.checkpointed import Checkpointed
from nodelens.ode.adjoints.direct import Direct
from nodelens.ode.adjoints.discrete import Discrete
from nodelens.ode.adjoints.forward import ForwardSensitivity
from nodelens.ode.adjoints.reversible import Reversible

ADJOINTS: dict[str, Adjoint] = {
    "backsolve": Backsolve(),
    "discrete": Discrete(),
    "checkpointed": Checkpointed(),
    "reversible": Reversible(),
    "forward": ForwardSensitivity(),
    "direct": Direct(),
}

__all__ = [
    "ADJOINTS",
    "Adjoint",
    "Backsolve",
    "Checkpointed",
    "Direct",
    "Discrete",
    "ForwardSensitivity",
    "Reversible",
]
