"""Settings of `adjoint-check`."""

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt

from nodelens.checking.problems import PROBLEMS
from nodelens.fields.solve_settings import SolverName
from nodelens.ode.adjoints import ADJOINTS
from nodelens.settings.base import Settings
from nodelens.settings.checks import name_in
from nodelens.settings.times import Times

Vector = list[float]


class CheckedSolverSettings(Settings):
    """The forward solve; the gradient is found with the same tolerances.

    Attributes:
        method: The solver.
        rtol: Error allowed in a step, relative to the state; null is 1e-8, or 1e-5 in float32.
        atol: Error allowed in a step, absolute; null is 1e-8, or 1e-5 in float32.
        max_steps: Attempted steps after which a solve fails.
        step_size: Length of every step, in the unit of time; null leaves it to the solver.
        jit_compile: True compiles the solves by XLA.
    """

    method: SolverName = "dopri5"
    rtol: PositiveFloat | None = None
    atol: PositiveFloat | None = None
    max_steps: PositiveInt = 10_000
    step_size: PositiveFloat | None = None
    jit_compile: bool = False


class AdjointCheckSettings(Settings):
    """Everything that may be set for `adjoint-check`.

    Attributes:
        seed: Seed of all random numbers.
        device: The device to compute on: auto, cpu, gpu or gpu:N.
        problems: The problems to check.
        field: Your own field in place of the problems: path/to/file.py:name or
            package.module:name; null is none.
        z0: The initial state of your own field; it has none by default.
        times: The times of observation of your own field, the first one that of z0.
        adjoints: The adjoints to check.
        solver: The forward solve.
        precision: The precision of the solves; the references are float64.
        tolerance: The relative error that passes; null: it follows from the tolerances of the
            solver, from how much the problem amplifies errors, and from the referee's own error.
        fail_fast: True stops after the first problem that fails.
    """

    seed: int = Field(0, ge=0, lt=2**32)
    device: str = "auto"
    problems: tuple[Annotated[str, name_in(PROBLEMS, "all")], ...] = Field(("all",), min_length=1)
    field: str | None = None
    z0: Vector | list[Vector] | list[list[Vector]] | None = None
    times: Times = (0.0, 0.5, 1.0)
    adjoints: tuple[Annotated[str, name_in(ADJOINTS, "all")], ...] = Field(
        ("backsolve", "discrete"), min_length=1
    )
    solver: CheckedSolverSettings = CheckedSolverSettings()
    precision: Literal["float64", "float32"] = "float64"
    tolerance: PositiveFloat | None = None
    fail_fast: bool = False

    def chosen_problems(self) -> tuple[str, ...]:
        """Returns the problems, `all` spelled out."""
        return _spelled_out(self.problems, PROBLEMS)

    def chosen_adjoints(self) -> tuple[str, ...]:
        """Returns the adjoints, `all` spelled out."""
        different = [name for name, row in ADJOINTS.items() if not row.chooses]
        return _spelled_out(self.adjoints, different)

    def tolerances(self, precision: str) -> tuple[float, float]:
        """Returns rtol and atol; the defaults depend on the precision."""
        usual = 1e-8 if precision == "float64" else 1e-5
        return self.solver.rtol or usual, self.solver.atol or usual


def _spelled_out(names: tuple[str, ...], table: Iterable[str]) -> tuple[str, ...]:
    return tuple(table) if "all" in names else names
