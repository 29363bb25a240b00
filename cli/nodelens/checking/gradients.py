"""The gradient of a solve by several ways, compared block by block."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import tensorflow as tf

from nodelens.checking.checked_field import CheckedField, problem_of
from nodelens.checking.comparison import STEPS_ADD_UP, Judge
from nodelens.checking.derivatives import check_derivatives
from nodelens.checking.directions import Directions, choose_directions
from nodelens.checking.problem import CheckProblem
from nodelens.checking.referees import (
    STIFF,
    RefereeError,
    Reference,
    by_central_differences,
    by_closed_form,
    by_complex_step,
    difference_steps,
    solve_sensitivity,
    stiffness,
)
from nodelens.checking.results import AGAIN, LOOSE, GradientReport, ProblemReport
from nodelens.checking.settings import AdjointCheckSettings
from nodelens.checking.textbook import textbook_problem
from nodelens.checking.ways import TAPE, CheckOptions, Found, Way, adjoint_way, taped_way
from nodelens.datasets.times import read_times
from nodelens.errors import NumericalError, UsageError
from nodelens.fields.loading import load_field
from nodelens.ode.adjoints import ADJOINTS
from nodelens.ode.options import SolveOptions
from nodelens.ode.solvers import SOLVERS
from nodelens.ode.user_code import first_line


def check_gradients(
    settings: AdjointCheckSettings,
    on_progress: Callable[[str, str], None] = lambda problem, part: None,
    given: CheckedField | None = None,
) -> GradientReport:
    """Compares adjoint gradients with every reference that applies.

    The loss is L = Σᵢ ⟨wᵢ, z(tᵢ)⟩ with random wᵢ, so that its gradient is as general as it can be.

    Args:
        settings: Problems, adjoints, solver and tolerance.
        on_progress: Called with the problem and the part of the work that begins.
        given: A field that is checked instead of what the settings name.

    Raises:
        NumericalError: If a solve failed.
    """
    problems, precision = chosen_problems(settings, given)
    options = solve_options(settings, precision, given)
    ways: dict[str, Way] = {name: adjoint_way(name) for name in settings.chosen_adjoints()}
    reports: list[ProblemReport] = []
    with quick_compilation():
        for problem in problems:
            closed = problem.flow is not None or problem.exact is not None
            tape = not closed or len(problems) == 1 or "direct" in ways
            reports.append(
                check_problem(
                    problem,
                    ways,
                    options,
                    settings,
                    tape=tape,
                    tighten=given is not None and given.tighten,
                    on_progress=on_progress,
                )
            )
            if settings.fail_fast and not reports[-1].passed:
                break
    return GradientReport(tuple(reports), settings, precision, options)


def chosen_problems(
    settings: AdjointCheckSettings, given: CheckedField | None = None
) -> tuple[list[CheckProblem], str]:
    """Makes the problems that the settings ask for, with the precision of their solves.

    Args:
        settings: The settings.
        given: A field that is checked instead.

    Raises:
        UsageError: If the user's own field cannot be checked.
    """
    if given is None and settings.field is None:
        names = settings.chosen_problems()
        return [textbook_problem(name, settings.seed) for name in names], settings.precision
    problem, precision = problem_of(given or _named_field(settings))
    return [problem], precision


def _named_field(settings: AdjointCheckSettings) -> CheckedField:
    """Loads the field that the settings name.

    Raises:
        UsageError: If it cannot be found, or its state is missing.
    """
    name = settings.field or ""
    field = load_field(name)
    if settings.z0 is None:
        raise UsageError(
            "the state at which the field is checked is missing",
            hint="give `z0`, for instance 1.0,0.5 or [[1.0, 0.5]]",
        )
    return CheckedField(name, field, settings.z0, read_times(settings.times))


def solve_options(
    settings: AdjointCheckSettings,
    precision: str | None = None,
    given: CheckedField | None = None,
) -> CheckOptions:
    """Makes the options of all solves.

    Args:
        settings: The settings.
        precision: That of a field that is given; otherwise the settings know.
        given: A field whose gradient has tolerances of its own.
    """
    precision = precision or settings.precision
    rtol, atol = settings.tolerances(precision)
    any_own = any(ADJOINTS[name].own_tolerances for name in settings.chosen_adjoints())
    own = given.solved if given and any_own else SolveOptions()
    return CheckOptions(
        solver=settings.solver.method,
        rtol=rtol,
        atol=atol,
        max_steps=settings.solver.max_steps,
        step_size=settings.solver.step_size,
        adjoint_rtol=own.adjoint_rtol,
        adjoint_atol=own.adjoint_atol,
        dtype=precision,
        jit_compile=settings.solver.jit_compile,
    )


def check_problem(
    problem: CheckProblem,
    ways: Mapping[str, Way],
    options: CheckOptions,
    settings: AdjointCheckSettings,
    *,
    tape: bool,
    tighten: bool = False,
    on_progress: Callable[[str, str], None] = lambda problem, part: None,
) -> ProblemReport:
    """Finds the gradient of one problem by every way and compares them all.

    Args:
        problem: The problem; rounded to the precision of the solve first.
        ways: The gradients under test, by the names of their adjoints.
        options: How they are solved.
        settings: Seed and tolerance.
        tape: Whether the tape through the solver is asked too.
        tighten: Whether the tolerances are tightened where a wrong gradient would pass.
        on_progress: Called with the problem and the part of the work that begins.

    Raises:
        NumericalError: If a solve failed.
        RefereeError: If SciPy cannot integrate the field.
    """
    seconds: dict[str, float] = {}

    @contextmanager
    def part(name: str) -> Iterator[None]:
        on_progress(problem.name, name)
        start = time.perf_counter()
        yield
        seconds[name] = time.perf_counter() - start

    problem = problem.rounded(options.dtype)
    weights = problem.weights(settings.seed).astype(options.dtype).astype(np.float64)
    directions = choose_directions(problem.layout, settings.seed)
    _require_solvable(problem, options)
    with part("step halving"):
        error = _solver_error(problem, weights, options, next(iter(ways.values())))
    epsilon = float(np.finfo(options.dtype).eps)
    tolerance = max(error, 30 * epsilon)
    with part("sensitivity"):
        sensitivity = solve_sensitivity(problem, directions, tolerance)
    judge = Judge(
        problem=problem,
        directions=directions,
        sensitivity=sensitivity,
        weights=weights,
        tolerance=tolerance,
        fixed=settings.tolerance,
        epsilon=epsilon,
    )
    references = [sensitivity.reference(weights)]
    tightened = None
    loosest = judge.loosest(references[0])
    if tighten and loosest > LOOSE and not options.fixed and settings.tolerance is None:
        tight = options.tighter(TIGHTER * loosest / LOOSE)
        tightened = tight.rtol, options.rtol
        # More steps than in the training may be needed.
        options = replace(tight, max_steps=MORE_STEPS * (options.max_steps or 1))
        tolerance = max(options.tolerance, 30 * epsilon)
        with part("sensitivity"):
            sensitivity = solve_sensitivity(problem, directions, tolerance)
        judge = replace(judge, sensitivity=sensitivity, tolerance=tolerance)
    skipped: dict[str, str] = {}
    references += _other_references(problem, directions, weights, part, skipped)
    checks = [c for other in references[1:] for c in judge.references(other, references[0])]
    if problem.sources is not None:
        with part("derivatives of f"):
            end = float(problem.times[-1]), sensitivity.states[-1]
            checks += check_derivatives(problem, *end, settings.seed)
    found: dict[str, Found] = {}
    if tape:
        try:
            with part(TAPE):
                found[TAPE] = replace(adjoint_way("direct")(problem, weights, options), method=TAPE)
        except NOT_DIFFERENTIATED as error:
            reason = "TensorFlow does not differentiate this field through a loop"
            skipped[TAPE] = f"{reason} ({first_line(error)[:100]})"
            if "direct" in ways:
                # The same tape: there is nothing to check of it.
                skipped["direct"] = skipped[TAPE]
                ways = {name: way for name, way in ways.items() if name != "direct"}
            if not ways:
                raise UsageError(
                    f"{reason}, which is all that the adjoint direct does",
                    hint="check another adjoint, such as discrete",
                ) from error
    for name, way in ways.items():
        with part(name):
            found[name] = way(problem, weights, options)
            user = taped_way(name, AGAIN)(problem, weights, options)
        checks += judge.between(found[name], user, exact=True)
    for name, gradient in found.items():
        checks.append(judge.states(gradient))
        for reference in references:
            checks += judge.against(gradient, reference)
        checks.append(judge.dot_products(gradient, settings.seed))
        if TAPE in found and name != TAPE:
            checks += judge.between(gradient, found[TAPE], exact=ADJOINTS[name].exact)
    costs = {name: gradient.cost for name, gradient in found.items()}
    judged = settings.tolerance is None
    return ProblemReport(problem.name, tuple(checks), costs, seconds, skipped, tightened, judged)


# Limits are brought so far below the loosest one that tells something, and so many times the steps
# are allowed for it.
TIGHTER = 100
MORE_STEPS = 100

# The errors that TensorFlow raises where an operation has no gradient inside a while loop.
NOT_DIFFERENTIATED = (LookupError, NotImplementedError, ValueError, tf.errors.OpError)

# A Dormand-Prince step is stable up to 3.3 along the negative axis; others come not far beyond.
STABLE = 4.0


def _require_solvable(problem: CheckProblem, options: CheckOptions) -> None:
    """Names stiffness as the cause before an explicit solver runs out of steps.

    Raises:
        NumericalError: If the field is stiffer than the solver can follow.
    """
    stiff = stiffness(problem)
    enough = options.max_steps is None or stiff / STABLE <= options.max_steps
    if not SOLVERS[options.solver].implicit and not enough:
        raise NumericalError(
            f"{problem.name!r} is too stiff for {options.solver}: ‖∂f/∂z‖·|t1 - t0| = {stiff:.1e} "
            f"asks for more than the {options.max_steps:,} steps of max_steps",
            hint="choose an implicit solver as `solver.method`, for instance kvaerno3",
        )


def _solver_error(
    problem: CheckProblem, weights: np.ndarray, options: CheckOptions, way: Way
) -> float:
    """Returns the error that the solver may make: its tolerance, or the change by half a step.

    The states of a fixed step h are off by about 2ᵖ / (2ᵖ - 1) ≤ 2 times what h/2 changes. That is
    the error of the whole solve, of which a tolerance is a hundredth part, and ten times as much is
    allowed for.

    Raises:
        UsageError: If the steps are fixed and their size is not known.
    """
    if not options.fixed:
        return options.tolerance
    if options.step_size is None:
        raise UsageError(
            f"{options.solver} takes steps of a fixed size and heeds no tolerance, and the size is "
            "not given",
            hint="give it, for instance solver.step_size=0.01; the gradient is then "
            "judged by what half the step changes",
        )
    rough, fine = (way(problem, weights, each).states for each in (options, options.tighter(1)))
    size = float(np.linalg.norm(fine))
    return 10 / STEPS_ADD_UP * 2 * float(np.linalg.norm(rough - fine)) / (size or 1.0)


def _other_references(
    problem: CheckProblem,
    directions: Directions,
    weights: np.ndarray,
    part: Any,
    skipped: dict[str, str],
) -> list[Reference]:
    """Finds the closed form, the complex step and central differences, where they apply.

    Differences move z0, parameters and times by amounts at which the field may be no field any
    more: they are then left out, which is noted in `skipped`.
    """
    closed = by_closed_form(problem, directions, weights)
    references = [] if closed is None else [closed]
    if stiffness(problem) > STIFF:
        # Their explicit method would take too long.
        return references
    if problem.plain.analytic:
        with part("complex step"):
            references.append(by_complex_step(problem, directions, weights))
    try:
        with part("differences"):
            references.append(by_central_differences(problem, directions, weights))
    except RefereeError as error:
        moved = f"{difference_steps(problem)[0]:.1g}"
        moved += "" if problem.scale is None else " (z0 by as much of its size)"
        skipped["differences"] = f"with z0, a parameter or a time moved by {moved}, {error}"
    return references


@contextmanager
def quick_compilation() -> Iterator[None]:
    """Leaves out TensorFlow's optimiser of graphs: each graph here is run a few times only."""
    before = tf.config.optimizer.get_experimental_options()
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    try:
        yield
    finally:
        kept = before.get("disable_meta_optimizer", False)
        tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": kept})
