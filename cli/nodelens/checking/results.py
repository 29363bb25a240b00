"""The results of `adjoint-check`."""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nodelens.checking.settings import AdjointCheckSettings
from nodelens.figures.adjoint_curves import ProofCurves
from nodelens.ode.adjoints import ADJOINTS
from nodelens.ode.options import SolveOptions
from nodelens.ode.status import DRIFT_LIMIT

LOOSE = 0.3
"""The relative limit beyond which a comparison tells nothing: a gradient of zero is off by one."""
AGAIN = "odeint"
"""The name of the gradient of an adjoint as `tf.GradientTape` around `odeint` gives it."""
WHOLE = ("z0", "theta")
"""The blocks that must be told for a verdict; a single time may have next to no gradient."""


@dataclass(frozen=True)
class Check:
    """One block of one gradient against a reference.

    Attributes:
        problem: The problem.
        block: See `Layout.blocks`; in addition `states`, the solution itself, `dot`, the identity
            ⟨λ, Jv⟩ = ⟨Jᵀλ, v⟩ on random directions, and the lines of the proof, `proof.*`.
        shape: The shape of the block.
        method: How the gradient was found.
        reference: What it is compared with.
        abs_error: ‖g − g_ref‖₂.
        rel_error: ‖g − g_ref‖₂ / ‖g_ref‖₂.
        cosine: Of the angle between both.
        tolerance: The largest relative error that passes.
        passed: True if it passes.
    """

    problem: str
    block: str
    shape: tuple[int, ...]
    method: str
    reference: str
    abs_error: float
    rel_error: float
    cosine: float
    tolerance: float
    passed: bool

    @classmethod
    def comparing(
        cls,
        actual: np.ndarray,
        expected: np.ndarray,
        *,
        allowed: float = 0.0,
        tolerance: float | None = None,
        **names: Any,
    ) -> "Check":
        """Compares two vectors.

        Args:
            actual: g.
            expected: g_ref.
            allowed: The largest ‖g − g_ref‖₂ that passes.
            tolerance: The largest relative error instead.
            names: Problem, block, shape, method and reference.
        """
        size, length = float(np.linalg.norm(expected)), float(np.linalg.norm(actual))
        abs_error = float(np.linalg.norm(actual - expected))
        unit = size if size > 0 else 1.0
        rel_error = abs_error / unit
        tolerance = allowed / unit if tolerance is None else tolerance
        both = size * length
        return cls(
            abs_error=abs_error,
            rel_error=rel_error,
            cosine=float(np.vdot(actual, expected)) / both if both > 0 else 1.0,
            tolerance=tolerance,
            passed=bool(rel_error <= tolerance),
            **names,
        )

    @property
    def loose(self) -> bool:
        """True if its limit is so loose that a wrong gradient would pass."""
        return not self.tolerance <= LOOSE

    @property
    def badness(self) -> float:
        """The error in units of the tolerance; infinite for NaN."""
        if math.isnan(self.rel_error):
            return math.inf
        if self.tolerance > 0:
            return self.rel_error / self.tolerance
        return math.inf if self.rel_error > 0 else 0.0


@dataclass(frozen=True)
class Cost:
    """The cost of one gradient.

    Attributes:
        nfe_forward: Evaluations of the field by the forward solve.
        nfe_backward: Evaluations of the field with its vector-Jacobian product.
        steps: Accepted forward steps.
        wall_seconds: Of the forward and backward pass, compilation included.
        drift: The largest relative drift of the state that was integrated backward.
    """

    nfe_forward: int | None
    nfe_backward: int | None
    steps: int | None
    wall_seconds: float
    drift: float | None


