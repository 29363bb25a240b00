"""The figures of `adjoint-check` show the numbers they are given."""

import numpy as np
import pytest

from nodelens.figures.adjoint_curves import ProofCurves, Series, Study
from nodelens.figures.adjoint_proof import CURVES, draw_proof
from nodelens.figures.adjoint_study import draw_study
from nodelens.figures.style import to_png

X = (1e-3, 1e-5, 1e-7)


def study(name: str, *series: Series, limit: float | None = None) -> Study:
    return Study(name, "spiral", "tolerance", "relative error", series, limit, ())


def test_a_study_has_a_curve_for_each_adjoint_with_its_slope() -> None:
    steep = Series("discrete", X, (2e-3, 3e-5, 1e-7), (10, 20, 30), slope=1.04)
    flat = Series("backsolve", X, (1e-2, 1e-2, float("nan")), (10, 20, 0), slope=None)
    (axes,) = draw_study(study("order", steep, flat, limit=1e-6)).axes
    first, second, limit = axes.lines
    np.testing.assert_array_equal(first.get_xydata(), np.transpose([steep.x, steep.y]))
    np.testing.assert_array_equal(second.get_ydata(), flat.y)
    assert set(limit.get_ydata()) == {1e-6}
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["discrete (slope 1.04)", "backsolve"]
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert axes.get_title(loc="left") == "The error falls with the tolerance: spiral"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("tolerance", "relative error")


def test_curves_that_coincide_are_marked_differently() -> None:
    same = [Series(name, X, (1e-3, 1e-5, 1e-7), None) for name in ("a", "b", "c")]
    (axes,) = draw_study(study("stiffness", *same)).axes
    marks = {(line.get_marker(), line.get_markersize(), line.get_color()) for line in axes.lines}
    assert len(marks) == 3
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["a", "b", "c"]


@pytest.mark.parametrize(("name", "top"), [("drift", 10.0), ("memory", None)])
def test_an_error_is_drawn_up_to_ten_times_the_gradient(name: str, top: float | None) -> None:
    (axes,) = draw_study(study(name, Series("backsolve", X, (1e-6, 1.0, 1e50), None))).axes
    if top is None:
        assert axes.get_ylim()[1] > 1e50
    else:
        assert axes.get_ylim() == pytest.approx((1e-7, top))


def test_the_proof_shows_the_adjoint_its_integrand_and_the_limit() -> None:
    times = np.linspace(0.0, 2.0, 11)
    integrand = np.outer(np.cos(times), np.arange(8.0))
    steps = 0.1 / 2.0 ** np.arange(9)
    curves = ProofCurves(
        name="growth",
        times=times,
        adjoint=np.stack([np.sin(times), times], axis=1),
        integrand=integrand,
        steps=steps,
        errors=3 * steps,
        order=1.0,
    )
    figure = draw_proof(curves)
    left, middle, right = figure.axes
    for line, values in zip(left.lines[:2], curves.adjoint.T, strict=True):
        np.testing.assert_array_equal(line.get_ydata(), values)
    # The largest of the eight, the largest first, and the line at zero.
    assert len(middle.lines) == CURVES + 1
    for line, index in zip(middle.lines[:CURVES], range(7, 1, -1), strict=True):
        np.testing.assert_array_equal(line.get_ydata(), integrand[:, index])
    errors, guide = right.lines
    np.testing.assert_array_equal(errors.get_xydata(), np.transpose([steps, 3 * steps]))
    np.testing.assert_allclose(guide.get_ydata(), 3 * steps)
    assert right.texts[0].get_text() == "slope 1.00"
    assert figure.get_suptitle() == "The adjoint of growth"
    assert to_png(figure).startswith(b"\x89PNG")
