"""The problem of a check: a vector field with a point at which its gradients are found."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from scipy.integrate import solve_ivp

from nodelens.ode.problems import Flow

# Of the solve that looks for stiffness; beyond them the problem is stiff where it got to.
ROUGH_EVALUATIONS = 2000

# A vector field of TensorFlow operations: f(t, z, params).
TensorField = Callable[[Any, Any, Any], Any]


class PlainField(Protocol):
    """The same vector field for the referees, which work on flat NumPy vectors."""

    @property
    def analytic(self) -> bool:
        """True if it takes complex numbers."""
        ...

    @property
    def epsilon(self) -> float:
        """The rounding error of the precision in which it computes."""
        ...

    def copies(self, t: np.ndarray, z: np.ndarray, theta: np.ndarray) -> np.ndarray:
        """Evaluates f for many copies at once.

        Args:
            t: Times, shape [copies].
            z: States, shape [copies, size].
            theta: Parameters, all in one vector, shape [copies, parameters].

        Returns:
            dz/dt, shape [copies, size].
        """
        ...

    def jacobians(
        self, t: float, z: np.ndarray, theta: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Returns f [size], df/dz [size, size], df/dθ [size, parameters] and df/dt [size]."""
        ...


@dataclass(frozen=True)
class CheckProblem:
    """An initial value problem whose gradients are checked.

    Attributes:
        name: What the user calls it.
        vector_field: f(t, z, params) of TensorFlow operations, `params` being a list.
        plain: The same field for the referees.
        z0: The initial state, float64.
        times: Where the solution is observed; the first one is where z0 holds.
        params: The parameters by name, in the order of the field's `params`.
        flow: The exact solution, if there is one in closed form.
        sources: What the field captures, variables or tensors, of which `params` are the values;
            None if the field takes its parameters as an argument.
        exact: The exact gradient of Σᵢ ⟨weightsᵢ, z(tᵢ)⟩ as one flat vector (see `Layout`), for
            problems whose closed form is better differentiated by hand.
        scale: The size of each component of the state, of the shape of z0; None if all are of
            about size one.
    """

    name: str
    vector_field: TensorField
    plain: PlainField
    z0: np.ndarray
    times: np.ndarray
    params: Mapping[str, np.ndarray] = field(default_factory=dict)
    flow: Flow | None = None
    sources: tuple[Any, ...] | None = None
    exact: Callable[[np.ndarray], np.ndarray] | None = None
    scale: np.ndarray | None = None

    @property
    def sizes(self) -> np.ndarray:
        """The size of each component of the state, flat."""
        return np.ones(self.z0.size) if self.scale is None else np.ravel(self.scale)

    @property
    def layout(self) -> "Layout":
        """The places of all parts in the flat vector."""
        return Layout(
            self.z0.size,
            tuple((name, value.shape) for name, value in self.params.items()),
            self.times.size,
        )

    @property
    def theta(self) -> np.ndarray:
        """All parameters in one vector."""
        return np.concatenate([np.zeros(0), *(np.ravel(value) for value in self.params.values())])

    @property
    def point(self) -> np.ndarray:
        """z0, θ and the times in one vector: everything that L depends on."""
        return np.concatenate([self.z0.ravel(), self.theta, self.times])

    @cached_property
    def steepest(self) -> float:
        """The largest ‖∂f/∂z‖₂ at the times, by a rough solve; NaN if it is not finite at z0.

        A problem may start where nothing happens yet, and be stiff from then on.
        """
        plain, theta, z0 = self.plain, self.theta, self.z0.ravel()
        _, at_start, *_ = plain.jacobians(float(self.times[0]), z0, theta)
        if not np.isfinite(at_start).all():
            return float("nan")
        points = _rough_solve(self)
        found = [plain.jacobians(float(t), z, theta)[1] for t, z in points]
        finite = [each for each in [at_start, *found] if np.isfinite(each).all()]
        return max(float(np.linalg.norm(each, 2)) for each in finite)

    def rounded(self, dtype: str) -> "CheckProblem":
        """Rounds all numbers of the problem to a precision; times stay in float64."""
        if dtype == "float64":
            return self

        def kept(value: np.ndarray) -> np.ndarray:
            return value.astype(dtype).astype(np.float64)

        params = {name: kept(value) for name, value in self.params.items()}
        # The hand-made exact gradient belongs to the numbers before rounding.
        return replace(self, z0=kept(self.z0), params=params, exact=None)

    def weights(self, seed: int) -> np.ndarray:
        """Draws the cotangents dL/dz(tᵢ), shape [count, size]: L = Σᵢ ⟨weightsᵢ, z(tᵢ)⟩."""
        return np.random.default_rng(seed).normal(size=(self.times.size, self.z0.size))


