"""Scalar problems, linear and nonlinear, with their general solutions."""

import numpy as np
import tensorflow as tf
from tests.ode.conformance.exact import ExactProblem, array

from nodelens.ode.problems import growth_flow, logistic_flow, riccati_flow


def decay_flow(z0: np.ndarray, theta: np.ndarray, times: np.ndarray) -> np.ndarray:
    """The flow of dz/dt = a z."""
    return (z0 * np.exp(theta[:, :1] * (times - times[:, :1])))[..., None]


def quintic_flow(z0: np.ndarray, theta: np.ndarray, times: np.ndarray) -> np.ndarray:
    """The flow of dz/dt = a + (z - (a t + b))**5."""
    a, b = theta[:, :1], theta[:, 1:]
    # u = z - (a t + b) obeys du/dt = u**5.
    u0 = z0 - (a * times[:, :1] + b)
    u = u0 * (1 - 4 * u0**4 * (times - times[:, :1])) ** -0.25
    return (u + a * times + b)[..., None]


def sine_flow(z0: np.ndarray, theta: np.ndarray, times: np.ndarray) -> np.ndarray:
    """The flow of dz/dt = 2 z / t + t**4 sin(2 t) - t**2 + 4 t**3, which has no parameter."""
    del theta

    def particular(t: np.ndarray) -> np.ndarray:
        waves = -(t**4) / 2 * np.cos(2 * t) + t**3 / 2 * np.sin(2 * t) + t**2 / 4 * np.cos(2 * t)
        return waves - t**3 + 2 * t**4

    start = times[:, :1]
    return (particular(times) + (z0 - particular(start)) * (times / start) ** 2)[..., None]


def power_flow(z0: np.ndarray, theta: np.ndarray, times: np.ndarray) -> np.ndarray:
    """The flow of dz/dt = -k z**3."""
    return (z0 / np.sqrt(1 + 2 * theta[:, :1] * z0**2 * (times - times[:, :1])))[..., None]


SCALAR = (
    ExactProblem(
        name="L1",
        title="dz/dt = a z",
        vector_field=lambda t, z, params: params[0] * z,
        z0=array([2]),
        times=array([0.2, 0.9, 1.7]),
        params=(array(-1.3),),
        flow=decay_flow,
        limit=5e-6,
    ),
    ExactProblem(
        name="L3",
        title="dz/dt = a + (z - (a t + b))**5 on the line a t + b",
        vector_field=lambda t, z, params: params[0] + (z - (params[0] * t + params[1])) ** 5,
        z0=array([0.9]),
        times=array([1.0, 2.0, 5.0, 8.0]),
        params=(array(0.2), array(0.7)),
        flow=quintic_flow,
        limit=1e-9,
    ),
    ExactProblem(
        name="N1",
        title="Riccati: dz/dt = a (z - b t)**2 + b",
        vector_field=lambda t, z, params: params[0] * (z - params[1] * t) ** 2 + params[1],
        z0=array([0.5]),
        times=array([0.0, 0.4, 1.0]),
        params=(array(1.0), array(1.0)),
        flow=riccati_flow,
        limit=1e-5,
        tolerance=1e-7,
    ),
    ExactProblem(
        name="N2",
        title="dz/dt = 2 z / t + t**4 sin(2 t) - t**2 + 4 t**3",
        vector_field=lambda t, z, params: 2 * z / t + t**4 * tf.sin(2 * t) - t**2 + 4 * t**3,
        z0=array([np.pi]),
        times=np.linspace(1.0, 8.0, 4),
        params=(),
        flow=sine_flow,
        limit=1e-6,
        tolerance=1e-7,
    ),
    ExactProblem(
        name="A2",
        title="DETEST A2: dz/dt = -k z**3",
        vector_field=lambda t, z, params: -params[0] * z**3,
        z0=array([1]),
        times=array([0.0, 5.0, 20.0]),
        params=(array(0.5),),
        flow=power_flow,
        limit=1e-5,
    ),
    ExactProblem(
        name="A3",
        title="DETEST A3: dz/dt = a cos(t) z",
        vector_field=lambda t, z, params: params[0] * tf.cos(t) * z,
        z0=array([1]),
        times=array([0.0, 5.0, 20.0]),
        params=(array(1.0),),
        flow=growth_flow,
        limit=1e-5,
        tolerance=1e-7,
    ),
    ExactProblem(
        name="A4",
        title="DETEST A4, logistic growth: dz/dt = r z (1 - z / K)",
        vector_field=lambda t, z, params: params[0] * z * (1 - z / params[1]),
        z0=array([1]),
        times=array([0.0, 5.0, 20.0]),
        params=(array(0.25), array(20.0)),
        flow=logistic_flow,
        limit=1e-5,
    ),
)
