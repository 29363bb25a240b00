"""Two gradients side by side: how far apart they are, and how far apart they may be."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nodelens.checking.directions import Directions
from nodelens.checking.problem import Block, CheckProblem
from nodelens.checking.referees import Reference, Sensitivity
from nodelens.checking.results import WHOLE, Check
from nodelens.checking.ways import Found

# A solver's tolerance is one for each step; the errors of all steps, forth and back, add up.
STEPS_ADD_UP = 100
# A solver is allowed so many times the error of the tangents that SciPy's makes uncontrolled.
SOLVERS_DIFFER = 30
# Two orders of summation of the same numbers differ by rounding only.
ROUNDING = 1e4
CANCELLED = 1e-3  # the terms of a block that cancel, in sizes of the largest block
DOT_PROBES = 4


@dataclass(frozen=True)
class Judge:
    """Decides how far two gradients may be apart.

    The error of a directional derivative grows with the tangents it is made of, so a block may be
    off by 100 · max(rtol, atol) · ‖weights‖ · ‖∂z/∂block‖, plus three times the referee's own error
    estimate. A solver controls the error of z and not that of its derivatives, so 30 times the
    error is added that SciPy makes in the tangents at the same tolerance if it looks at z alone:
    nothing of the gradient under test enters its own limit. A time moves along f(t, z), whose error
    is ‖∂f/∂z‖ times that of z.

    Attributes:
        problem: The problem.
        directions: In which derivatives are taken.
        sensitivity: The tangents.
        weights: The cotangents.
        tolerance: max(rtol, atol), or what rounding allows if that is more.
        fixed: A relative error that the user set instead of all this.
        epsilon: Of the precision of the solve.
    """

    problem: CheckProblem
    directions: Directions
    sensitivity: Sensitivity
    weights: np.ndarray
    tolerance: float
    fixed: float | None
    epsilon: float

    def against(self, found: Found, reference: Reference) -> list[Check]:
        """Compares a gradient with directional derivatives, block by block."""
        checks = []
        for block in self.problem.layout.blocks():
            rows = self.directions.of(block)
            actual = self.directions.rows[rows] @ found.gradient
            allowed = self._allowed(block) + 3 * float(np.linalg.norm(reference.error[rows]))
            pair = (actual, reference.values[rows])
            checks.append(self._check(block, found.method, reference.name, *pair, allowed))
        return checks

    def between(self, found: Found, other: Found, *, exact: bool) -> list[Check]:
        """Compares two gradients of the solver under test, block by block.

        Args:
            found: The one.
            other: The one it is compared with.
            exact: Whether both are the gradient of the same steps, so that only rounding differs.
        """
        return [
            self._check(
                block,
                found.method,
                other.method,
                found.gradient[block.part],
                other.gradient[block.part],
                self._rounding(block) if exact else self._allowed(block),
            )
            for block in self.problem.layout.blocks()
        ]

    def references(self, reference: Reference, other: Reference) -> list[Check]:
        """Compares two references by their own error estimates, so that one may trust them."""
        checks = []
        for block in self.problem.layout.blocks():
            rows = self.directions.of(block)
            allowed = 3 * float(np.linalg.norm(reference.error[rows] + other.error[rows]))
            allowed += ROUNDING * np.finfo(np.float64).eps * self._scale(block)
            pair = (reference.values[rows], other.values[rows])
            checks.append(self._check(block, reference.name, other.name, *pair, allowed))
        return checks

    def loosest(self, reference: Reference) -> float:
        """Returns the largest relative limit of the gradients for all of z0 and all of θ."""
        limits = [0.0]
        for block in self.problem.layout.blocks():
            size = float(np.linalg.norm(reference.values[self.directions.of(block)]))
            if block.name in WHOLE and size > 0:
                limits.append(self._allowed(block) / size)
        return max(limits)

    def states(self, found: Found) -> Check:
        """Compares the solution itself."""
        block = Block("states", slice(0, 0), found.states.shape)
        exact = self.sensitivity.states
        allowed = STEPS_ADD_UP * self.tolerance * float(np.linalg.norm(exact))
        actual = found.states.ravel()
        return self._check(block, found.method, "sensitivity", actual, exact.ravel(), allowed)

    def dot_products(self, found: Found, seed: int) -> Check:
        """Holds forward against reverse: ⟨λ, Jv⟩ = ⟨Jᵀλ, v⟩ for random directions v."""
        count = len(self.directions.rows)
        mix = np.random.default_rng([seed, 2]).normal(size=(DOT_PROBES, count))
        reference = self.sensitivity.reference(self.weights)
        parts = [self._allowed(block) for block in self.problem.layout.pieces()]
        allowed = float(np.linalg.norm(parts)) * DOT_PROBES
        allowed += 3 * float(np.linalg.norm(np.abs(mix) @ reference.error))
        block = Block("dot", slice(0, 0), (DOT_PROBES,))
        forward, reverse = mix @ reference.values, mix @ self.directions.rows @ found.gradient
        return self._check(block, found.method, reference.name, reverse, forward, allowed)

    def _allowed(self, block: Block) -> float:
        """Returns the error that a right gradient of this solver may have."""
        squares = 0.0
        errors = np.einsum("dts,ts->d", self.sensitivity.uncontrolled, np.abs(self.weights))
        for piece, rows in self.directions.parts:
            if block.part.start <= piece.part.start and piece.part.stop <= block.part.stop:
                # Random directions see a part of the block only.
                squares += float(errors[rows] @ errors[rows]) * piece.size / len(errors[rows])
        usual = STEPS_ADD_UP * self.tolerance * self._scale(block)
        return usual + SOLVERS_DIFFER * squares**0.5

    def _rounding(self, block: Block) -> float:
        """Returns the difference that rounding may leave between two gradients of the same steps.

        Where terms cancel, as those of the bias of the keys in a softmax do, what is left has the
        rounding of the terms, however small it is itself.
        """
        terms = max(self._scale(block), CANCELLED * self._largest_scale)
        return ROUNDING * self.epsilon * terms

    @cached_property
    def _largest_scale(self) -> float:
        return max(self._scale(each) for each in self.problem.layout.blocks())

    def _scale(self, block: Block) -> float:
        """Returns ‖weights‖ · ‖∂z/∂block‖, the largest that this block could be."""
        squares = 0.0
        for piece, rows in self.directions.parts:
            if not (block.part.start <= piece.part.start and piece.part.stop <= block.part.stop):
                continue
            size = float(np.sum(self.sensitivity.tangents[rows] ** 2))
            # Random directions see a part of the block only.
            squares += size * piece.size / (rows.stop - rows.start)
            index = piece.part.start - self.problem.layout.total + self.problem.layout.count
            if index >= 0:
                state = float(np.linalg.norm(self.sensitivity.states[index]))
                squares += (float(self.sensitivity.steepness[index]) * state) ** 2
        return float(np.linalg.norm(self.weights)) * squares**0.5

    def _check(
        self,
        block: Block,
        method: str,
        reference: str,
        actual: np.ndarray,
        expected: np.ndarray,
        allowed: float,
    ) -> Check:
        return Check.comparing(
            actual,
            expected,
            allowed=allowed,
            tolerance=self.fixed,
            problem=self.problem.name,
            block=block.name,
            shape=block.shape,
            method=method,
            reference=reference,
        )
