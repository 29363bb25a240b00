"""SciPy's solvers as an independent reference, without gradient."""

import numpy as np
import tensorflow as tf
from scipy.integrate import solve_ivp

from nodelens.ode.adjoints.base import Forward, Reached
from nodelens.ode.core import Core
from nodelens.ode.observe import Inputs
from nodelens.ode.solution import Stats
from nodelens.ode.status import Status

SCIPY_METHODS = ("RK45", "RK23", "DOP853", "Radau", "BDF", "LSODA")
PREFIX = "scipy:"


def solve_with_scipy(core: Core, inputs: Inputs, method: str) -> Forward:
    """Solves with `scipy.integrate.solve_ivp`, one evaluation of the field at a time."""
    z0, times = inputs.z0.numpy()[0], inputs.times.numpy()[:, 0]
    field = tf.function(lambda t, y: core.field(t, y, inputs.theta), autograph=False)

    def slope(t: float, y: np.ndarray) -> np.ndarray:
        return field(tf.constant([t], tf.float64), tf.constant(y[None], z0.dtype)).numpy()[0]

    states = np.full((len(times), len(z0)), np.nan, z0.dtype)
    states[times == times[0]] = z0
    evaluations, steps, status = 0, 0, Status.SUCCESS
    if times[-1] != times[0]:
        wanted = np.unique(times)
        ordered = wanted if times[-1] > times[0] else wanted[::-1]
        found = solve_ivp(
            slope,
            (times[0], times[-1]),
            z0,
            method=method,
            t_eval=ordered,
            rtol=float(tf.reduce_max(inputs.tolerances.rtol)),
            atol=inputs.tolerances.atol.numpy() * np.ones(len(z0)),
        )
        for column, t in enumerate(found.t):
            states[times == t] = found.y[:, column]
        evaluations, steps = found.nfev, len(found.t)
        status = Status.SUCCESS if found.status == 0 else Status.STEP_UNDERFLOW
    return Forward(
        states=_without_gradient(inputs, tf.constant(states[:, None])),
        status=tf.constant([int(status)]),
        reached=Reached(inputs.times[-1], tf.zeros_like(inputs.times[-1]), inputs.z0),
        stats=Stats(*[tf.constant([n]) for n in (evaluations, steps, 0)]),
        residuals=(),
    )


def _without_gradient(inputs: Inputs, states: tf.Tensor) -> tf.Tensor:
    """Makes a tape that asks for a gradient raise, rather than get `None`."""

    @tf.custom_gradient
    def constant(*_: tf.Tensor) -> tuple[tf.Tensor, object]:
        def gradient(*_: tf.Tensor) -> None:
            raise ValueError(
                "SciPy's solvers have no gradient. Use a solver of this package, such as "
                "'kencarp5' for a stiff problem."
            )

        return tf.identity(states), gradient

    return constant(*tf.nest.flatten(inputs))
