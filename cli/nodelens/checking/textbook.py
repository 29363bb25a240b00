"""The problems of the default suite: small, of every kind, most of them solved in closed form."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nodelens.checking.plain_fields import NumpyField, Operations, TextbookField, in_tensorflow
from nodelens.checking.problem import CheckProblem
from nodelens.checking.problems import PROBLEMS
from nodelens.ode.problems import (
    Flow,
    LinearProblem,
    growth_flow,
    ladder_flow,
    logistic_flow,
    riccati_flow,
)
from nodelens.registry import load

Params = Sequence[Any]


def _linear(ops: Operations, t: Any, z: Any, params: Params) -> Any:
    return ops.matvec(params[0], z)


def _growth(ops: Operations, t: Any, z: Any, params: Params) -> Any:
    (a,) = params
    (x,) = ops.unstack(z)
    return ops.stack([a * ops.cos(t) * x])


def _logistic(ops: Operations, t: Any, z: Any, params: Params) -> Any:
    rate, capacity = params
    (x,) = ops.unstack(z)
    return ops.stack([rate * x * (1 - x / capacity)])


def _riccati(ops: Operations, t: Any, z: Any, params: Params) -> Any:
    a, b = params
    (x,) = ops.unstack(z)
    return ops.stack([a * (x - b * t) ** 2 + b])


def _ladder(ops: Operations, t: Any, z: Any, params: Params) -> Any:
    (rates,) = params
    return rates * (ops.stack([ops.cos(t)]) - z)


def _spiral(ops: Operations, t: Any, z: Any, params: Params) -> Any:
    return ops.matvec(params[0], z**3)


def _prey(ops: Operations, t: Any, z: Any, params: Params) -> Any:
    a, b, c, d = params
    x, y = ops.unstack(z)
    return ops.stack([(a * (1 + ops.sin(t) / 2) - b * y) * x, (c * x - d) * y])


def _pendulum(ops: Operations, t: Any, z: Any, params: Params) -> Any:
    stiffness, damping = params
    angle, speed = ops.unstack(z)
    return ops.stack([speed, -stiffness * ops.sin(angle) - damping * speed])


def _network(ops: Operations, t: Any, z: Any, params: Params) -> Any:
    inner, drive, bias, outer = params
    # Time has the axes of z but the last.
    return ops.matvec(outer, ops.tanh(ops.matvec(inner, z) + ops.stack([t] * 4) * drive + bias))


def _problem(
    name: str,
    field: TextbookField,
    vector_field: Any,
    z0: Sequence[float],
    times: np.ndarray,
    params: dict[str, Any],
    flow: Flow | None = None,
) -> CheckProblem:
    values = {key: np.asarray(value, np.float64) for key, value in params.items()}
    plain = NumpyField(field, tuple(value.shape for value in values.values()))
    return CheckProblem(name, vector_field, plain, np.array(z0, np.float64), times, values, flow)


def make_linear(seed: int, name: str) -> CheckProblem:
    """Makes the problem with a random matrix; its gradient is known by hand."""
    problem = LinearProblem.random(seed=seed)

    def exact(weights: np.ndarray) -> np.ndarray:
        gradients = problem.gradients(weights)
        return np.concatenate([gradients.z0, gradients.params[0].ravel(), gradients.times])

    return CheckProblem(
        name,
        LinearProblem.vector_field,
        NumpyField(_linear, (problem.matrix.shape,)),
        problem.z0,
        problem.times,
        {"A": problem.matrix},
        exact=exact,
    )


def make_network(seed: int, name: str) -> CheckProblem:
    """Makes the problem with random weights."""
    generator = np.random.default_rng(seed)
    params = {
        "inner": generator.normal(size=(4, 2)),
        "drive": generator.normal(size=4),
        "bias": generator.normal(size=4) / 2,
        "outer": generator.normal(size=(2, 4)) / 2,
    }
    times = np.array([0.0, 0.4, 1.1, 1.5])
    return _problem(name, _network, NETWORK, (0.5, -0.7), times, params)


# One TensorFlow function a field: the compiled solves are found again by it.
NETWORK = in_tensorflow(_network)


def _fixed(
    field: TextbookField,
    z0: Sequence[float],
    times: Sequence[float],
    params: dict[str, Any],
    flow: Flow | None = None,
) -> Callable[[int, str], CheckProblem]:
    """Makes a problem that does not depend on the seed."""
    vector_field = in_tensorflow(field)

    def make(seed: int, name: str) -> CheckProblem:
        return _problem(name, field, vector_field, z0, np.array(times), params, flow)

    return make


make_growth = _fixed(_growth, [1.2], [0.3, 0.9, 1.6, 2.4], {"a": -1.3}, growth_flow)
make_logistic = _fixed(_logistic, [1.4], [2.0, 1.1, 0.5], {"r": 0.9, "K": 2.0}, logistic_flow)
make_riccati = _fixed(_riccati, [0.5], [0.1, 0.5, 0.9, 1.2], {"a": 0.8, "b": 0.6}, riccati_flow)
make_stiff = _fixed(
    _ladder, [1.5] * 3, [0.0, 0.15, 0.4, 0.7, 1.0], {"lambda": [1.0, 4.0, 16.0]}, ladder_flow
)
make_spiral = _fixed(_spiral, [1.6, 0.3], [0.0, 0.6, 1.3, 2.0], {"A": [[-0.1, 2.0], [-2.0, -0.1]]})
make_lotka_volterra = _fixed(
    _prey, [1.0, 1.2], [0.0, 0.8, 1.7, 2.5], {"a": 1.5, "b": 1.0, "c": 0.8, "d": 1.1}
)
make_pendulum = _fixed(_pendulum, [1.1, -0.4], [1.5, 1.0, 0.2], {"stiffness": 2.2, "damping": 0.3})


def textbook_problem(name: str, seed: int) -> CheckProblem:
    """Makes a problem of the default suite."""
    problem: CheckProblem = load(PROBLEMS[name].make)(seed, name)
    return problem
