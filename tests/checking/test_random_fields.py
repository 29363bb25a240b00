"""Correct gradients of random fields: the referee must raise no false alarm."""

from typing import Any

import numpy as np
import pytest

from nodelens.checking.gradients import check_problem, quick_compilation, solve_options
from nodelens.checking.plain_fields import NumpyField, Operations, in_tensorflow
from nodelens.checking.problem import CheckProblem
from nodelens.checking.settings import AdjointCheckSettings
from nodelens.checking.ways import Way, adjoint_way

FIELDS = 200
# (state, hidden units): one compiled solve each.
SIZES = ((1, 2), (3, 4))


def perceptron(ops: Operations, t: Any, z: Any, params: Any) -> Any:
    """outer σ(inner z + drive t + bias) with σ chosen by `mix`; drive is 0 if autonomous."""
    inner, drive, bias, outer, mix = params
    hidden = ops.matvec(inner, z) + drive * ops.stack([t]) + bias
    tanh, sine, bell = (ops.stack([x]) for x in ops.unstack(mix))
    activated = tanh * ops.tanh(hidden) + sine * ops.sin(hidden) + bell * ops.exp(-(hidden**2))
    return ops.matvec(outer, activated)


PERCEPTRON = in_tensorflow(perceptron)


def random_problem(number: int) -> CheckProblem:
    generator = np.random.default_rng([number, 77])
    size, hidden = SIZES[number % len(SIZES)]
    autonomous, backwards = generator.random(2) < 0.4
    times = np.sort(generator.uniform(-1.0, 2.0, size=3))
    params = {
        "inner": generator.normal(size=(hidden, size)) / np.sqrt(size),
        "drive": generator.normal(size=hidden) * (not autonomous),
        "bias": generator.normal(size=hidden),
        "outer": generator.normal(size=(size, hidden)) / np.sqrt(hidden),
        "mix": np.eye(3)[generator.integers(3)],
    }
    shapes = tuple(value.shape for value in params.values())
    return CheckProblem(
        name=f"random {number}",
        vector_field=PERCEPTRON,
        plain=NumpyField(perceptron, shapes),
        z0=generator.normal(size=size),
        times=times[::-1].copy() if backwards else times,
        params=params,
    )


@pytest.mark.slow
def test_200_random_fields_raise_no_false_alarm() -> None:
    settings = AdjointCheckSettings()
    options = solve_options(settings)
    adjoints = ("backsolve", "discrete")
    alarms = []
    with quick_compilation():
        ways: list[dict[str, Way]] = [{name: adjoint_way(name)} for name in adjoints]
        for number in range(FIELDS):
            seeded = replace_seed(settings, number)
            way = ways[number // len(SIZES) % 2]
            report = check_problem(random_problem(number), way, options, seeded, tape=False)
            alarms += [check for check in report.checks if not check.passed]
    assert alarms == []


def replace_seed(settings: AdjointCheckSettings, seed: int) -> AdjointCheckSettings:
    return settings.model_copy(update={"seed": seed})
