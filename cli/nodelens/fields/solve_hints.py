"""Hints by settings for a solve that failed, as far as they are the same in every job."""

from nodelens.ode import Status

COMMON: dict[Status, str] = {
    Status.SUCCESS: "",
    Status.MAX_STEPS: (
        "raise `solver.max_steps`, loosen `solver.rtol` and `solver.atol`, or take a solver for "
        "stiff problems, such as `solver.method=kencarp5`"
    ),
    Status.EVENT: "",
    Status.VARIABLE_ASSIGNED: "the field assigns to a variable: keep its values in its state",
}
