"""The proof of the augmented adjoint state, line by line, in numbers.

With Z = [z, θ, t] and g = dZ/dt = [f, 0, 1], a(t) = dL/dZ(t) obeys da/dt = -a ∂g/∂Z (Chen et al.
2018, appendix B). Each line of the derivation is evaluated by SciPy and NumPy on L = ⟨w, z(t₁)⟩;
the last two are held against the adjoints under test and the tape.
"""

from collections.abc import Sequence

import numpy as np
from scipy.integrate import quad_vec, solve_ivp

from nodelens.checking.augmented import block_jacobian
from nodelens.checking.problem import CheckProblem
from nodelens.checking.referees import numerical_flow
from nodelens.checking.results import Check
from nodelens.checking.ways import Found
from nodelens.figures.adjoint_curves import ProofCurves

STEPS = 0.1 / 2.0 ** np.arange(9)
TIGHT = 1e-12


class AdjointState:
    """a(t) along the trajectory, found without the solver under test.

    a_z(t)ᵀ = wᵀ ∂z(t₁)/∂z(t): z is integrated forward, then a_z backward along its dense output.
    """

    def __init__(self, problem: CheckProblem, weight: np.ndarray) -> None:
        self.problem = problem
        self.theta = problem.theta
        self.start, self.end = float(problem.times[0]), float(problem.times[-1])
        field = problem.plain

        def forward(t: float, z: np.ndarray) -> np.ndarray:
            return field.jacobians(t, z, self.theta)[0]

        span = (self.start, self.end)
        settings = {"method": "DOP853", "rtol": TIGHT, "atol": TIGHT, "dense_output": True}
        self.z = solve_ivp(forward, span, problem.z0.ravel(), **settings).sol

        def backward(t: float, a: np.ndarray) -> np.ndarray:
            return -a @ field.jacobians(t, self.z(t), self.theta)[1]

        self.a = solve_ivp(backward, span[::-1], weight, **settings).sol

    def product(self, t: float) -> np.ndarray:
        """Returns a ∂g/∂Z = [a_z f_z, a_z f_θ, a_z f_t] at one time."""
        _, by_z, by_theta, by_t = self.problem.plain.jacobians(t, self.z(t), self.theta)
        return self.a(t) @ np.hstack([by_z, by_theta, by_t[:, None]])


def _differences(problem: CheckProblem, t: float, z: np.ndarray) -> np.ndarray:
    """Finds [f_z, f_θ, f_t] by central differences, extrapolated once."""
    point = np.concatenate([z, problem.theta, [t]])

    def slope(step: float) -> np.ndarray:
        sides = [
            problem.plain.copies(p[:, -1], p[:, : z.size], p[:, z.size : -1])
            for p in (point + step * np.eye(point.size), point - step * np.eye(point.size))
        ]
        return ((sides[0] - sides[1]) / (2 * step)).T

    step = 2e-3
    return (4 * slope(step / 2) - slope(step)) / 3


