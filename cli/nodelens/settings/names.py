"""The names of solvers, adjoints and problems, known without importing the numerical core.

A test compares them with the registries of `nodelens.ode` and `nodelens.checking`.
"""

from typing import Literal

SolverName = Literal[
    "euler", "midpoint", "heun", "ralston", "rk4", "rk4_38",
    "heun_euler", "bosh3", "fehlberg", "dopri5", "tsit5", "dopri8",
    "implicit_euler", "kvaerno3", "kencarp5",
]  # fmt: skip
AdjointName = Literal[
    "backsolve", "discrete", "checkpointed", "reversible", "forward", "direct",
]  # fmt: skip
ProblemName = Literal[
    "linear", "growth", "logistic", "riccati", "stiff",
    "spiral", "lotka-volterra", "pendulum", "network",
]  # fmt: skip

# What each problem of `adjoint-check` is, in one line.
EQUATIONS: dict[str, str] = {
    "linear": "dz/dt = A z with a random matrix",
    "growth": "dz/dt = a cos(t) z, non-autonomous",
    "logistic": "dz/dt = r z (1 - z/K), backwards in time",
    "riccati": "dz/dt = a (z - bt)² + b",
    "stiff": "dz/dt = λ (cos t - z) for λ = 1, 4, 16",
    "spiral": "dz/dt = A z³, the cubic spiral",
    "lotka-volterra": "predator and prey, the growth of the prey driven by sin t",
    "pendulum": "a damped pendulum, backwards in time",
    "network": "dz/dt = W₂ tanh(W₁z + ut + b), a small Neural ODE with random weights",
}
