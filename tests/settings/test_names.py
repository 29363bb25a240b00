"""The settings know exactly the solvers and adjoints that there are."""

from typing import get_args

from nodelens.checking.textbook import PROBLEMS
from nodelens.ode import ADJOINTS, SOLVERS
from nodelens.settings.names import EQUATIONS, AdjointName, ProblemName, SolverName


def test_names_are_those_of_the_registries() -> None:
    assert set(get_args(SolverName)) == set(SOLVERS)
    assert set(get_args(AdjointName)) == set(ADJOINTS)
    assert get_args(ProblemName) == tuple(PROBLEMS) == tuple(EQUATIONS)
