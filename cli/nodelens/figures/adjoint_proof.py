"""The figure of the proof: the adjoint, what is integrated for θ, and the limit."""

import numpy as np
from matplotlib.figure import Figure

from nodelens.figures.adjoint_curves import ProofCurves
from nodelens.figures.style import INK, MUTED, SERIES, new_figure, tidy

# More curves than these cannot be distinguished.
CURVES = 6


def draw_proof(curves: ProofCurves) -> Figure:
    """Draws a(t), the integrand of dL/dθ, and the convergence of the difference quotient.

    Args:
        curves: The numbers.

    Returns:
        The figure.
    """
    figure = new_figure(11, 3.6)
    left, middle, right = figure.subplots(1, 3)
    for number, row in enumerate(curves.adjoint.T[:CURVES]):
        left.plot(curves.times, row, color=SERIES[number % 4], ls=_dash(number), lw=1.6)
    left.axhline(0, color=MUTED, lw=0.6)
    tidy(left, "a(t) = dL/dz(t)", "t", f"{min(CURVES, curves.adjoint.shape[1])} components")
    largest = np.argsort(-np.abs(curves.integrand).max(axis=0))[:CURVES]
    for number, index in enumerate(largest):
        row = curves.integrand[:, index]
        middle.plot(curves.times, row, color=SERIES[number % 4], ls=_dash(number), lw=1.6)
        middle.fill_between(curves.times, row, color=SERIES[number % 4], alpha=0.08, lw=0)
    middle.axhline(0, color=MUTED, lw=0.6)
    tidy(middle, "aᵀ ∂f/∂θ, whose integral is dL/dθ", "t", "its largest components")
    right.loglog(curves.steps, curves.errors, "o-", color=SERIES[0], ms=4, lw=1.4)
    guide = curves.errors[-1] * curves.steps / curves.steps[-1]
    right.loglog(curves.steps, guide, "--", color=MUTED, lw=1)
    right.annotate(
        f"slope {curves.order:.2f}",
        (curves.steps[4], curves.errors[4]),
        xytext=(8, -12),
        textcoords="offset points",
        fontsize=9,
        color=INK,
    )
    tidy(right, "(a(t+ε) − a(t))/ε → −a ∂g/∂Z", "ε", "relative error")
    figure.suptitle(f"The adjoint of {curves.name}", fontsize=11, color=INK, x=0.01, ha="left")
    return figure


def _dash(number: int) -> str:
    return "-" if number < 4 else "--"
