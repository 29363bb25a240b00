"""Function evaluations and errors against torchdiffeq, for the same method and tolerance.

    python -m tests.benchmarks.ode_evaluations

prints a Markdown table and one JSON document. The errors are those of the state at the last time,
against SciPy's DOP853 at 1e-13.
"""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
from scipy.integrate import solve_ivp

from nodelens import odeint

try:
    import torch
    import torchdiffeq
except ImportError:
    torch = None

METHODS = ("bosh3", "dopri5", "dopri8")
TOLERANCES = (1e-3, 1e-6, 1e-9)

# field(stack, t, z) for any framework's `stack`, z0, first and last time.
PROBLEMS: dict[str, tuple[Callable[..., Any], list[float], list[float]]] = {
    "decay": (lambda stack, t, z: stack([-1.3 * z[0]]), [2.0], [0.2, 1.7]),
    "Lotka-Volterra": (
        lambda stack, t, z: stack([1.5 * z[0] - z[0] * z[1], -3 * z[1] + z[0] * z[1]]),
        [1.0, 1.0],
        [0.0, 10.0],
    ),
    "van der Pol, mu 5": (
        lambda stack, t, z: stack([z[1], 5 * (1 - z[0] ** 2) * z[1] - z[0]]),
        [2.0, 0.0],
        [0.0, 20.0],
    ),
    "cubic spiral": (
        lambda stack, t, z: stack(
            [-0.1 * z[0] ** 3 - 2 * z[1] ** 3, 2 * z[0] ** 3 - 0.1 * z[1] ** 3]
        ),
        [2.0, 0.0],
        [0.0, 25.0],
    ),
}


def ours(field: Callable[..., Any], z0: list, span: list, method: str, tol: float) -> tuple:
    """Evaluations and the last state of nodelens."""
    solution = odeint(
        lambda t, z: field(tf.stack, t, z),
        tf.constant(z0, tf.float64),
        span,
        solver=method,
        rtol=tol,
        atol=tol,
        jit_compile=False,
    )
    return int(solution.stats.nfe), solution.states[-1].numpy()


def theirs(field: Callable[..., Any], z0: list, span: list, method: str, tol: float) -> tuple:
    """Evaluations and the last state of torchdiffeq."""
    calls = 0

    def counted(t: Any, z: Any) -> Any:
        nonlocal calls
        calls += 1
        return field(torch.stack, t, z)

    times, state = (torch.tensor(x, dtype=torch.float64) for x in (span, z0))
    states = torchdiffeq.odeint(counted, state, times, rtol=tol, atol=tol, method=method)
    return calls, states[-1].numpy()


def main() -> None:
    """Runs everything and prints the table and the JSON document."""
    rows = []
    print("| problem | method | tolerance | NFE | error | torchdiffeq NFE | error |")
    print("|---|---|---|---|---|---|---|")
    for problem, (field, z0, span) in PROBLEMS.items():
        exact = solve_ivp(
            lambda t, z, field=field: field(np.stack, t, z),
            span,
            z0,
            method="DOP853",
            rtol=1e-13,
            atol=1e-13,
        ).y[:, -1]
        for method in METHODS:
            for tolerance in TOLERANCES:
                row = {"problem": problem, "method": method, "tolerance": tolerance}
                for name, solver in (("nodelens", ours), ("torchdiffeq", theirs)):
                    if solver is theirs and torch is None:
                        continue
                    nfe, last = solver(field, z0, span, method, tolerance)
                    row[name] = {"nfe": nfe, "error": float(np.abs(last - exact).max())}
                rows.append(row)
                figures = [
                    f"{row[n]['nfe']} | {row[n]['error']:.1e}"
                    for n in ("nodelens", "torchdiffeq")
                    if n in row
                ]
                print(f"| {problem} | {method} | {tolerance:g} | {' | '.join(figures)} |")
    print(json.dumps({"schema": 1, "benchmark": "ode_evaluations", "results": rows}))


if __name__ == "__main__":
    main()
