"""Initial value problems with exact solutions and exact gradients: the conformance list.

The sources are DETEST (Hull, Enright, Fellen and Sedgwick 1972, classes A to E), the tests of other
solvers, and Hairer and Wanner's *Solving Ordinary Differential Equations*.
"""

from nodelens.ode.problems.detest import DETEST
from nodelens.ode.problems.exact import ExactGradients, ExactProblem, Flow
from nodelens.ode.problems.linear import LINEAR, LinearProblem
from nodelens.ode.problems.scalar import SCALAR
from nodelens.ode.problems.stiff import (
    BACKSOLVE_TRAPS,
    LADDER,
    ROBERTSON,
    STIFF_LADDER,
    KnownStates,
    Relaxation,
)

CONFORMANCE: tuple[ExactProblem, ...] = (*SCALAR, *LINEAR, *DETEST, LADDER)

__all__ = [
    "BACKSOLVE_TRAPS",
    "CONFORMANCE",
    "ROBERTSON",
    "STIFF_LADDER",
    "ExactGradients",
    "ExactProblem",
    "Flow",
    "KnownStates",
    "LinearProblem",
    "Relaxation",
]
