"""The studies of the error of each adjoint: by tolerance, by stiffness, by drift and memory."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from nodelens.checking.checked_field import CheckedField
from nodelens.checking.comparison import STEPS_ADD_UP
from nodelens.checking.directions import choose_directions
from nodelens.checking.gradients import (
    chosen_problems,
    quick_compilation,
    solve_options,
)
from nodelens.checking.problem import CheckProblem
from nodelens.checking.referees import by_closed_form, solve_sensitivity
from nodelens.checking.settings import AdjointCheckSettings
from nodelens.checking.textbook import textbook_problem
from nodelens.checking.ways import CheckOptions, adjoint_way
from nodelens.errors import NumericalError, UsageError
from nodelens.figures.adjoint_curves import Series, Study
from nodelens.ode.status import DRIFT_LIMIT

TOLERANCES = (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10)
RATES = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
LADDER_TOLERANCE = 1e-6


def run_study(
    name: str,
    settings: AdjointCheckSettings,
    on_progress: Callable[[str, str], None] = lambda problem, part: None,
    given: CheckedField | None = None,
) -> Study:
    """Runs a study by its name.

    Args:
        name: `order`, `stiffness` or `drift`.
        settings: Problem (for `order`), adjoints and solver.
        on_progress: Called with the problem and the adjoint that begins.
        given: For `order`, a field that is studied instead of what the settings name.

    Raises:
        UsageError: If there is no such study, or it needs one problem and there are more.
    """
    with quick_compilation():
        if name == "order":
            return _order(settings, on_progress, given)
        if name in ("stiffness", "drift"):
            return _ladder(name, settings, on_progress)
    raise UsageError(f"there is no study {name!r}", hint="possible: order, stiffness, drift")


def _order(
    settings: AdjointCheckSettings,
    on_progress: Callable[[str, str], None],
    given: CheckedField | None,
) -> Study:
    """Finds the error of the whole gradient against the tolerance, with the slope in log-log."""
    problems, precision = chosen_problems(settings, given)
    if len(problems) != 1:
        raise UsageError(
            "the study of the order is about one problem",
            hint="choose one with `problems`, for instance spiral",
        )
    problem = problems[0].rounded(precision)
    options = solve_options(settings, precision)
    if options.fixed:
        raise UsageError(
            f"the study of the order varies the tolerance, which {options.solver} with steps of a "
            "fixed size does not heed",
            hint="choose a solver that adapts its steps, for instance dopri5, without step_size",
        )
    points = [
        (tolerance, problem, replace(options, rtol=tolerance, atol=tolerance))
        for tolerance in TOLERANCES
        if tolerance > 20 * np.finfo(precision).eps
    ]
    series = _errors(points, settings, on_progress)
    sentences = [
        f"{each.name}: error ~ tolerance^{each.slope:.2f}, {each.y[-1]:.1e} at {each.x[-1]:.0e}"
        for each in series
        if each.slope is not None
    ]
    label = "relative error of the gradient"
    return Study("order", problem.name, "tolerance", label, series, None, tuple(sentences))


def _ladder(
    name: str, settings: AdjointCheckSettings, on_progress: Callable[[str, str], None]
) -> Study:
    """Solves dz/dt = λ (cos t − z) on [0, 1] for rising λ: the error, or `backsolve`'s drift."""
    stiff = textbook_problem("stiff", settings.seed)
    # Observed at the end only, so that the way back is one piece.
    ladder = replace(stiff, z0=np.full(3, 1.5), times=np.array([0.0, 1.0]))
    options = solve_options(settings)
    if settings.solver.rtol is None:
        options = replace(options, rtol=LADDER_TOLERANCE, atol=LADDER_TOLERANCE)
    points = [
        (rate, replace(ladder, params={"lambda": rate * np.array([1.0, 0.7, 0.5])}), options)
        for rate in RATES
    ]
    if name == "drift":
        series: tuple[Series, ...] = (_drift(points, on_progress),)
        label, limit = "drift of the state solved backwards", DRIFT_LIMIT
    else:
        series = _errors(points, settings, on_progress, block="theta")
        label, limit = "relative error of dL/dλ", STEPS_ADD_UP * options.rtol
    return Study(name, "stiff", "λ", label, series, limit, tuple(_advice(series, limit, label)))


def _advice(series: Iterable[Series], limit: float, label: str) -> list[str]:
    """Says up to which λ each adjoint can be used."""
    sentences = []
    for each in series:
        bad = [x for x, y in zip(each.x, each.y, strict=True) if not y <= limit]
        if bad:
            advice = " or has no solution" if any(y != y for y in each.y) else ""
            sentences.append(
                f"{each.name}: the {label} exceeds {limit:.0e}{advice} from λ = {bad[0]:g} on"
                + ("; use discrete there" if each.name == "backsolve" else "")
            )
        else:
            sentences.append(f"{each.name}: stays within {limit:.0e} up to λ = {each.x[-1]:g}")
    return sentences


Points = list[tuple[float, CheckProblem, CheckOptions]]


def _errors(
    points: Points,
    settings: AdjointCheckSettings,
    on_progress: Callable[[str, str], None],
    block: str | None = None,
) -> tuple[Series, ...]:
    """Finds ‖g − g_ref‖ / ‖g_ref‖ of one block, or of all, for each adjoint at each point."""
    references: dict[int, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}
    for _, problem, _ in points:
        if id(problem) not in references:
            directions = choose_directions(problem.layout, settings.seed)
            weights = problem.weights(settings.seed)
            reference = by_closed_form(problem, directions, weights)
            if reference is None:
                reference = solve_sensitivity(problem, directions).reference(weights)
            rows = np.arange(len(directions.rows))
            for each in problem.layout.blocks():
                rows = directions.of(each) if each.name == block else rows
            references[id(problem)] = (directions.rows[rows], weights, reference.values[rows])
    found = []
    for name in settings.chosen_adjoints():
        on_progress(points[0][1].name, name)
        way, errors, counts = adjoint_way(name), [], []
        for _, problem, options in points:
            rows, weights, values = references[id(problem)]
            try:
                result = way(problem, weights, options)
            except NumericalError:
                errors.append(float("nan"))
                counts.append(0)
                continue
            error = np.linalg.norm(rows @ result.gradient - values) / np.linalg.norm(values)
            errors.append(float(error))
            counts.append((result.cost.nfe_forward or 0) + (result.cost.nfe_backward or 0))
        x = tuple(float(point[0]) for point in points)
        found.append(Series(name, x, tuple(errors), tuple(counts), _slope(x, errors)))
    return tuple(found)


def _drift(points: Points, on_progress: Callable[[str, str], None]) -> Series:
    """Finds the drift that `backsolve` reports at each point."""
    on_progress(points[0][1].name, "backsolve")
    drifts, counts = [], []
    for _, problem, options in points:
        try:
            cost = adjoint_way("backsolve")(problem, problem.weights(0), options).cost
        except NumericalError:
            drifts.append(float("nan"))
            counts.append(0)
            continue
        drifts.append(float(cost.drift or 0.0))
        counts.append((cost.nfe_forward or 0) + (cost.nfe_backward or 0))
    x = tuple(float(point[0]) for point in points)
    return Series("backsolve", x, tuple(drifts), tuple(counts))


def _slope(x: Iterable[float], y: Iterable[float]) -> float | None:
    """Fits the slope of (log x, log y); None for fewer than three points."""
    pairs = [(a, b) for a, b in zip(x, y, strict=True) if b > 0]
    if len(pairs) < 3:
        return None
    logs = np.log(np.array(pairs))
    return float(np.polyfit(logs[:, 0], logs[:, 1], 1)[0])