def _rough_solve(problem: CheckProblem) -> list[tuple[float, np.ndarray]]:
    """Solves the problem by a method that notices stiffness, as far as it can be."""
    plain, theta, left = problem.plain, problem.theta, [ROUGH_EVALUATIONS]

    class _EnoughError(Exception):
        pass

    def rhs(t: float, y: np.ndarray) -> np.ndarray:
        left[0] -= 1
        if left[0] < 0:
            raise _EnoughError
        slope, *_ = plain.jacobians(t, y, theta)
        if not np.isfinite(slope).all():
            raise _EnoughError
        return slope

    def jacobian(t: float, y: np.ndarray) -> np.ndarray:
        return plain.jacobians(t, y, theta)[1]

    ends = float(problem.times[0]), float(problem.times[-1])
    try:
        found = solve_ivp(
            rhs, ends, problem.z0.ravel(), "LSODA", problem.times, jac=jacobian, atol=1e-8
        )
    except _EnoughError:
        return []
    return list(zip(found.t, found.y.T, strict=True))


@dataclass(frozen=True)
class Block:
    """A named part of the gradient.

    Attributes:
        name: `z0`, `theta`, `theta.NAME`, `t0`, `t1`, `t[i]` or `times`.
        part: Where it stands in the flat vector.
        shape: Its shape.
    """

    name: str
    part: slice
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """The number of its components."""
        return self.part.stop - self.part.start


@dataclass(frozen=True)
class Layout:
    """The order of z0, θ and the times in one flat vector.

    Attributes:
        size: Components of the state.
        variables: Name and shape of each parameter.
        count: Number of times.
    """

    size: int
    variables: tuple[tuple[str, tuple[int, ...]], ...]
    count: int

    @property
    def parameters(self) -> int:
        """The number of parameters, all components together."""
        return sum(int(np.prod(shape)) for _, shape in self.variables)

    @property
    def total(self) -> int:
        """The length of the flat vector."""
        return self.size + self.parameters + self.count

    def split(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Cuts vectors [..., total] into z0, θ and times."""
        parts = np.split(points, [self.size, self.size + self.parameters], axis=-1)
        return parts[0], parts[1], parts[2]

    def join(self, z0: np.ndarray, params: Sequence[np.ndarray], times: np.ndarray) -> np.ndarray:
        """Puts a gradient into one vector."""
        parts = [z0, *params, times]
        return np.concatenate([np.ravel(np.asarray(x, np.float64)) for x in parts])

    def pieces(self) -> list[Block]:
        """Returns the blocks that do not overlap: z0, each variable, each time."""
        blocks = [Block("z0", slice(0, self.size), (self.size,))]
        start = self.size
        for name, shape in self.variables:
            stop = start + int(np.prod(shape))
            blocks.append(Block(f"theta.{name}", slice(start, stop), shape))
            start = stop
        for index in range(self.count):
            name = {0: "t0", self.count - 1: "t1"}.get(index, f"t[{index}]")
            blocks.append(Block(name, slice(start + index, start + index + 1), ()))
        return blocks

    def blocks(self) -> list[Block]:
        """Returns all blocks that are reported, θ and the times as a whole among them."""
        first, last = self.size, self.size + self.parameters
        theta = Block("theta", slice(first, last), (self.parameters,))
        times = Block("times", slice(last, self.total), (self.count,))
        z0, *others = self.pieces()
        variables = others[: len(self.variables)] if len(self.variables) > 1 else []
        head = [z0, theta, *variables] if self.parameters else [z0]
        return [*head, *others[len(self.variables) :], times]
