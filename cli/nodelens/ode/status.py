"""The outcome of a solve: a number that survives compiled code, and a sentence with the remedy."""

from enum import IntEnum


class Status(IntEnum):
    """The outcome of a solve. Carried as an `int32` through compiled loops."""

    SUCCESS = 0
    MAX_STEPS = 1
    STEP_UNDERFLOW = 2
    NON_FINITE = 3
    CAPACITY = 4
    NEWTON_FAILED = 5
    EVENT = 6
    VARIABLE_ASSIGNED = 7


# The largest drift of the state of a backward solve, in units of its size, that is not reported.
DRIFT_LIMIT = 1e-3

REMEDIES: dict[Status, str] = {
    Status.SUCCESS: "The solve reached the last time.",
    Status.MAX_STEPS: (
        "The solver took `max_steps` steps without reaching the last time. Raise `max_steps`, "
        "loosen `rtol` and `atol`, or take a solver for stiff problems if the steps are tiny."
    ),
    Status.STEP_UNDERFLOW: (
        "The step size fell below what the floating-point time can resolve. The vector field is "
        "discontinuous there, or far stiffer than the solver can follow: split the solve there, "
        "loosen `rtol` and `atol`, or use float64."
    ),
    Status.NON_FINITE: (
        "The vector field returned NaN or Inf however small the step. The solution blows up, or "
        "leaves the domain of the field: check z0, the parameters and the field at that time."
    ),
    Status.CAPACITY: (
        "The adjoint's store of accepted steps is full. Raise its capacity, for instance "
        "`adjoint=Discrete(capacity=4096)`, or use one that stores less, such as 'backsolve'."
    ),
    Status.NEWTON_FAILED: (
        "Newton's method did not find an implicit stage even in the smallest step. Allow smaller "
        "steps (`step_size`, `PIDController(min_step=...)`), or check that the field is smooth."
    ),
    Status.VARIABLE_ASSIGNED: (
        "A variable that the vector field reads was assigned after the solve and before its "
        "gradient, which would mix both values. Take the gradient first, or pass the values "
        "through `params`."
    ),
    Status.EVENT: "A terminal event ended the solve, as it was asked to.",
}


class SolveError(RuntimeError):
    """A solve did not reach the last time.

    Args:
        status: What ended it; the worst one if several samples failed.
        where: The time that was reached, as text.
        diagnosis: What was found there, instead of the general remedy.
    """

    def __init__(self, status: Status, where: str, diagnosis: str = "") -> None:
        super().__init__(f"{status.name} at t = {where}. {diagnosis or REMEDIES[status]}")
        self.status = status
        self.diagnosis = diagnosis
