"""The suite `fields`: every kind of vector field is checked, and every wrong one must be found."""

import gc
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from nodelens.checking.checked_field import problem_of
from nodelens.checking.gradients import check_problem, quick_compilation, solve_options
from nodelens.checking.results import Check, ProblemReport
from nodelens.checking.settings import AdjointCheckSettings
from nodelens.checking.suite_fields import REFUSED, SuiteCase
from nodelens.checking.ways import adjoint_way
from nodelens.errors import UsageError
from nodelens.ode.solve import forget_compiled_solves


@dataclass(frozen=True)
class CaseReport:
    """The outcome for one field.

    Attributes:
        name: The field.
        fault: The right outcome; see `SuiteCase`.
        found: The checks; None if the field was refused.
        refusal: Why it was refused.
    """

    name: str
    fault: str | None
    found: ProblemReport | None
    refusal: str = ""

    @property
    def failed(self) -> list[Check]:
        """The comparisons that disagree, the worst first."""
        checks = self.found.checks if self.found else ()
        return sorted((c for c in checks if not c.passed), key=lambda c: -c.badness)

    @property
    def passed(self) -> bool:
        """True if the outcome is the right one."""
        if self.found is None or self.fault == REFUSED:
            return self.found is None and self.fault == REFUSED
        if self.fault is None:
            return self.found.passed
        return self.fault in {check.block for check in self.failed}


@dataclass(frozen=True)
class SuiteReport:
    """The outcome of a suite."""

    cases: tuple[CaseReport, ...]

    @property
    def passed(self) -> bool:
        """True if every outcome is the right one."""
        return all(case.passed for case in self.cases)


def check_suite(
    cases: Iterable[SuiteCase],
    settings: AdjointCheckSettings,
    on_progress: Callable[[str, str], None] = lambda problem, part: None,
) -> SuiteReport:
    """Checks each field of a suite with each adjoint that the settings name.

    Args:
        cases: The fields, such as `suite_cases()`.
        settings: Adjoints, solver, tolerance and seed.
        on_progress: Called with the field and the part of the work that begins.

    Raises:
        NumericalError: If a solve failed.
    """
    ways = {name: adjoint_way(name) for name in settings.chosen_adjoints()}
    reports = []
    with quick_compilation():
        for case in cases:
            try:
                problem, precision = problem_of(case.given)
            except UsageError as error:
                reports.append(CaseReport(case.given.name, case.fault, None, error.message))
                continue
            found = check_problem(
                problem,
                ways,
                solve_options(settings, precision),
                settings,
                tape=True,
                on_progress=on_progress,
            )
            reports.append(CaseReport(case.given.name, case.fault, found))
            # TensorFlow keeps a gigabyte of graphs for every ten fields.
            forget_compiled_solves()
            gc.collect()
    return SuiteReport(tuple(reports))
