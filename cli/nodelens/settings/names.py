"""The names of solvers and adjoints, known without importing the numerical core.

A test compares them with the registries of `nodelens.ode`.
"""

from typing import Literal

SolverName = Literal[
    "euler", "midpoint", "heun", "ralston", "rk4", "rk4_38",
    "heun_euler", "bosh3", "fehlberg", "dopri5", "tsit5", "dopri8",
]  # fmt: skip
AdjointName = Literal["backsolve", "discrete", "direct"]
