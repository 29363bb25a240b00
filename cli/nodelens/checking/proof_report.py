"""The proof on one problem: which gradients are held against it, and its document."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from nodelens.checking.comparison import Check
from nodelens.checking.gradients import chosen_problems, quick_compilation, solve_options
from nodelens.checking.own_field import OwnField
from nodelens.checking.proof import ProofCurves, prove
from nodelens.checking.settings import AdjointCheckSettings
from nodelens.checking.ways import TAPE, Cost, adjoint_way
from nodelens.errors import UsageError

# The proof holds for a solver without error; what one with tolerances may add, in units of them.
SLACK = 1000
DOUBLE = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class ProofReport:
    """The proof in numbers.

    Attributes:
        problem: The problem.
        checks: Each line of the proof, in its order.
        curves: What the figure shows.
        costs: What each gradient cost.
        seconds: For each part of the work, how long it took.
    """

    problem: str
    checks: tuple[Check, ...]
    curves: ProofCurves
    costs: dict[str, Cost]
    seconds: dict[str, float]

    def document(self) -> dict[str, Any]:
        """The JSON document of `adjoint-check --proof`."""
        return {
            "verdict": "pass" if all(check.passed for check in self.checks) else "fail",
            "problem": self.problem,
            "reference": ", ".join(dict.fromkeys(check.reference for check in self.checks)),
            "checks": [asdict(check) for check in self.checks],
            "stats": {name: asdict(cost) for name, cost in self.costs.items()},
            "problems": [{"name": self.problem, "seconds": self.seconds}],
            "limit": {
                "steps": self.curves.steps.tolist(),
                "errors": self.curves.errors.tolist(),
                "order": self.curves.order,
            },
        }


def check_proof(
    settings: AdjointCheckSettings,
    on_progress: Callable[[str, str], None] = lambda problem, part: None,
    own: OwnField | None = None,
) -> ProofReport:
    """Evaluates the proof on one problem, with L = ⟨w, z(t₁)⟩.

    Args:
        settings: One problem or the user's field; adjoints and solver.
        on_progress: Told the problem and the part of the work that begins.
        own: A field that the proof is about, instead of what the settings name.

    Raises:
        UsageError: If several problems are asked for, or the field computes in single precision.
        NumericalError: If a solve failed.
    """
    problems, precision = chosen_problems(settings, own)
    if len(problems) != 1:
        raise UsageError(
            f"a proof is about one problem, and there are {len(problems)}",
            hint="choose one, for instance `--proof --problem lotka-volterra`",
        )
    if problems[0].plain.epsilon > DOUBLE:
        raise UsageError(
            f"the proof takes limits and differences, which need a field that computes in double "
            f"precision, and {problems[0].name} computes in {precision}",
            hint="give its layers dtype='float64'; without --proof it can be checked as it is",
        )
    options = solve_options(settings, precision)
    whole = problems[0].rounded(options.dtype)
    # Observed at its end only; the hand-made exact gradient is for all times.
    problem = replace(whole, times=whole.times[[0, -1]], exact=None)
    weight = problem.weights(settings.seed)[-1]
    weights = np.stack([np.zeros_like(weight), weight])
    seconds: dict[str, float] = {}
    found = []
    with quick_compilation():
        for name in dict.fromkeys((TAPE, *settings.chosen_adjoints())):
            on_progress(problem.name, name)
            start = time.perf_counter()
            way = adjoint_way("direct" if name == TAPE else name)
            found.append(replace(way(problem, weights, options), method=name))
            seconds[name] = time.perf_counter() - start
    on_progress(problem.name, "proof")
    start = time.perf_counter()
    epsilon = float(np.finfo(options.dtype).eps)
    tolerance = SLACK * max(options.rtol, options.atol, 30 * epsilon)
    checks, curves = prove(problem, weight, found, tolerance)
    seconds["proof"] = time.perf_counter() - start
    costs = {each.method: each.cost for each in found}
    return ProofReport(problem.name, tuple(checks), curves, costs, seconds)
