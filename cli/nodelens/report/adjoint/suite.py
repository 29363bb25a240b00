"""The outcome of a suite of fields as a table and one sentence."""

from typing import TYPE_CHECKING

from nodelens.checking.suite import CaseReport, SuiteReport
from nodelens.report.adjoint.names import block_name
from nodelens.report.adjoint.table import BADNESS, plain_table, verdict_word

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text


def suite_table(report: SuiteReport) -> "Table":
    """Makes a row for each field: what is right, and the comparison closest to its limit."""
    table = plain_table("field", ("expected", "gradient"))
    for heading in ("rel. error", "limit"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for case in report.cases:
        table.add_row(case.name, _expected(case), *_worst(case), verdict_word(case.passed))
    return table


def suite_verdict(report: SuiteReport) -> "Text":
    """Says in one sentence how many fields came out right, or which did not."""
    from rich.text import Text

    wrong = [case.name for case in report.cases if not case.passed]
    faulty = sum(case.fault is not None for case in report.cases)
    if wrong:
        return Text(f"fail: not as expected: {', '.join(wrong)}", style="bold red")
    return Text(
        f"pass: {len(report.cases) - faulty} fields have right gradients, and all {faulty} that "
        "are wrong on purpose are found",
        style="bold green",
    )


def _expected(case: CaseReport) -> str:
    if case.fault is None:
        return "right"
    return case.fault if "." not in case.fault else f"wrong {block_name(case.fault)}"


def _worst(case: CaseReport) -> tuple[str, str, str]:
    if case.found is None:
        return "refused", "", ""
    worst = max(case.found.checks, key=BADNESS)
    return block_name(worst.block), f"{worst.rel_error:.1e}", f"{worst.tolerance:.0e}"
