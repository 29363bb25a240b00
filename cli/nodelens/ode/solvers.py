"""The solvers: a row each, known by name without TensorFlow. A new one is a tableau and a row."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from nodelens.ode import implicit_tableaus, tableaus
from nodelens.ode.dopri8 import DOPRI8
from nodelens.ode.tableau import Tableau
from nodelens.ode.tables import load
from nodelens.ode.tsit5 import TSIT5

if TYPE_CHECKING:
    from nodelens.ode.runge_kutta import ExplicitRungeKutta


@dataclass(frozen=True)
class Solver:
    """A solver as users choose it.

    Attributes:
        tableau: Its coefficients, which say its name, its order and whether it is adaptive.
        title: What it is called in the literature.
        implementation: The class that takes the steps of the tableau, as `module:attribute`; None
            is the one for explicit or for diagonally implicit methods.
    """

    tableau: Tableau
    title: str
    implementation: str | None = None

    @property
    def name(self) -> str:
        """The name that users give."""
        return self.tableau.name

    @property
    def order(self) -> int:
        """The order of the solution."""
        return self.tableau.order

    @property
    def adaptive(self) -> bool:
        """True if it estimates its error, so that its steps can follow a tolerance."""
        return self.tableau.adaptive

    @property
    def implicit(self) -> bool:
        """True if it solves equations in each step, and so can follow stiff problems."""
        return self.tableau.implicit

    @cached_property
    def made(self) -> "ExplicitRungeKutta":
        """The implementation, loaded when it is first used."""
        usual = "implicit:Implicit" if self.implicit else "runge_kutta:Explicit"
        step: ExplicitRungeKutta = load(self.implementation or f"nodelens.ode.{usual}RungeKutta")(
            self.tableau
        )
        return step


_ROWS = (
    Solver(tableaus.EULER, "Euler"),
    Solver(tableaus.MIDPOINT, "explicit midpoint"),
    Solver(tableaus.HEUN, "Heun"),
    Solver(tableaus.RALSTON, "Ralston"),
    Solver(tableaus.RK4, "classical Runge-Kutta"),
    Solver(tableaus.RK4_38, "Kutta's 3/8 rule"),
    Solver(tableaus.HEUN_EULER, "Heun-Euler 2(1)"),
    Solver(tableaus.BOSH3, "Bogacki-Shampine 3(2)"),
    Solver(tableaus.FEHLBERG, "Fehlberg 4(5)"),
    Solver(tableaus.DOPRI5, "Dormand-Prince 5(4)"),
    Solver(TSIT5, "Tsitouras 5(4)"),
    Solver(DOPRI8, "Dormand-Prince 8(5,3)"),
    Solver(implicit_tableaus.IMPLICIT_EULER, "implicit Euler"),
    Solver(implicit_tableaus.KVAERNO3, "Kvaerno 3(2)"),
    Solver(implicit_tableaus.KENCARP5, "Kennedy-Carpenter 5(4)"),
)

SOLVERS: dict[str, Solver] = {row.name: row for row in _ROWS}
