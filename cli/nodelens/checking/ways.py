"""The gradients that are checked: of every adjoint, of the tape, and as `odeint` gives them."""

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import tensorflow as tf

from nodelens.checking.hints import HINTS
from nodelens.checking.problem import CheckProblem
from nodelens.checking.results import Cost
from nodelens.errors import NumericalError
from nodelens.ode import ADJOINTS, DriftWarning, SolveError, Status, odeint, odeint_vjp
from nodelens.ode.adjoints.base import is_differentiable
from nodelens.ode.options import SolveOptions
from nodelens.ode.solvers import SOLVERS

TAPE = "tape"


@dataclass(frozen=True)
class CheckOptions(SolveOptions):
    """The options of all solves of a check.

    Attributes:
        dtype: `float64` or `float32`.
        jit_compile: True if XLA compiles.
    """

    dtype: str = "float64"
    jit_compile: bool = False

    @property
    def tolerance(self) -> float:
        """The largest tolerance of the solve and of its gradient."""
        given = (self.rtol, self.atol, self.adjoint_rtol, self.adjoint_atol)
        return max(value for value in given if value is not None)

    @property
    def fixed(self) -> bool:
        """True if the steps are all of one size, whatever the tolerances."""
        return self.step_size is not None or not SOLVERS[self.solver].adaptive

    def tighter(self, factor: float) -> "CheckOptions":
        """Divides the tolerances, as far as the precision allows, or halves the fixed step."""
        if self.step_size is not None:
            return replace(self, step_size=self.step_size / 2)
        floor = 20 * float(np.finfo(self.dtype).eps)
        names = ("rtol", "atol", "adjoint_rtol", "adjoint_atol")
        given = {name: getattr(self, name) for name in names}
        smaller: dict[str, Any] = {
            name: max(value / factor, min(value, floor))
            for name, value in given.items()
            if value is not None
        }
        return replace(self, **smaller)

    def arguments_with(self, adjoint: str) -> dict[str, Any]:
        """Returns the arguments that `odeint` and `odeint_vjp` share."""
        bounded = ADJOINTS[adjoint].bounded
        options = replace(self, adjoint=adjoint, max_steps=None if bounded else self.max_steps)
        return {**options.arguments(), "jit_compile": self.jit_compile}


@dataclass(frozen=True)
class Found:
    """A gradient found by the solver under test.

    Attributes:
        method: How it was found.
        gradient: dL/d(z0, θ, times) in one vector.
        states: z(tᵢ) as this way solved them, shape [count, size].
        cost: What it cost.
    """

    method: str
    gradient: np.ndarray
    states: np.ndarray
    cost: Cost


Way = Callable[[CheckProblem, np.ndarray, CheckOptions], Found]


def adjoint_way(name: str) -> Way:
    """Makes the gradient of an adjoint, by `odeint_vjp`."""

    def way(problem: CheckProblem, weights: np.ndarray, options: CheckOptions) -> Found:
        start = time.perf_counter()
        z0, times, params = _tensors(problem, options)
        solution, pullback = odeint_vjp(
            problem.vector_field,
            z0,
            times,
            params=params,
            **options.arguments_with(name),
        )
        require_success(problem, name, int(solution.status), options)
        gradients = pullback(tf.reshape(tf.constant(weights, z0.dtype), solution.states.shape))
        by_z0 = gradients.z0.numpy()
        seconds = time.perf_counter() - start
        require_success(problem, name, int(gradients.stats.status), options)
        cost = Cost(
            nfe_forward=int(solution.stats.nfe),
            nfe_backward=int(gradients.stats.nfe),
            steps=int(solution.stats.accepted),
            wall_seconds=seconds,
            drift=float(np.max(gradients.stats.drift)),
        )
        by_theta = gradients.captures if params is None else gradients.params
        by_theta = [x for x in by_theta if x is not None]
        gradient = problem.layout.join(by_z0, by_theta, gradients.times)
        return Found(name, gradient, _flat_states(solution.states), cost)

    return way


def taped_way(name: str, method: str) -> Way:
    """Makes the gradient as `tf.GradientTape` around `odeint` gives it.

    With the adjoint `direct` the tape differentiates the solver's own operations; with another
    one it calls the adjoint, in the form in which users meet it.

    Args:
        name: One of `nodelens.ode.ADJOINTS`.
        method: What the way is called.
    """

    def way(problem: CheckProblem, weights: np.ndarray, options: CheckOptions) -> Found:
        start = time.perf_counter()
        z0, times, params = _tensors(problem, options)
        # What a field captures may be whole numbers, which have no gradient.
        sources = [x for x in problem.sources or () if is_differentiable(x)]
        sources = sources if params is None else params
        with tf.GradientTape() as tape, warnings.catch_warnings():
            warnings.simplefilter("ignore", DriftWarning)
            tape.watch([z0, times, *sources])
            try:
                solution = odeint(
                    problem.vector_field,
                    z0,
                    times,
                    params=params,
                    **options.arguments_with(name),
                )
                weight = tf.reshape(tf.constant(weights, z0.dtype), solution.states.shape)
                loss = tf.reduce_sum(weight * solution.states)
                with tape.stop_recording():
                    found = tape.gradient(
                        loss,
                        [z0, times, *sources],
                        unconnected_gradients=tf.UnconnectedGradients.ZERO,
                    )
            except SolveError as error:
                require_success(problem, method, int(error.status), options)
                raise
        by_z0, by_times, *by_theta = [x.numpy() for x in found]
        cost = Cost(
            nfe_forward=int(solution.stats.nfe),
            nfe_backward=None,
            steps=int(solution.stats.accepted),
            wall_seconds=time.perf_counter() - start,
            drift=None,
        )
        gradient = problem.layout.join(by_z0, by_theta, by_times)
        return Found(method, gradient, _flat_states(solution.states), cost)

    return way


def require_success(problem: CheckProblem, method: str, code: int, options: CheckOptions) -> None:
    """Raises if a solve did not reach the last time.

    Raises:
        NumericalError: With what to do about it.
    """
    status = Status(code)
    if status is not Status.SUCCESS:
        raise NumericalError(
            f"the solve of {problem.name!r} with {options.solver} and {method} failed: "
            f"{status.name}",
            hint=HINTS[status],
        )


def _tensors(
    problem: CheckProblem, options: CheckOptions
) -> tuple[tf.Tensor, tf.Tensor, list[tf.Tensor] | None]:
    dtype = tf.as_dtype(options.dtype)
    params = None
    if problem.sources is None:
        params = [tf.constant(value, dtype) for value in problem.params.values()]
    return tf.constant(problem.z0, dtype), tf.constant(problem.times), params


def _flat_states(states: tf.Tensor) -> np.ndarray:
    values = states.numpy().astype(np.float64)
    return values.reshape(len(values), -1)
