"""The solvers by name."""

from nodelens.ode import tableaus
from nodelens.ode.dopri8 import DOPRI8
from nodelens.ode.implicit import ImplicitRungeKutta
from nodelens.ode.implicit_tableaus import IMPLICIT_EULER, KENCARP5, KVAERNO3
from nodelens.ode.runge_kutta import ExplicitRungeKutta
from nodelens.ode.tsit5 import TSIT5

_EXPLICIT = {
    tableau.name: ExplicitRungeKutta(tableau)
    for tableau in (
        tableaus.EULER,
        tableaus.MIDPOINT,
        tableaus.HEUN,
        tableaus.RALSTON,
        tableaus.RK4,
        tableaus.RK4_38,
        tableaus.HEUN_EULER,
        tableaus.BOSH3,
        tableaus.FEHLBERG,
        tableaus.DOPRI5,
        TSIT5,
        DOPRI8,
    )
}
_IMPLICIT = {
    tableau.name: ImplicitRungeKutta(tableau) for tableau in (IMPLICIT_EULER, KVAERNO3, KENCARP5)
}

SOLVERS: dict[str, ExplicitRungeKutta] = {**_EXPLICIT, **_IMPLICIT}