def prove(
    problem: CheckProblem, weight: np.ndarray, found: Sequence[Found], tolerance: float
) -> tuple[list[Check], ProofCurves]:
    """Evaluates the five lines of the proof.

    Args:
        problem: The problem; only its last time is observed.
        weight: w of L = ⟨w, z(t₁)⟩.
        found: Gradients of the same loss by the adjoint under test and by the tape.
        tolerance: What they may be off relatively.

    Returns:
        The checks, in blocks `proof.*`, and the curves of the figure.
    """
    state = AdjointState(problem, weight)
    layout, middle = problem.layout, (state.start + state.end) / 2
    record = _Recorder(problem.name)

    # (i) a(t) = a(t+ε) ∂T_ε/∂Z, and the limit.
    a_now = _augmented_adjoint(state, middle)
    limit = -state.product(middle)
    quotients = []
    for step in STEPS:
        later = middle + step * (state.end - state.start)
        a_later = _augmented_adjoint(state, later)
        quotients.append((a_later - a_now) / (later - middle))
        if step == STEPS[0]:
            carried = a_later @ _transition(problem, state, middle, later)
            record.add("transition", a_now, carried, "a(t+ε) ∂T/∂Z", 1e-7)
    errors = np.linalg.norm(np.stack(quotients) - limit, axis=1) / np.linalg.norm(limit)
    order = float(np.polyfit(np.log(STEPS), np.log(errors), 1)[0])
    record.add("limit.order", np.array([order]), np.array([1.0]), "first order", 0.1)
    # The error is of first order, so this takes away most of it.
    extrapolated = 2 * quotients[-1] - quotients[-2]
    record.add("limit", limit, extrapolated, "(a(t+ε) - a(t))/ε", 1e-3)

    # (ii) The block Jacobian, and its rows of zeros.
    jacobian = block_jacobian(problem, middle, state.z(middle))
    f_z, f_theta, f_t = problem.plain.jacobians(middle, state.z(middle), state.theta)[1:]
    top = np.hstack([f_z, f_theta, f_t[:, None]])
    record.add("jacobian", jacobian[: layout.size], top, "f_z, f_θ, f_t", 1e-11)
    rough = _differences(problem, middle, state.z(middle))
    record.add("jacobian", jacobian[: layout.size], rough, "differences of f", 1e-7)
    rest = jacobian[layout.size :]
    record.add("jacobian.zero_rows", rest, np.zeros_like(rest), "zero", 0.0)

    # (iii) da/dt along the trajectory.
    times = np.linspace(state.start, state.end, 101)
    inner = times[10:-10:10]
    nudge = 1e-4 * (state.end - state.start)
    slopes = [
        (8 * (state.a(t + nudge) - state.a(t - nudge)) - state.a(t + 2 * nudge)
         + state.a(t - 2 * nudge)) / (12 * nudge)
        for t in inner
    ]  # fmt: skip
    products = np.stack([state.product(t) for t in inner])
    record.add("derivative", np.stack(slopes), -products[:, : layout.size], "-a ∂f/∂z", 1e-7)

    # (iv) dL/dθ = -∫ a ∂f/∂θ dt from t₁ to t₀, by quadrature.
    part = slice(layout.size, layout.size + layout.parameters)
    if layout.parameters:
        integral = -quad_vec(lambda t: state.product(t)[part], state.end, state.start)[0]
        for each in found:
            record.add("integral", each.gradient[part], integral, "quadrature", tolerance,
                       each.method)  # fmt: skip

    # (v) The ends: dL/dt₁ = a(t₁) f(t₁) and dL/dt₀ = -a(t₀) f(t₀).
    for name, moved, product in (
        ("t1", -1, state.a(state.end) @ _slope(state, state.end)),
        ("t0", layout.total - layout.count, -state.a(state.start) @ _slope(state, state.start)),
    ):
        differences = _moved_end(problem, weight, moved)
        expected = np.array([product])
        record.add(name, expected, np.array([differences]), "moved end", 1e-7)
        for each in found:
            record.add(name, each.gradient[[moved]], expected, "a·f", tolerance, each.method)

    curves = ProofCurves(
        name=problem.name,
        times=times,
        adjoint=state.a(times).T,
        integrand=np.stack([state.product(t)[part] for t in times]),
        steps=STEPS * abs(state.end - state.start),
        errors=errors,
        order=order,
    )
    return record.checks, curves


def _slope(state: AdjointState, t: float) -> np.ndarray:
    return state.problem.plain.jacobians(t, state.z(t), state.theta)[0]


def _augmented_adjoint(state: AdjointState, t: float) -> np.ndarray:
    """Returns a(t) = [a_z, a_θ, a_t], the derivative of L if the solve began at (z, θ, t)."""
    span = (t, state.end)
    size = state.problem.layout.size
    rest = quad_vec(lambda s: state.product(s)[size:], *span, epsabs=1e-13, epsrel=1e-13)[0]
    return np.concatenate([state.a(t), rest])


def _transition(problem: CheckProblem, state: AdjointState, t: float, later: float) -> np.ndarray:
    """Finds ∂T_ε/∂Z of T_ε(Z) = Z + ∫ g dt by a complex step or central differences."""
    size, theta = problem.layout.size, problem.theta
    point = np.concatenate([state.z(t), theta, [t]])
    analytic = problem.plain.analytic
    step = 1e-30j if analytic else 1e-5
    flow = numerical_flow(problem, TIGHT)

    def moved(points: np.ndarray) -> np.ndarray:
        starts = points[:, -1:]
        times = np.hstack([starts, starts + (later - t)])
        z = flow(points[:, :size], points[:, size:-1], times)[:, -1]
        return np.hstack([z, points[:, size:-1], times[:, -1:]])

    offsets = step * np.eye(point.size)
    if analytic:
        return moved(point + offsets).imag.T / step.imag
    return ((moved(point + offsets) - moved(point - offsets)) / (2 * step)).T


def _moved_end(problem: CheckProblem, weight: np.ndarray, moved: int) -> float:
    """Finds dL/dt of one end by central differences, extrapolated once."""
    flow = numerical_flow(problem, TIGHT)

    def slope(step: float) -> float:
        offsets = np.zeros((2, problem.layout.total))
        offsets[:, moved] = step, -step
        states = flow(*problem.layout.split(problem.point + offsets))[:, -1]
        return float((states[0] - states[1]) @ weight / (2 * step))

    return (4 * slope(5e-4) - slope(1e-3)) / 3


class _Recorder:
    """Collects the checks of the proof."""

    def __init__(self, problem: str) -> None:
        self._problem = problem
        self.checks: list[Check] = []

    def add(
        self,
        block: str,
        actual: np.ndarray,
        expected: np.ndarray,
        reference: str,
        tolerance: float,
        method: str = "proof",
    ) -> None:
        """Compares both sides of one equation."""
        self.checks.append(
            Check.comparing(
                actual,
                expected,
                tolerance=tolerance,
                problem=self._problem,
                block=f"proof.{block}",
                shape=expected.shape,
                method=method,
                reference=reference,
            )
        )
