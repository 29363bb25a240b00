"""Gradients found without the solver and the adjoints under test: by SciPy and NumPy alone."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.integrate import solve_ivp
from scipy.sparse import block_diag, csc_matrix, identity, kron

from nodelens.checking.directions import Directions
from nodelens.checking.plain_fields import COMPLEX_STEP
from nodelens.checking.problem import CheckProblem
from nodelens.errors import NumericalError
from nodelens.ode.problems import Flow

TIGHT = 1e-12
LOOSE = 1e-9
# Steps of the central differences, each half of the one before.
FIRST_STEP = 2e-3
LEVELS = 4


# Beyond so many evaluations SciPy is stopped: the problem is stiff, or blows up.
MOST_EVALUATIONS = 100_000
# ‖∂f/∂z‖ · |t1 - t0| beyond which an implicit method is taken.
STIFF = 2000


class RefereeError(NumericalError):
    """SciPy could not integrate the field; the message names the cause."""


class _Counted:
    """A right-hand side that is evaluated finitely often and gives finite values, or raises."""

    def __init__(self, rhs: Callable[[float, np.ndarray], np.ndarray], name: str) -> None:
        self._rhs = rhs
        self._name = name
        self._left = MOST_EVALUATIONS

    def __call__(self, t: float, y: np.ndarray) -> np.ndarray:
        self._left -= 1
        if self._left < 0:
            raise RefereeError(
                f"{self._name!r} is too stiff to be checked: SciPy made {MOST_EVALUATIONS:,} "
                f"evaluations and got to t = {t:.6g}",
                hint="check a shorter span of time, or a less stiff field",
            )
        value = self._rhs(t, y)
        if not np.isfinite(value).all():
            raise RefereeError(
                f"the field of {self._name!r} returns NaN or Inf near t = {t:.6g}",
                hint="the solution leaves the domain of the field: check z0, times and parameters",
            )
        return value


def stiffness(problem: CheckProblem) -> float:
    """Returns the largest ‖∂f/∂z‖ · |t1 - t0|: about how many steps an explicit solver needs.

    Raises:
        RefereeError: If the field has no derivative at the start.
    """
    steepest = problem.steepest
    if not np.isfinite(steepest):
        raise RefereeError(
            f"∂f/∂z of {problem.name!r} is NaN or Inf at t = {problem.times[0]:.6g}, z0",
            hint="the field has no derivative there: a square root or a norm at zero?",
        )
    return steepest * float(np.ptp(problem.times))


@dataclass(frozen=True)
class Reference:
    """Directional derivatives of L.

    Attributes:
        name: How they were found.
        values: One for each direction.
        error: An estimate of the absolute error of each.
    """

    name: str
    values: np.ndarray
    error: np.ndarray


@dataclass(frozen=True)
class Sensitivity:
    """The forward sensitivity equations, integrated.

    Attributes:
        states: z(tᵢ), shape [count, size].
        tangents: ∂z(tᵢ)/∂v for each direction v, shape [directions, count, size].
        error: Estimates of the absolute errors of the tangents, of the same shape.
        uncontrolled: By how much tangents are off that are carried along by a solver which heeds
            its tolerance in z alone, of the same shape.
        slopes: f(tᵢ, z(tᵢ)), shape [count, size].
        steepness: ‖∂f/∂z‖₂ at each time, shape [count].
    """

    states: np.ndarray
    tangents: np.ndarray
    error: np.ndarray
    uncontrolled: np.ndarray
    slopes: np.ndarray
    steepness: np.ndarray

    def reference(self, weights: np.ndarray) -> Reference:
        """Returns ⟨weights, tangent⟩ for each direction."""
        values = np.einsum("dts,ts->d", self.tangents, weights)
        error = np.einsum("dts,ts->d", self.error, np.abs(weights))
        return Reference("sensitivity", values, error)


def tolerances(problem: CheckProblem) -> tuple[float, float]:
    """Returns the tolerances of the referee, and of the looser solve that estimates its error."""
    noise = 50 * problem.plain.epsilon
    return max(TIGHT, noise), max(LOOSE, 20 * noise)


def solve_sensitivity(
    problem: CheckProblem, directions: Directions, tolerance: float = TIGHT
) -> Sensitivity:
    """Integrates z and its tangents together, forward in time, at a tolerance of 1e-12.

    dV/dt = (∂f/∂z) V + (∂f/∂θ) v_θ, V(t₀) = v_z − f(t₀, z₀) v_t₀, and at each time tᵢ an own v_tᵢ
    adds f(tᵢ, zᵢ) v_tᵢ. The error is estimated by a second, looser solve; what a solver of a given
    tolerance makes of the tangents, by a third one (Dormand-Prince of order 5) whose steps are
    chosen by the error of z alone.

    Args:
        problem: The problem.
        directions: The directions v.
        tolerance: That of the solver under test.

    Raises:
        RefereeError: If SciPy cannot integrate the field.
    """
    tight, loose = tolerances(problem)
    states, tangents = _tangent_solve(problem, directions, tight)
    _, looser = _tangent_solve(problem, directions, loose)
    _, carried = _tangent_solve(problem, directions, max(tolerance, tight), alone=True)
    error = np.abs(tangents - looser) / 10 + 1e-13 * np.abs(tangents)
    local = [
        problem.plain.jacobians(float(t), z, problem.theta)
        for t, z in zip(problem.times, states, strict=True)
    ]
    steepness = np.array([np.linalg.norm(by_state, 2) for _, by_state, *_ in local])
    slopes = np.stack([f for f, *_ in local])
    return Sensitivity(states, tangents, error, np.abs(carried - tangents), slopes, steepness)


def _tangent_solve(
    problem: CheckProblem, directions: Directions, tolerance: float, *, alone: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    layout, times, theta = problem.layout, problem.times, problem.theta
    by_z0, by_theta, by_times = layout.split(directions.rows)
    # Moving a time is no business of the equations: these tangents are put in at the end.
    moving = np.any(directions.rows[:, : layout.size + layout.parameters] != 0, axis=1)
    start_moves = by_times[:, 0] != 0
    active = moving | start_moves
    plain, size, count = problem.plain, layout.size, int(active.sum())
    forcing = by_theta[active].T

    def rhs(t: float, y: np.ndarray) -> np.ndarray:
        f, by_state, by_parameter, _ = plain.jacobians(t, y[:size], theta)
        tangent = y[size:].reshape(size, count)
        return np.concatenate([f, (by_state @ tangent + by_parameter @ forcing).ravel()])

    z0 = problem.z0.ravel()
    f0, *_ = plain.jacobians(float(times[0]), z0, theta)
    start = (by_z0 - by_times[:, :1] * f0)[active].T
    stiff = stiffness(problem) > STIFF
    atol: float | np.ndarray = tolerance
    if alone and not stiff:
        # SciPy takes the root of the mean square over all components; only those of z count.
        tolerance /= np.sqrt(1 + count)
        atol = np.where(np.arange(size * (1 + count)) < size, tolerance, np.inf)

    def jacobian(t: float, y: np.ndarray) -> csc_matrix:
        """Leaves out ∂²f/∂z² below the diagonal: Newton's method still ends where it would.

        SciPy's own, by differences, is not finite for a field that computes in single precision.
        """
        _, by_state, *_ = plain.jacobians(t, y[:size], theta)
        return csc_matrix(block_diag([by_state, kron(by_state, identity(count))]))

    solution = solve_ivp(
        _Counted(rhs, problem.name),
        (float(times[0]), float(times[-1])),
        np.concatenate([z0, start.ravel()]),
        method="Radau" if stiff else "RK45" if alone else "DOP853",
        t_eval=times,
        **({"jac": jacobian} if stiff else {}),
        rtol=max(tolerance, 1e-10) if stiff else tolerance,
        atol=atol,
    )
    if not solution.success or not np.isfinite(solution.y).all():
        raise RefereeError(f"SciPy stopped at t = {solution.t[-1]:.6g}: {solution.message}")
    states = solution.y[:size].T
    tangents = np.zeros((len(directions.rows), times.size, size))
    tangents[active] = solution.y[size:].reshape(size, count, -1).transpose(1, 2, 0)
    slopes = np.stack(
        [plain.jacobians(float(t), z, theta)[0] for t, z in zip(times, states, strict=True)]
    )
    tangents += by_times[:, :, None] * slopes
    # At t₀ the state is z0 itself, wherever t₀ is.
    tangents[:, 0] = by_z0
    return states, tangents


def numerical_flow(problem: CheckProblem, tolerance: float) -> Flow:
    """Makes the flow of a problem by DOP853, for many copies at once, real or complex.

    Each interval between two times is mapped to [0, 1], so that copies with other times keep step.
    """
    size = problem.layout.size
    # What is left of a small component must not be lost in the tolerance of the large ones.
    smallest = tolerance * np.minimum(1.0, problem.sizes)

    def flow(z0: np.ndarray, theta: np.ndarray, times: np.ndarray) -> np.ndarray:
        states = [z0]
        for left, right in zip(times.T[:-1], times.T[1:], strict=True):
            span = right - left

            def rhs(
                s: float, y: np.ndarray, left: np.ndarray = left, span: np.ndarray = span
            ) -> np.ndarray:
                z = y.reshape(-1, size)
                return (span[:, None] * problem.plain.copies(left + s * span, z, theta)).ravel()

            solution = solve_ivp(
                _Counted(rhs, problem.name),
                (0.0, 1.0),
                states[-1].ravel(),
                method="DOP853",
                t_eval=[1.0],
                rtol=tolerance,
                atol=np.tile(smallest, len(z0)),
            )
            if not solution.success or not np.isfinite(solution.y).all():
                raise RefereeError(f"SciPy stopped before the end: {solution.message}")
            states.append(solution.y[:, -1].reshape(-1, size))
        return np.stack(states, axis=1)

    return flow


def by_complex_step(
    problem: CheckProblem, directions: Directions, weights: np.ndarray
) -> Reference:
    """Returns Im L(x + ihv) / h with h = 1e-30: no cancellation, exact as far as the flow is.

    The flow is `numerical_flow`; the error is estimated by a flow with a looser tolerance.
    """
    tight, loose = tolerances(problem)
    values = _complex_step(problem, numerical_flow(problem, tight), directions, weights)
    looser = _complex_step(problem, numerical_flow(problem, loose), directions, weights)
    error = np.abs(values - looser) / 10 + 1e-12 * np.abs(values).max()
    return Reference("complex step", values, error)


def by_closed_form(
    problem: CheckProblem, directions: Directions, weights: np.ndarray
) -> Reference | None:
    """Differentiates the exact solution, by hand or by a complex step: exact to rounding.

    Returns:
        None if the problem has no exact solution.
    """
    if problem.exact is not None:
        values = directions.rows @ problem.exact(weights)
    elif problem.flow is not None:
        values = _complex_step(problem, problem.flow, directions, weights)
    else:
        return None
    return Reference("closed form", values, 1e-13 * np.abs(values).max() + 0 * values)


def difference_steps(problem: CheckProblem) -> np.ndarray:
    """Returns the steps of central differences; the noisier the values, the larger the best one."""
    tight, _ = tolerances(problem)
    return np.asarray(FIRST_STEP * (tight / TIGHT) ** 0.2 / 2.0 ** np.arange(LEVELS))


def reaches(problem: CheckProblem, directions: Directions) -> np.ndarray:
    """Returns what the steps along each direction are multiplied by.

    A component of the state is moved in proportion to its size: a field may be no straight line
    beyond. For a problem of size one, all of them are 1.
    """
    rows = directions.rows.copy()
    rows[:, : problem.z0.size] /= problem.sizes
    return np.asarray(1 / np.linalg.norm(rows, axis=1))


def extrapolate(values: np.ndarray, steps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Takes central differences and extrapolates them to step zero (Richardson).

    Args:
        values: At +h and -h for each step h, shape [steps, 2, ...].
        steps: Each half of the one before.

    Returns:
        The derivative, and by how much the last extrapolation still changed both values that it
        was made of (Ridders 1982); both of shape [...].
    """
    widths = 2 * steps.reshape(-1, *[1] * (values.ndim - 2))
    table = [(values[:, 0] - values[:, 1]) / widths]
    for order in range(1, len(steps)):
        rough = table[-1]
        table.append(rough[1:] + (rough[1:] - rough[:-1]) / (4.0**order - 1))
    return table[-1][0], np.abs(table[-1][0] - table[-2]).max(axis=0)


