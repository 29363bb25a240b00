"""A vector field that is given, the user's or that of a run: tried once, made a problem."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import tensorflow as tf

from nodelens.checking.problem import CheckProblem
from nodelens.checking.tensor_fields import TensorField64, trace_field
from nodelens.errors import UsageError
from nodelens.ode import VectorFieldError
from nodelens.ode.options import SolveOptions
from nodelens.ode.user_code import describe_user_error, first_line


@dataclass(frozen=True)
class CheckedField:
    """A field that is given, and where it is checked.

    Attributes:
        name: The name in reports and messages.
        field: f(t, z) of TensorFlow operations; what it captures are its parameters.
        z0: The initial state, numbers in nested lists or an array.
        times: The times of observation.
        solved: The options with which it was trained; of these the gradient's own tolerances are
            taken, the others are settings.
        tighten: True if the tolerances are to be tightened where a wrong gradient would pass.
        scale: The size of each component of z0, of a shape that fits it; None for about one.
    """

    name: str
    field: Callable[..., Any]
    z0: Any
    times: Sequence[float] | np.ndarray
    solved: SolveOptions = field(default_factory=SolveOptions)
    tighten: bool = False
    scale: np.ndarray | None = None


def problem_of(given: CheckedField) -> tuple[CheckProblem, str]:
    """Makes a problem of a field, in double precision if it computes in double precision.

    Args:
        given: The field, and where it is checked.

    Returns:
        The problem and the precision in which the field computes.

    Raises:
        UsageError: If the field cannot be checked; the message names the cause.
    """
    field, name = given.field, given.name
    start = np.asarray(given.z0, np.float64)
    moments = np.asarray(given.times, np.float64)
    refused: list[VectorFieldError] = []
    for dtype in ("float64", "float32"):
        try:
            _require_same_twice(field, name, start, moments, dtype)
            traced, values, names = trace_field(field, start, dtype)
        except VectorFieldError as error:
            refused.append(error)
            continue
        plain = TensorField64(traced, start.size, dtype)
        problem = CheckProblem(
            name=name,
            vector_field=field,
            plain=plain,
            z0=start,
            times=moments,
            params=dict(zip(names, values, strict=True)),
            sources=traced.sources,
            scale=None if given.scale is None else np.broadcast_to(given.scale, start.shape),
        )
        return problem, dtype
    raise UsageError(
        f"the field {name} cannot be checked: {refused[0]}",
        hint="compute dz/dt with TensorFlow or Keras operations; NumPy carries no gradient",
    )


def _require_same_twice(
    field: Callable[..., Any], name: str, z0: np.ndarray, times: np.ndarray, dtype: str
) -> None:
    """Calls the field twice: it must be a function of (t, z), and of nothing else.

    Raises:
        UsageError: If it raises, is random, or changes its own variables.
        VectorFieldError: If it refuses this precision.
    """
    t, z = tf.constant(times[0], dtype), tf.constant(z0, dtype)
    try:
        first = field(t, z)
        before = [np.array(x) for x in getattr(field, "variables", ())]
        second = field(t, z)
    except Exception as error:  # whatever the user's own code raises
        if dtype in str(error) or "dtype" in str(error) or "double" in str(error):
            raise VectorFieldError(f"it does not take {dtype}: {first_line(error)}") from error
        raise UsageError(
            f"the field {name} fails when it is called as f(t, z) with t a scalar and z of shape "
            f"{z0.shape}: {describe_user_error(error)}",
            hint="it must take the time and the state, and z0 must have the shape it expects",
        ) from error
    pairs = zip(tf.nest.flatten(first), tf.nest.flatten(second), strict=True)
    values = [(np.asarray(x), np.asarray(y)) for x, y in pairs]
    if any(not np.array_equal(x, y, equal_nan=True) for x, y in values):
        raise UsageError(
            f"the field {name} is random: two calls with the same (t, z) gave different values",
            hint="dropout or noise inside? call its layers with training=False, or draw the noise "
            "once, outside of the field",
        )
    after = [np.array(x) for x in getattr(field, "variables", ())]
    if any(not np.array_equal(x, y) for x, y in zip(before, after, strict=True)):
        raise UsageError(
            f"the field {name} changes its own variables when it is called: it is no function of "
            "(t, z)",
            hint="a solver calls it many times a step; call its layers with training=False",
        )
    if any(not np.isfinite(x).all() for x, _ in values):
        raise UsageError(
            f"the field {name} returns NaN or Inf at t0 = {times[0]:g}, at z0 itself",
            hint="check z0 and the parameters",
        )
