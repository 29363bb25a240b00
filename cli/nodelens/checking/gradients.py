"""The gradient of a solve by several ways, compared block by block."""

import time
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from nodelens.errors import NumericalError
from nodelens.ode import ADJOINTS, Status, odeint_vjp
from nodelens.ode.problems import LinearProblem
from nodelens.ode.status import REMEDIES
from nodelens.settings.adjoint_check import AdjointCheckSettings

TAPE = "tape"
CLOSED_FORM = "closed form"

# The gradient of each block, by the name of the block.
Blocks = dict[str, np.ndarray]


@dataclass(frozen=True)
class Check:
    """One block of one gradient against a reference.

    Attributes:
        problem: The problem.
        block: `z0`, `theta`, `t0`, `t1` or `times` (all observation times at once).
        method: How the gradient was found.
        reference: What it is compared with.
        abs_error: ‖g − g_ref‖₂.
        rel_error: ‖g − g_ref‖₂ / ‖g_ref‖₂.
        cosine: Of the angle between both.
        tolerance: The largest relative error that passes.
        passed: Whether it passes.
    """

    problem: str
    block: str
    method: str
    reference: str
    abs_error: float
    rel_error: float
    cosine: float
    tolerance: float
    passed: bool


@dataclass(frozen=True)
class Cost:
    """What one way to the gradient cost.

    Attributes:
        nfe_forward: Evaluations of the field by the forward solve.
        nfe_backward: Evaluations of the field with its vector-Jacobian product.
        steps: Accepted forward steps.
        wall_seconds: Compilation included.
        drift: The largest relative drift of the state that was integrated backward.
    """

    nfe_forward: int
    nfe_backward: int
    steps: int
    wall_seconds: float
    drift: float


@dataclass(frozen=True)
class GradientReport:
    """The outcome of a check.

    Attributes:
        problems: The problems that were solved.
        checks: Every comparison.
        stats: For each method, what it cost.
    """

    problems: tuple[str, ...]
    checks: tuple[Check, ...]
    stats: dict[str, Cost]

    @property
    def passed(self) -> bool:
        """Whether every gradient passed."""
        return all(check.passed for check in self.checks)

    def document(self) -> dict[str, Any]:
        """The JSON document of `adjoint-check`."""
        return {
            "verdict": "pass" if self.passed else "fail",
            "problem": ", ".join(self.problems),
            "reference": CLOSED_FORM,
            "checks": [asdict(check) for check in self.checks],
            "stats": {method: asdict(cost) for method, cost in self.stats.items()},
        }


def check_gradients(settings: AdjointCheckSettings) -> GradientReport:
    """Compares adjoint gradients with the closed form and with the tape.

    The loss is L = Σᵢ ⟨wᵢ, z(tᵢ)⟩ with random wᵢ, in float64. The tape's own gradient is checked
    against the closed form too.

    Args:
        settings: Problems, adjoints, solver and tolerance.

    Raises:
        NumericalError: If a solve failed.
    """
    problem = LinearProblem.random(seed=settings.seed)
    weights = np.random.default_rng(settings.seed).normal(size=(len(problem.times), 4))
    exact = problem.gradients(weights)
    references = {
        CLOSED_FORM: _blocks(exact.z0, exact.params, exact.times),
    }
    stats: dict[str, Cost] = {}
    found: dict[str, Blocks] = {}
    for method in (TAPE, *settings.adjoints):
        found[method], stats[method] = _gradient(problem, weights, method, settings)
    references[TAPE] = found[TAPE]
    checks = [
        _compare("linear", block, method, reference, blocks[block], expected[block], settings)
        for method, blocks in found.items()
        for reference, expected in references.items()
        if method != reference
        for block in blocks
    ]
    return GradientReport(("linear",), tuple(checks), stats)


def _gradient(
    problem: LinearProblem, weights: np.ndarray, method: str, settings: AdjointCheckSettings
) -> tuple[Blocks, Cost]:
    solver = settings.solver
    start = time.perf_counter()
    solution, pullback = odeint_vjp(
        problem.vector_field,
        tf.constant(problem.z0),
        tf.constant(problem.times),
        params=[tf.constant(value) for value in problem.params],
        solver=solver.method,
        rtol=solver.rtol,
        atol=solver.atol,
        max_steps=solver.max_steps if method != TAPE else None,
        adjoint=ADJOINTS["direct" if method == TAPE else method],
    )
    gradients = pullback(tf.constant(weights))
    status = Status(int(solution.status) or int(gradients.stats.status))
    if status is not Status.SUCCESS:
        raise NumericalError(
            f"the solve with {solver.method} and the adjoint {method} failed: {status.name}",
            hint=REMEDIES[status],
        )
    blocks = _blocks(
        gradients.z0.numpy(), [value.numpy() for value in gradients.params], gradients.times.numpy()
    )
    cost = Cost(
        nfe_forward=int(solution.stats.nfe),
        nfe_backward=int(gradients.stats.nfe),
        steps=int(solution.stats.accepted),
        wall_seconds=time.perf_counter() - start,
        drift=float(np.max(gradients.stats.drift)),
    )
    return blocks, cost


def _blocks(z0: np.ndarray, params: Any, times: np.ndarray) -> Blocks:
    theta = np.concatenate([np.ravel(value) for value in params])
    return {"z0": z0, "theta": theta, "t0": times[:1], "t1": times[-1:], "times": times}


def _compare(
    problem: str,
    block: str,
    method: str,
    reference: str,
    gradient: np.ndarray,
    expected: np.ndarray,
    settings: AdjointCheckSettings,
) -> Check:
    tolerance = settings.accepted_error()
    size, expected_size = np.linalg.norm(gradient), np.linalg.norm(expected)
    abs_error = float(np.linalg.norm(gradient - expected))
    rel_error = abs_error / max(float(expected_size), np.finfo(np.float64).tiny)
    return Check(
        problem=problem,
        block=block,
        method=method,
        reference=reference,
        abs_error=abs_error,
        rel_error=rel_error,
        cosine=float(np.vdot(gradient, expected) / max(float(size * expected_size), 1e-300)),
        tolerance=tolerance,
        passed=bool(rel_error <= tolerance),
    )