def by_central_differences(
    problem: CheckProblem, directions: Directions, weights: np.ndarray
) -> Reference:
    """Takes central differences with steps h, h/2, h/4, h/8, extrapolated after Richardson.

    The error is estimated by `extrapolate`, plus the noise of the solves divided by the smallest
    step.
    """
    tight, _ = tolerances(problem)
    steps = difference_steps(problem)
    offsets = np.concatenate([[step, -step] for step in steps])
    reach = reaches(problem, directions)
    points = problem.point + offsets[:, None, None] * reach[:, None] * directions.rows
    losses = _loss(
        problem, numerical_flow(problem, tight), points.reshape(-1, points.shape[-1]), weights
    )
    values, change = extrapolate(losses.reshape(LEVELS, 2, -1), steps)
    noise = tight * np.abs(losses).max() / steps[-1]
    return Reference("differences", values / reach, (change + noise) / reach)


def _complex_step(
    problem: CheckProblem, flow: Flow, directions: Directions, weights: np.ndarray
) -> np.ndarray:
    points = problem.point + 1j * COMPLEX_STEP * directions.rows
    return _loss(problem, flow, points, weights).imag / COMPLEX_STEP


def _loss(problem: CheckProblem, flow: Flow, points: np.ndarray, weights: np.ndarray) -> np.ndarray:
    states = flow(*problem.layout.split(points))
    return np.einsum("kts,ts->k", states, weights)
