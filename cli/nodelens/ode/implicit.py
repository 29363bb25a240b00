"""One step of a diagonally implicit Runge-Kutta method, for stiff problems."""

from dataclasses import dataclass

import tensorflow as tf

from nodelens.ode.runge_kutta import (
    ExplicitRungeKutta,
    RightHandSide,
    Step,
    combine,
    stage_time,
)
from nodelens.ode.status import Status

_MAX_ITERATIONS = 15


@dataclass(frozen=True)
class ImplicitRungeKutta(ExplicitRungeKutta):
    """A solver whose stages Y = base + h gamma f(t, Y) are found by Newton's method.

    The Jacobian is found by automatic differentiation and factorised once a step; all stages
    iterate with it until the correction is at rounding level. A last correction with the Jacobian
    at the solution makes the stage, seen by a tape, differentiable by the implicit function
    theorem. An iteration that does not converge makes the step NaN, which rejects and shrinks it.

    The Jacobian is dense, one a sample: at most `largest_state` components.

    Args:
        tableau: The coefficients; the rows hold the diagonal.
    """

    largest_state: int | None = 2048

    @property
    def interpolates(self) -> bool:
        """Never: a cubic through stiff derivatives is poor, so steps land on observation times."""
        return False

    def step(
        self,
        rhs: RightHandSide,
        t0: tf.Tensor,
        t1: tf.Tensor,
        y0: tf.Tensor,
        first: list[tf.Tensor],
    ) -> Step:
        """Attempts one step; see `ExplicitRungeKutta.step`."""
        tableau = self.tableau
        dt = tf.cast(t1 - t0, y0.dtype)[:, None]
        gamma = dt * tf.constant(tableau.a[-1][-1], y0.dtype)
        newton = _newton_matrix(rhs, t0, y0, gamma)
        factors = tf.linalg.qr(newton)
        evaluations = tf.zeros_like(t0, tf.int32)
        stuck = tf.zeros_like(t0, tf.bool)
        stages: list[tf.Tensor] = []
        y = y0
        for row, c in zip(tableau.a, tableau.c, strict=True):
            if not row:
                stages.append(first[0])
                continue
            explicit = combine(row[:-1], stages)
            base = y0 if explicit is None else y0 + dt * explicit
            time = stage_time(t0, t1, c)
            y, used, diverged = _solve_stage(rhs, time, base, gamma, y, factors)
            stages.append(rhs(time, y))
            evaluations += used + 1
            stuck |= diverged
        error = tf.zeros_like(y)
        if tableau.error is not None:
            # Filtered by the Newton matrix, the estimate stays small for stiff components.
            error = _solve(factors, dt * combine(tableau.error, stages))
        return Step(
            y1=y,
            error=error,
            first=stages[-1:] if self.carries else [],
            stages=stages,
            evaluations=evaluations,
            failure=tf.where(stuck, int(Status.NEWTON_FAILED), int(Status.NON_FINITE)),
        )


def _newton_matrix(rhs: RightHandSide, t: tf.Tensor, y: tf.Tensor, gamma: tf.Tensor) -> tf.Tensor:
    """Returns 1 - h gamma df/dy at (t, y), a constant to every tape; shape [batch, size, size]."""
    y = tf.stop_gradient(y)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(y)
        value = rhs(t, y)
    zero = tf.UnconnectedGradients.ZERO
    jacobian = tf.stop_gradient(tape.batch_jacobian(value, y, unconnected_gradients=zero))
    one = tf.eye(tf.shape(jacobian)[-1], dtype=y.dtype)
    return one - tf.stop_gradient(gamma)[..., None] * jacobian


def _solve(factors: tuple[tf.Tensor, tf.Tensor], right: tf.Tensor) -> tf.Tensor:
    """Solves with QR factorisations, right and solution of shape [batch, size]."""
    q, r = factors
    rotated = tf.linalg.matmul(q, right[..., None], adjoint_a=True)
    return tf.linalg.triangular_solve(r, rotated, lower=False)[..., 0]


def _largest(y: tf.Tensor) -> tf.Tensor:
    """Returns the largest component of each sample, shape [batch]."""
    return tf.reduce_max(tf.abs(y), axis=-1)


def _solve_stage(
    rhs: RightHandSide,
    t: tf.Tensor,
    base: tf.Tensor,
    gamma: tf.Tensor,
    guess: tf.Tensor,
    factors: tuple[tf.Tensor, tf.Tensor],
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Solves Y = base + gamma f(t, Y).

    Returns:
        Y (NaN where it was not found), the evaluations that each sample took, and where the
        iteration did not converge although all its values were finite.
    """
    goal = tf.stop_gradient(base)
    precision = 2e-12 if t.dtype == base.dtype.real_dtype else 5e-6

    def residual(y: tf.Tensor, base: tf.Tensor) -> tf.Tensor:
        return y - base - gamma * rhs(t, y)

    def body(
        used: tf.Tensor, y: tf.Tensor, size: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        # A sample that has converged stays where it is while others go on.
        active = size > precision
        correction = _solve(factors, residual(y, goal))
        scale = _largest(y) + _largest(goal)
        size = tf.where(active, _largest(correction) / (scale + 1e-30), size)
        y = tf.where(active[:, None], y - correction, y)
        return used + tf.cast(active, tf.int32), y, size

    size = tf.ones_like(base[:, 0], base.dtype.real_dtype)
    used, y, size = tf.while_loop(
        lambda _used, _y, size: tf.reduce_any(size > precision),
        body,
        (tf.zeros_like(size, tf.int32), tf.stop_gradient(guess), size),
        maximum_iterations=_MAX_ITERATIONS,
    )
    diverged = (size > precision) & tf.math.is_finite(size)
    converged = (size <= precision)[:, None]
    y = tf.stop_gradient(tf.where(converged, y, float("nan") * tf.ones_like(y)))
    exact = tf.linalg.qr(_newton_matrix(rhs, t, y, gamma))
    return y - _solve(exact, residual(y, base)), used + 2, diverged
