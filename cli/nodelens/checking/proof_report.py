"""The proof on one problem, and the gradients that are compared with it."""

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from nodelens.checking.checked_field import CheckedField
from nodelens.checking.gradients import chosen_problems, quick_compilation, solve_options
from nodelens.checking.proof import prove
from nodelens.checking.results import ProofReport
from nodelens.checking.settings import AdjointCheckSettings
from nodelens.checking.ways import TAPE, adjoint_way
from nodelens.errors import UsageError

# The proof holds for a solver without error; what one with tolerances may add, in units of them.
SLACK = 1000
DOUBLE = float(np.finfo(np.float64).eps)


def check_proof(
    settings: AdjointCheckSettings,
    on_progress: Callable[[str, str], None] = lambda problem, part: None,
    given: CheckedField | None = None,
) -> ProofReport:
    """Evaluates the proof on one problem, with L = ⟨w, z(t₁)⟩.

    Args:
        settings: One problem or the user's field; adjoints and solver.
        on_progress: Called with the problem and the part of the work that begins.
        given: A field that the proof is about, instead of what the settings name.

    Raises:
        UsageError: If several problems are asked for, or the field computes in single precision.
        NumericalError: If a solve failed.
    """
    problems, precision = chosen_problems(settings, given)
    if len(problems) != 1:
        raise UsageError(
            f"a proof is about one problem, and there are {len(problems)}",
            hint="choose one with `problems`, for instance lotka-volterra",
        )
    if problems[0].plain.epsilon > DOUBLE:
        raise UsageError(
            f"the proof takes limits and differences, which need a field that computes in double "
            f"precision, and {problems[0].name} computes in {precision}",
            hint="give its layers dtype='float64'; its gradients can be checked as it is",
        )
    options = solve_options(settings, precision, given)
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
    tolerance = SLACK * max(options.tolerance, 30 * epsilon)
    checks, curves = prove(problem, weight, found, tolerance)
    seconds["proof"] = time.perf_counter() - start
    costs = {each.method: each.cost for each in found}
    return ProofReport(problem.name, tuple(checks), curves, costs, seconds)
