"""Explicit Runge-Kutta methods as data.

A method with s stages advances y' = f(t, y) by

    k_i = f(t + c_i h, y + h sum_{j<i} a_ij k_j),    y_1 = y + h sum_i b_i k_i,

and estimates its error as h sum_i e_i k_i with e = b - b_hat (Hairer, Norsett and Wanner, *Solving
Ordinary Differential Equations I*, section II.4).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Tableau:
    """The coefficients of one explicit Runge-Kutta method.

    Args:
        name: What the user types.
        order: Order of the solution that is propagated.
        a: Strictly lower triangular matrix, row by row; row 0 is empty.
        b: Weights of the solution.
        c: Abscissae.
        error: b - b_hat, or `None` for a method without error estimate (fixed step).
        error_check: Weights of a second, lower-order estimate e3. Where given, the error e5
            of `error` is scaled by |e5| / sqrt(e5**2 + 0.01 e3**2) in each component.
        error_order: Order of b_hat; the estimate shrinks as h**(error_order + 1).
        dense: Rows (one a stage) of polynomial coefficients: the solution at t + x h is
            y + h sum_i k_i sum_p dense[i][p] x**(p + 1). `None` means cubic Hermite.
        dense_order: Order of accuracy of the interpolant.
    """

    name: str
    order: int
    a: tuple[tuple[float, ...], ...]
    b: tuple[float, ...]
    c: tuple[float, ...]
    error: tuple[float, ...] | None = None
    error_check: tuple[float, ...] | None = None
    error_order: int = 0
    dense: tuple[tuple[float, ...], ...] | None = None
    dense_order: int = 3

    @property
    def adaptive(self) -> bool:
        """True if the method estimates its error."""
        return self.error is not None

    @property
    def implicit(self) -> bool:
        """True if a stage depends on itself: its row holds a diagonal coefficient."""
        return any(len(row) > stage for stage, row in enumerate(self.a))

    @property
    def first_same_as_last(self) -> bool:
        """True if the last stage is f(t + h, y_1), the first stage of the next step."""
        return self.b[-1] == 0 and self.a[-1] == self.b[:-1]
