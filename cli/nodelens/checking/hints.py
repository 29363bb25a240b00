"""Hints by settings of a check, for the case that a solve under test fails."""

from nodelens.fields.solve_hints import COMMON
from nodelens.ode import Status

HINTS: dict[Status, str] = {
    **COMMON,
    Status.STEP_UNDERFLOW: (
        "the field is discontinuous, or far stiffer than the solver can follow: check a shorter "
        "span of `times`, loosen `solver.rtol` and `solver.atol`, or set `precision=float64`"
    ),
    Status.NON_FINITE: (
        "the solution blows up, or leaves the domain of the field: check `z0`, `times` and the "
        "parameters"
    ),
    Status.CAPACITY: (
        "the adjoint has no room for more steps: set `adjoints=[backsolve]`, or loosen "
        "`solver.rtol` and `solver.atol`"
    ),
    Status.NEWTON_FAILED: (
        "an implicit stage was not found: set a shorter `solver.step_size`, or tighten "
        "`solver.rtol`"
    ),
}
