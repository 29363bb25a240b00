"""Hints by settings of a training, for the case that all solves of a step fail."""

from nodelens.fields.solve_hints import COMMON
from nodelens.ode import Status

_EASIER = (
    "lower `training.learning_rate`, shorten `training.window`, or begin with short windows "
    "(`training.phases`); for equations, check the first guesses in `field.parameters`"
)
HINTS: dict[Status, str] = {
    **COMMON,
    Status.STEP_UNDERFLOW: (
        "the field is discontinuous, or grows so fast that no step is short enough: " + _EASIER
    ),
    Status.NON_FINITE: "the solution blows up, or leaves the domain of the field: " + _EASIER,
    Status.CAPACITY: (
        "the adjoint has no room for more steps: use `adjoint.method=backsolve`, which keeps none, "
        "loosen `solver.rtol` and `solver.atol`, or shorten `training.window`"
    ),
    Status.NEWTON_FAILED: (
        "an implicit stage was not found: set a shorter `solver.step_size`, tighten "
        "`solver.rtol`, or take an explicit solver, such as `solver.method=tsit5`"
    ),
}
