"""The conformance list: every problem by the adjoints against its closed form.

    python -m tests.benchmarks.conformance

prints a Markdown table of the errors in units of what is allowed, and one JSON document. Exit
status 1 if one is above one. float64, dopri5, at the tolerances of the list; not compiled, since
these problems take less time to solve than to trace.
"""

import json
import sys

import numpy as np
import tensorflow as tf
from tests.ode.conformance import CONFORMANCE, ExactProblem

from nodelens.ode.prepare import prepare

ADJOINTS = ("backsolve", "reversible", "discrete", "checkpointed")


def errors(problem: ExactProblem, adjoint: str) -> dict[str, float]:
    """Solves a problem with a random cotangent.

    Returns:
        The largest error of the states, and of the gradient for z0, each parameter and the times
        where they are known; relative to the largest component where that is above one.
    """
    solve = prepare(
        problem.vector_field,
        tf.constant(problem.z0),
        tf.constant(problem.times),
        params=[tf.constant(x) for x in problem.params],
        rtol=problem.tolerance,
        atol=problem.tolerance,
        adjoint=adjoint,
    )
    forward = solve.core.forward(solve.inputs)
    states = forward.states[:, 0]
    found = {"states": _error(states, problem.states())}
    if problem.analytic:
        weights = np.random.default_rng(0).normal(size=states.shape)
        backward, by_times = solve.core.backward(
            solve.inputs, forward, tf.constant(weights[:, None])
        )
        exact = problem.gradients(weights)
        found |= {"z0": _error(backward.z0[0], exact.z0)}
        found |= {"times": _error(by_times[:, 0], exact.times)}
        for i, (mine, known) in enumerate(zip(backward.theta, exact.params, strict=True)):
            found[f"params[{i}]"] = _error(mine, known)
    return found


def _error(found: tf.Tensor, exact: np.ndarray) -> float:
    return float(np.max(np.abs(found - exact)) / max(1.0, np.max(np.abs(exact))))


def main() -> int:
    """Runs every problem by every adjoint."""
    results = {
        problem.name: {
            adjoint: max(errors(problem, adjoint).values()) / problem.limit for adjoint in ADJOINTS
        }
        for problem in CONFORMANCE
    }
    print("| problem | " + " | ".join(ADJOINTS) + " |")
    print("|---" * (len(ADJOINTS) + 1) + "|")
    for name, row in results.items():
        print(f"| {name} | " + " | ".join(f"{value:.2g}" for value in row.values()) + " |")
    passed = all(value <= 1 for row in results.values() for value in row.values())
    print(json.dumps({"benchmark": "conformance", "passed": passed, "results": results}))
    return int(not passed)


if __name__ == "__main__":
    sys.exit(main())
