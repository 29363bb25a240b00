"""Planted faults, one at a time: each ends `adjoint-check` with 3 and is named by its block."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from nodelens.checking import gradients
from nodelens.checking.problem import CheckProblem
from nodelens.checking.ways import CheckOptions, Found, Way, adjoint_way, taped_way
from nodelens.entry import run

# A fault sees the right gradient, and may ask for the gradient of something else.
Fault = Callable[[CheckProblem, np.ndarray, Found, Way, CheckOptions], np.ndarray]

THETA = {"theta", "theta.inner", "theta.drive", "theta.bias", "theta.outer"}
ALL_TIMES = {"t0", "t[1]", "t[2]", "t1"}


def part(problem: CheckProblem, name: str) -> slice:
    blocks = {block.name: block.part for block in problem.layout.blocks()}
    return blocks[name]


def changed(problem: CheckProblem, found: Found, name: str, value: np.ndarray) -> np.ndarray:
    gradient = found.gradient.copy()
    gradient[part(problem, name)] = value
    return gradient


def times(name: str, factor: float) -> Fault:
    def fault(problem, weights, found, way, options):
        return changed(problem, found, name, factor * found.gradient[part(problem, name)])

    return fault


def with_weights(change: Callable[[np.ndarray], None]) -> Fault:
    """z0, θ and t0 as they would be for other cotangents; the other times are right."""

    def fault(problem, weights, found, way, options):
        other = weights.copy()
        change(other)
        wrong = way(problem, other, options).gradient
        late = part(problem, "times").start + 1
        return np.concatenate([wrong[:late], found.gradient[late:]])

    return fault


def jump_missed(weights: np.ndarray) -> None:
    weights[1] = 0


def jump_of_wrong_sign(weights: np.ndarray) -> None:
    weights[1] *= -1


def last_interval_dropped(weights: np.ndarray) -> None:
    weights[-2] += weights[-1]
    weights[-1] = 0


def end_counted_twice(weights: np.ndarray) -> None:
    weights[-1] *= 2


def first_observation_ignored(problem, weights, found, way, options):
    return changed(problem, found, "z0", found.gradient[:2] - weights[0])


def transposed(problem, weights, found, way, options):
    where = part(problem, "theta.outer")
    matrix = found.gradient[where].reshape(2, 4)
    return changed(problem, found, "theta.outer", matrix.T.ravel())


def variables_in_wrong_order(problem, weights, found, way, options):
    drive, bias = part(problem, "theta.drive"), part(problem, "theta.bias")
    swapped = changed(problem, found, "theta.drive", found.gradient[bias])
    swapped[bias] = found.gradient[drive]
    return swapped


def slope_of_the_interpolant(problem, weights, found, way, options):
    slope = (found.states[-1] - found.states[-2]) / (problem.times[-1] - problem.times[-2])
    return changed(problem, found, "t1", slope @ weights[-1])


def stale_state(problem, weights, found, way, options):
    return way(replace(problem, z0=problem.z0 + 1e-3), weights, options).gradient


def float32_inside(problem, weights, found, way, options):
    single = replace(options, dtype="float32", rtol=1e-6, atol=1e-6)
    return way(problem, weights, single).gradient


def backward_unconverged(problem, weights, found, way, options):
    # A million times looser than what was asked for.
    loose = replace(options, rtol=1e6 * options.rtol, atol=1e6 * options.atol)
    wrong = way(problem, weights, loose).gradient
    inner = part(problem, "times").start
    return np.concatenate([wrong[:inner], found.gradient[inner:]])


def field_taken_for_autonomous(problem, weights, found, way, options):
    # If f did not depend on t, moving all times together would change nothing.
    others = found.gradient[part(problem, "times")][1:]
    return changed(problem, found, "t0", -others.sum())


def times_without_gradient(problem, weights, found, way, options):
    return changed(problem, found, "times", np.zeros(4))


def start_moves_the_state(problem, weights, found, way, options):
    # dL/dt0 as if z0 moved along f when t0 moves: nothing but the observation is left.
    start = way(problem, np.vstack([weights[:1], 0 * weights[1:]]), options).gradient
    return changed(problem, found, "t0", start[part(problem, "t0")])


def one_entry_slightly_off(problem, weights, found, way, options):
    wrong = found.gradient.copy()
    wrong[0] *= 1 + 1e-4
    return wrong


FAULTS: dict[str, tuple[Fault, set[str]]] = {
    "sign of dL/dt0": (times("t0", -1), {"t0"}),
    "sign of dL/dt1": (times("t1", -1), {"t1"}),
    "sign of dL/dz0": (times("z0", -1), {"z0"}),
    "sign of dL/dtheta": (times("theta", -1), THETA),
    "gradient of one variable lost": (times("theta.drive", 0), {"theta", "theta.drive"}),
    "theta scaled by the batch": (times("theta", 0.5), THETA),
    "z0 scaled by the batch": (times("z0", 0.5), {"z0"}),
    "jump at an observation missed": (with_weights(jump_missed), {"z0", "t0", *THETA}),
    "jump of the wrong sign": (with_weights(jump_of_wrong_sign), {"z0", "t0", *THETA}),
    "last interval dropped": (with_weights(last_interval_dropped), {"z0", "t0", *THETA}),
    "end point counted twice": (with_weights(end_counted_twice), {"z0", "t0", *THETA}),
    "observation at t0 ignored": (first_observation_ignored, {"z0"}),
    "variable transposed": (transposed, {"theta", "theta.outer"}),
    "variables in wrong order": (
        variables_in_wrong_order,
        {"theta", "theta.drive", "theta.bias"},
    ),
    "slope of the interpolant at t1": (slope_of_the_interpolant, {"t1"}),
    "stale state": (stale_state, {"z0", *THETA, *ALL_TIMES}),
    "float32 inside": (float32_inside, {"z0", *THETA, *ALL_TIMES}),
    "backward solve unconverged": (backward_unconverged, {"z0", *THETA}),
    "field taken for autonomous": (field_taken_for_autonomous, {"t0"}),
    "times without gradient": (times_without_gradient, ALL_TIMES),
    "start moves the state": (start_moves_the_state, {"t0"}),
    "one entry off by 1e-4": (one_entry_slightly_off, {"z0"}),
}


def remembered(function: Callable[..., Any]) -> Callable[..., Any]:
    """Asks once for each problem and weights: what a fault does not touch need not be repeated."""
    known: dict[Any, Any] = {}

    def ask(problem: CheckProblem, *others: Any) -> Any:
        key = (problem.name, problem.point.tobytes(), *map(repr, others))
        if key not in known:
            known[key] = function(problem, *others)
        return known[key]

    return ask


REFEREES = ("solve_sensitivity", "by_complex_step", "by_central_differences")


@pytest.fixture(scope="module")
def ways() -> dict[tuple[str, ...], Way]:
    """The right gradients, by an adjoint and as the tape gives it."""
    names = ("backsolve", "direct")
    found = {(name,): remembered(adjoint_way(name)) for name in names}
    return {**found, ("backsolve", "odeint"): remembered(taped_way("backsolve", "odeint"))}


@pytest.fixture(scope="module")
def referees() -> dict[str, Callable[..., Any]]:
    return {name: remembered(getattr(gradients, name)) for name in REFEREES}


@pytest.fixture(autouse=True)
def answered_once(
    monkeypatch: pytest.MonkeyPatch,
    ways: dict[tuple[str, ...], Way],
    referees: dict[str, Callable[..., Any]],
) -> None:
    monkeypatch.setattr(gradients, "adjoint_way", lambda name: ways[name,])
    monkeypatch.setattr(gradients, "taped_way", lambda *name: ways[name])
    for name, referee in referees.items():
        monkeypatch.setattr(gradients, name, referee)


def check(capsys: pytest.CaptureFixture[str]) -> tuple[int, dict]:
    capsys.readouterr()
    arguments = ["--problem", "network", "--adjoint", "backsolve", "--json", "-q"]
    # Single precision is only told from double where the solver is better than 1e-7.
    code = run(["adjoint-check", *arguments, "--rtol", "1e-10", "--atol", "1e-10"])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(FAULTS))
def test_a_fault_is_found_and_its_block_named(
    name: str,
    ways: dict[tuple[str, ...], Way],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    fault, expected = FAULTS[name]

    def faulty(adjoint: str) -> Way:
        way = ways[adjoint,]
        if adjoint != "backsolve":
            return way

        def wrong(problem: CheckProblem, weights: np.ndarray, options: CheckOptions) -> Found:
            found = way(problem, weights, options)
            return replace(found, gradient=fault(problem, weights, found, way, options))

        return wrong

    monkeypatch.setattr(gradients, "adjoint_way", faulty)
    code, document = check(capsys)
    assert code == 3
    assert document["verdict"] == "fail"
    references = {"sensitivity", "complex step", "differences", "tape"}
    for reference in references:
        failed = {
            check["block"]
            for check in document["checks"]
            if check["reference"] == reference and not check["passed"]
        }
        assert failed - {"times", "dot"} == expected, reference
    assert {check["method"] for check in document["checks"] if not check["passed"]} == {"backsolve"}


@pytest.mark.slow
def test_without_a_fault_the_same_check_passes(capsys: pytest.CaptureFixture[str]) -> None:
    code, document = check(capsys)
    assert (code, document["verdict"]) == (0, "pass")
