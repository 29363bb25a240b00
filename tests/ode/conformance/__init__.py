"""Initial value problems with exact solutions and exact gradients: the conformance list.

The sources are DETEST (Hull, Enright, Fellen and Sedgwick 1972, classes A to E), the tests of other
solvers, and Hairer and Wanner's *Solving Ordinary Differential Equations*.
"""

from tests.ode.conformance.detest import DETEST
from tests.ode.conformance.exact import ExactProblem
from tests.ode.conformance.linear import LINEAR
from tests.ode.conformance.scalar import SCALAR
from tests.ode.conformance.stiff import LADDER

CONFORMANCE: tuple[ExactProblem, ...] = (*SCALAR, *LINEAR, *DETEST, LADDER)