@dataclass(frozen=True)
class ProblemReport:
    """The checks of one problem.

    Attributes:
        name: The problem.
        checks: Every comparison.
        costs: The cost of each method.
        seconds: The time of each part of the work.
        skipped: What could not be done, with the reason.
        tightened: The relative tolerance that was taken in the place of the one asked for, and that
            one, if a wrong gradient would have passed; None if it was kept.
        judged: False if the limit is the user's own, and none is too loose.
    """

    name: str
    checks: tuple[Check, ...]
    costs: dict[str, Cost]
    seconds: dict[str, float]
    skipped: dict[str, str] = field(default_factory=dict)
    tightened: tuple[float, float] | None = None
    judged: bool = True

    @property
    def passed(self) -> bool:
        """True if every gradient passed, and a wrong one would not have."""
        return all(check.passed for check in self.checks) and not self.undecided

    def loose(self) -> list[str]:
        """Names the blocks for which a wrong gradient of some method would pass every comparison.

        That of an adjoint with itself, as `odeint` calls it, does not count.
        """
        told: dict[tuple[str, str], bool] = {}
        for check in self.checks:
            if check.method in self.costs and check.reference != AGAIN:
                key = check.block, check.method
                told[key] = told.get(key, False) or not check.loose
        return sorted({block for (block, _), each in told.items() if not each and self.judged})

    @property
    def undecided(self) -> bool:
        """True if a wrong gradient for the state or the parameters would pass."""
        return bool(set(WHOLE) & set(self.loose()))

    def wrong_derivatives(self) -> list[str]:
        """Names the derivatives of the field itself that are wrong, whatever the adjoint."""
        return [
            f"{check.block.removeprefix('field.')} of {self.name!r}"
            for check in self.checks
            if check.block.startswith("field.") and not check.passed
        ]

    def drifts(self) -> list[str]:
        """Names the adjoints whose backward solve drifted: why a gradient may be off."""
        drifts = {name: cost.drift or 0.0 for name, cost in self.costs.items()}
        strayed = {
            name: f"{ADJOINTS[name].made.strayed} by {drift:.0e} of the size of the state"
            for name, drift in drifts.items()
            if not drift <= DRIFT_LIMIT
        }
        return [
            f"on {self.name!r}, {name}: {what}; tighten the tolerances, or use the adjoint discrete"
            for name, what in strayed.items()
        ]


@dataclass(frozen=True)
class GradientReport:
    """The outcome of a check.

    Attributes:
        problems: The checks, problem by problem.
        settings: The settings of the check.
        precision: The precision of the solves.
        options: The options of the solves.
    """

    problems: tuple[ProblemReport, ...]
    settings: AdjointCheckSettings
    precision: str
    options: SolveOptions

    @property
    def passed(self) -> bool:
        """True if every gradient passed."""
        return all(problem.passed for problem in self.problems)

    @property
    def checks(self) -> list[Check]:
        """The comparisons of all problems."""
        return [check for problem in self.problems for check in problem.checks]

    @property
    def name(self) -> str:
        """The names of the problems."""
        return ", ".join(problem.name for problem in self.problems)

    def drifts(self) -> list[str]:
        """Names the adjoints whose backward solve drifted, on all problems."""
        return [drift for problem in self.problems for drift in problem.drifts()]

    def causes(self) -> list[str]:
        """Says why gradients are off, as far as that is known."""
        wrong = [name for problem in self.problems for name in problem.wrong_derivatives()]
        of_field = [
            f"the field's own derivative with respect to {', '.join(wrong)} is not that of its "
            "values: look at its custom gradients"
        ]
        return [*(of_field if wrong else []), *self.drifts()]

    def tightened(self) -> list[str]:
        """Says at which tolerance problems were checked instead of that which was asked for."""
        pairs = [(each.name, each.tightened) for each in self.problems]
        return [
            f"{name!r} was solved with rtol {rtols[0]:.1g}: with {rtols[1]:.1g} a wrong gradient "
            "would have passed"
            for name, rtols in pairs
            if rtols is not None
        ]

    def undecided(self) -> list[str]:
        """Names the problems whose gradients cannot be judged, for want of a tighter tolerance."""
        return [each.name for each in self.problems if each.undecided]

    def skipped(self) -> list[str]:
        """Says what could not be done, on all problems."""
        return [
            f"{what} was left out on {problem.name!r}: {why}"
            for problem in self.problems
            for what, why in problem.skipped.items()
        ]

    def totals(self) -> dict[str, Cost]:
        """Adds up what each method cost on all problems; of the drifts the worst counts."""
        names = dict.fromkeys(name for problem in self.problems for name in problem.costs)
        return {
            name: _total([each.costs[name] for each in self.problems if name in each.costs])
            for name in names
        }


@dataclass(frozen=True)
class ProofReport:
    """The proof in numbers.

    Attributes:
        name: The problem.
        checks: Each line of the proof, in its order.
        curves: The curves of the figure.
        costs: The cost of each gradient.
        seconds: The time of each part of the work.
    """

    name: str
    checks: tuple[Check, ...]
    curves: ProofCurves
    costs: dict[str, Cost]
    seconds: dict[str, float]

    @property
    def passed(self) -> bool:
        """True if every line holds."""
        return all(check.passed for check in self.checks)


def _total(costs: list[Cost]) -> Cost:
    return Cost(
        nfe_forward=sum(cost.nfe_forward or 0 for cost in costs),
        nfe_backward=sum(cost.nfe_backward or 0 for cost in costs),
        steps=sum(cost.steps or 0 for cost in costs),
        wall_seconds=sum(cost.wall_seconds for cost in costs),
        drift=max(cost.drift or 0.0 for cost in costs),
    )
