"""What may be set for `adjoint-check`."""

from typing import Literal

from pydantic import Field, PositiveFloat, PositiveInt

from nodelens.settings.base import Settings
from nodelens.settings.names import AdjointName, SolverName


class SolverSettings(Settings):
    """The forward solve; the gradient is found with the same tolerances."""

    method: SolverName = "dopri5"
    rtol: PositiveFloat = 1e-8
    atol: PositiveFloat = 1e-8
    max_steps: PositiveInt = 10_000


class AdjointCheckSettings(Settings):
    """Everything that may be set for `adjoint-check`.

    A gradient passes if its relative error is at most `tolerance`; without one, it is
    100 · max(rtol, atol): a solver's tolerance is one for each step, and the errors of the way
    forth and the way back add up.
    """

    seed: int = Field(0, ge=0, lt=2**32)
    device: str = "auto"
    problems: tuple[Literal["linear"], ...] = Field(("linear",), min_length=1)
    adjoints: tuple[AdjointName, ...] = Field(("backsolve", "discrete"), min_length=1)
    solver: SolverSettings = SolverSettings()
    tolerance: PositiveFloat | None = None

    def accepted_error(self) -> float:
        """The largest relative error that passes."""
        if self.tolerance is not None:
            return self.tolerance
        return 100 * max(self.solver.rtol, self.solver.atol)
