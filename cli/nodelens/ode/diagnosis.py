"""The cause of a failed eager solve, from the vector field at the point where it ended."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from nodelens.ode.adjoints.base import Forward
from nodelens.ode.core import Core
from nodelens.ode.observe import Inputs
from nodelens.ode.runge_kutta import ExplicitRungeKutta
from nodelens.ode.status import Status
from nodelens.ode.tableau import Tableau

_POWER_ITERATIONS = 30


@dataclass(frozen=True)
class Scene:
    """One sample of a solve that failed, as NumPy arrays.

    Args:
        field: f(t, z) of this sample, arrays of shape [size].
        start: z0.
        t: The time that was reached.
        h: Size of the next step that would have been tried, positive.
        z: The state at t.
        left: The time from t to the last time, signed.
        attempts: Attempted steps.
    """

    field: Callable[[float, np.ndarray], np.ndarray]
    start: np.ndarray
    t: float
    h: float
    z: np.ndarray
    left: float
    attempts: int


def diagnose(core: Core, inputs: Inputs, forward: Forward, sample: int) -> str:
    """Says in a sentence or two why a sample of an eager solve failed, with numbers."""
    status = Status(int(forward.status[sample]))
    if status not in (Status.MAX_STEPS, Status.STEP_UNDERFLOW, Status.NON_FINITE):
        return ""
    scene = _scene(inputs, core, forward, sample)
    with np.errstate(all="ignore"):
        return (
            not_finite(scene)
            or blow_up(scene)
            or edge_of_domain(scene)
            or discontinuous(scene)
            or stiff(scene, core.method.solver)
            or (status == Status.MAX_STEPS and too_few_steps(scene))
            or ""
        )


def _scene(inputs: Inputs, core: Core, forward: Forward, sample: int) -> Scene:
    t, h, y = forward.reached

    def field(time: float, state: np.ndarray) -> np.ndarray:
        times, states = t.numpy().copy(), y.numpy().copy()
        times[sample], states[sample] = time, state
        return core.field(tf.constant(times), tf.constant(states), inputs.theta).numpy()[sample]

    reached = float(t[sample])
    return Scene(
        field=field,
        start=inputs.z0.numpy()[sample],
        t=reached,
        h=float(h[sample]),
        z=y.numpy()[sample],
        left=float(inputs.times[-1, sample]) - reached,
        attempts=int(forward.stats.accepted[sample] + forward.stats.rejected[sample]),
    )


def not_finite(scene: Scene) -> str:
    """Recognises a field that is NaN or Inf at the point reached."""
    value = scene.field(scene.t, scene.z)
    bad = int(np.sum(~np.isfinite(value)))
    if not bad:
        return ""
    return (
        f"The vector field is NaN or Inf in {bad} of {value.size} components at this time and the "
        f"state reached there, |z| = {_size(scene.z):.3g}: check its logarithms, roots, divisions "
        "and parameters."
    )


def blow_up(scene: Scene) -> str:
    """Recognises a state that has grown much and doubles in no time."""
    before, now = _size(scene.start), _size(scene.z)
    value = scene.field(scene.t, scene.z) * np.sign(scene.left)
    if now == 0:
        return ""
    rate = float(np.mean(np.real(np.conj(scene.z / now) * (value / now))))
    if not (now > 1e3 * max(before, 1e-3) and rate * abs(scene.left) > 1e3):
        return ""
    return (
        f"The solution blows up: |z| has grown from {before:.2g} to {now:.2g} and doubles every "
        f"{math.log(2) / rate:.1e}. It ends here: ask for earlier times, or change z0 or the "
        "parameters."
    )


def edge_of_domain(scene: Scene) -> str:
    """Recognises a field that is finite at the point reached but not ahead."""
    if np.isfinite(_ahead(scene, _span(scene))).all():
        return ""
    return (
        f"The vector field is finite at the state reached, |z| = {_size(scene.z):.3g}, but NaN or "
        "Inf just ahead: the solution leaves the domain of the field, such as that of a square "
        "root or a logarithm."
    )


def discontinuous(scene: Scene) -> str:
    """Recognises a field that changes far more over the next step than over the one before."""
    span = _span(scene)
    here, ahead = scene.field(scene.t, scene.z), _ahead(scene, span)
    jump = _size(ahead - here)
    usual = _size(here - _ahead(scene, -span))
    scale = max(_size(here), _size(ahead))
    if not jump > max(100 * usual, 1e-2 * scale):
        return ""
    return (
        f"The vector field jumps: f changes by {jump:.2g} over the next {span:.1e}, and by "
        f"{usual:.1g} over the last. Solve to the jump and go on from there, or smooth it."
    )


def stiff(scene: Scene, solver: ExplicitRungeKutta) -> str:
    """Recognises a step held at the limit of stability by the fastest rate of the field."""
    if solver.largest_state is not None:
        return ""
    rate = fastest_rate(scene)
    limit = stability_limit(solver.tableau)
    if not (abs(rate) * abs(scene.left) > 10 * limit and 0.2 < abs(rate) * scene.h / limit < 5):
        return ""
    return (
        f"The problem is stiff: its fastest rate is {abs(rate):.2g}, so {solver.name!r} is stable "
        f"for steps up to {limit / abs(rate):.1e} only (the next one is {scene.h:.1e}), and "
        f"{abs(scene.left):.3g} is left to go. Use solver='kencarp5'."
    )


def too_few_steps(scene: Scene) -> str:
    """Recognises that nothing is wrong but the number of steps."""
    more = math.ceil(abs(scene.left) / scene.h)
    return (
        f"{abs(scene.left):.3g} is left to go in steps of about {scene.h:.1e}: give `max_steps` "
        f"room for some {more} more, or loosen `rtol` and `atol`."
    )


def fastest_rate(scene: Scene) -> float:
    """Estimates the largest eigenvalue of df/dz in modulus.

    By power iteration on differences of the field.
    """
    size = max(_size(scene.z), 1e-6)
    epsilon = math.sqrt(np.finfo(scene.z.dtype).eps) * size
    here = scene.field(scene.t, scene.z)
    direction = np.random.default_rng(0).normal(size=scene.z.shape).astype(scene.z.dtype)
    rate = 0.0
    for _ in range(_POWER_ITERATIONS):
        direction /= max(_size(direction), 1e-300)
        change = (scene.field(scene.t, scene.z + epsilon * direction) - here) / epsilon
        rate, direction = _size(change), change
        if not 0 < rate < np.inf:
            break
    return rate


def stability_limit(tableau: Tableau) -> float:
    """Returns the largest x for which the method is stable for dz/dt = -z with steps up to x.

    Its growth factor is R(-x), R(w) = 1 + w b^T (1 - w A)^-1 1 (Hairer and Wanner, *Solving
    Ordinary Differential Equations II*, eq. IV.2.8).
    """
    stages = len(tableau.b)
    a = np.zeros((stages, stages))
    for i, row in enumerate(tableau.a):
        a[i, : len(row)] = row
    ones = np.ones(stages)
    for x in np.arange(0.05, 20, 0.05):
        growth = 1 - x * np.dot(tableau.b, np.linalg.solve(np.eye(stages) + x * a, ones))
        if abs(growth) > 1 + 1e-9:
            return float(x)
    return 20.0


def _span(scene: Scene) -> float:
    """Returns a small step that time resolves and in which a smooth field hardly changes."""
    return max(scene.h, 1e-9 * abs(scene.left))


def _ahead(scene: Scene, span: float) -> np.ndarray:
    """Returns f a little ahead on the tangent of the solution."""
    signed = span * np.sign(scene.left)
    slope = scene.field(scene.t, scene.z)
    return scene.field(scene.t + signed, (scene.z + signed * slope).astype(scene.z.dtype))


def _size(x: np.ndarray) -> float:
    largest = float(np.max(np.abs(x)))
    if not 0 < largest < np.inf:
        return largest
    return largest * float(np.sqrt(np.mean(np.abs(x / largest) ** 2)))
