"""The problems of the default suite by name, known without NumPy and TensorFlow."""

from dataclasses import dataclass

from nodelens.registry import table

_HERE = "nodelens.checking.textbook"


@dataclass(frozen=True)
class ProblemRow:
    """A problem of the default suite as users choose it.

    Attributes:
        name: The name that users give.
        equation: The problem in one line.
        make: What makes it from a seed and its name, as `module:attribute`.
    """

    name: str
    equation: str
    make: str


# In the order in which they are checked.
PROBLEMS = table(
    ProblemRow("linear", "dz/dt = A z with a random matrix", f"{_HERE}:make_linear"),
    ProblemRow("growth", "dz/dt = a cos(t) z, non-autonomous", f"{_HERE}:make_growth"),
    ProblemRow("logistic", "dz/dt = r z (1 - z/K), backwards in time", f"{_HERE}:make_logistic"),
    ProblemRow("riccati", "dz/dt = a (z - bt)² + b", f"{_HERE}:make_riccati"),
    ProblemRow("stiff", "dz/dt = λ (cos t - z) for λ = 1, 4, 16", f"{_HERE}:make_stiff"),
    ProblemRow("spiral", "dz/dt = A z³, the cubic spiral", f"{_HERE}:make_spiral"),
    ProblemRow(
        "lotka-volterra",
        "predator and prey, the growth of the prey driven by sin t",
        f"{_HERE}:make_lotka_volterra",
    ),
    ProblemRow("pendulum", "a damped pendulum, backwards in time", f"{_HERE}:make_pendulum"),
    ProblemRow(
        "network",
        "dz/dt = W₂ tanh(W₁z + ut + b), a small Neural ODE with random weights",
        f"{_HERE}:make_network",
    ),
)
