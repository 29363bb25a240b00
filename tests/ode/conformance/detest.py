"""Mechanics and special functions of DETEST: rigid body, Kepler, Bessel, falling bodies."""

import numpy as np
import tensorflow as tf
from scipy.special import ellipj
from tests.ode.conformance.exact import ExactProblem, array


def _rigid_body(t: tf.Tensor, z: tf.Tensor, params: list[tf.Tensor]) -> tf.Tensor:
    return tf.stack([z[1] * z[2], -z[0] * z[2], -0.51 * z[0] * z[1]])


def _rigid_body_flow(z0: np.ndarray, theta: np.ndarray, times: np.ndarray) -> np.ndarray:
    # From (0, 1, 1) only.
    return np.stack(ellipj(times, 0.51)[:3], axis=-1)


def _kepler(t: tf.Tensor, z: tf.Tensor, params: list[tf.Tensor]) -> tf.Tensor:
    place, speed = z[:2], z[2:]
    return tf.concat([speed, -place / tf.reduce_sum(place**2) ** 1.5], 0)


def _kepler_flow(z0: np.ndarray, theta: np.ndarray, times: np.ndarray) -> np.ndarray:
    # From the point closest to the centre only: u - e sin u = t by Newton's method.
    e = (1 - z0[:, :1]).real
    u = times + e * np.sin(times)
    for _ in range(50):
        u = u - (u - e * np.sin(u) - times) / (1 - e * np.cos(u))
    minor, distance = np.sqrt(1 - e**2), 1 - e * np.cos(u)
    place = [np.cos(u) - e, minor * np.sin(u)]
    return np.stack([*place, -np.sin(u) / distance, minor * np.cos(u) / distance], axis=-1)


def _orbit(name: str, e: float, tolerance: float) -> ExactProblem:
    return ExactProblem(
        name=name,
        title=f"DETEST {name}, an orbit of eccentricity {e}",
        vector_field=_kepler,
        z0=array([1 - e, 0, 0, np.sqrt((1 + e) / (1 - e))]),
        times=array([0.0, 3.0, 2 * np.pi]),
        params=(),
        flow=_kepler_flow,
        limit=4e-5,
        tolerance=tolerance,
        analytic=False,
    )


def _bessel(t: tf.Tensor, z: tf.Tensor, params: list[tf.Tensor]) -> tf.Tensor:
    x = t + 1
    return tf.stack([z[1], -z[1] / x - (1 - 0.25 / x**2) * z[0]])


def _bessel_flow(z0: np.ndarray, theta: np.ndarray, times: np.ndarray) -> np.ndarray:
    # With x = t + 1, sqrt(x) z is a sine: z and z' follow from its value and slope at the start.
    x0, x = times[:, :1] + 1, times + 1
    value = np.sqrt(x0) * z0[:, :1]
    slope = np.sqrt(x0) * z0[:, 1:] + value / (2 * x0)
    cosine, sine = np.cos(x - x0), np.sin(x - x0)
    wave, change = value * cosine + slope * sine, slope * cosine - value * sine
    return np.stack([wave / np.sqrt(x), (change - wave / (2 * x)) / np.sqrt(x)], axis=-1)


def _falling(t: tf.Tensor, z: tf.Tensor, params: list[tf.Tensor]) -> tf.Tensor:
    return tf.stack([z[1], 0.032 - 0.4 * z[1] ** 2])


def _falling_flow(z0: np.ndarray, theta: np.ndarray, times: np.ndarray) -> np.ndarray:
    final = np.sqrt(0.08)
    start = np.arctanh(z0[:, 1:] / final)
    now = start + np.sqrt(0.0128) * (times - times[:, :1])
    place = z0[:, :1] + np.log(np.cosh(now) / np.cosh(start)) / 0.4
    return np.stack([place, final * np.tanh(now)], axis=-1)


def _pursuit(t: tf.Tensor, z: tf.Tensor, params: list[tf.Tensor]) -> tf.Tensor:
    return tf.stack([z[1], tf.sqrt(1 + z[1] ** 2) / (25 - t)])


def _pursuit_flow(z0: np.ndarray, theta: np.ndarray, times: np.ndarray) -> np.ndarray:
    # arsinh z' grows by log(left at the start / left now).
    left0, left = 25 - times[:, :1], 25 - times
    speed = z0[:, 1:]
    factor = (speed + np.sqrt(1 + speed**2)) * left0
    power = factor / left
    place = z0[:, :1] + (factor * np.log(left0 / left) - (left0**2 - left**2) / (2 * factor)) / 2
    return np.stack([place, (power - 1 / power) / 2], axis=-1)


DETEST = (
    ExactProblem(
        name="B5",
        title="DETEST B5, Euler's rigid body",
        vector_field=_rigid_body,
        z0=array([0, 1, 1]),
        times=array([0.0, 5.0, 20.0]),
        params=(),
        flow=_rigid_body_flow,
        limit=1e-5,
        tolerance=1e-7,
        analytic=False,
    ),
    _orbit("D1", 0.1, 1e-7),
    _orbit("D3", 0.5, 1e-7),
    _orbit("D5", 0.9, 1e-9),
    ExactProblem(
        name="E1",
        title="DETEST E1, Bessel's equation of order 1/2",
        vector_field=_bessel,
        z0=array([0.6713967071418030, 0.09540051444747446]),
        times=array([0.0, 5.0, 20.0]),
        params=(),
        flow=_bessel_flow,
        limit=1e-5,
    ),
    ExactProblem(
        name="E4",
        title="DETEST E4, a fall with friction",
        vector_field=_falling,
        z0=array([30, 0]),
        times=array([0.0, 5.0, 20.0]),
        params=(),
        flow=_falling_flow,
        limit=1e-5,
        tolerance=1e-7,
    ),
    ExactProblem(
        name="E5",
        title="DETEST E5, a curve of pursuit",
        vector_field=_pursuit,
        z0=array([0, 0]),
        times=array([0.0, 5.0, 20.0]),
        params=(),
        flow=_pursuit_flow,
        limit=1e-5,
    ),
)
