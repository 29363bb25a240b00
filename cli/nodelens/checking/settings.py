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
    """The forward solve; the gradient is found with the same tolerances."""

    method: SolverName = "dopri5"
    rtol: PositiveFloat | None = Field(None, description="1e-8, or 1e-5 in float32")
    atol: PositiveFloat | None = Field(None, description="1e-8, or 1e-5 in float32")
    max_steps: PositiveInt = 10_000
    step_size: PositiveFloat | None = None
    jit_compile: bool = False


class AdjointCheckSettings(Settings):
    """Everything that may be set for `adjoint-check`.

    Without a `tolerance`, what passes follows from the solver's tolerances, from how much the
    problem amplifies errors, and from the referee's own error estimate.
    """

    seed: int = Field(0, ge=0, lt=2**32)
    device: str = "auto"
    problems: tuple[Annotated[str, name_in(PROBLEMS, "all")], ...] = Field(("all",), min_length=1)
    field: str | None = Field(None, description="path/to/file.py:name or package.module:name")
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
