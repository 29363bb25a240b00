"""The solvers by name."""

from nodelens.ode import tableaus
from nodelens.ode.dopri8 import DOPRI8
from nodelens.ode.runge_kutta import ExplicitRungeKutta
from nodelens.ode.tsit5 import TSIT5

SOLVERS: dict[str, ExplicitRungeKutta] = {
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
