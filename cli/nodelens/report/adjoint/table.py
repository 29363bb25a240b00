"""The verdict on gradients as tables and one sentence."""

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING

from nodelens.checking.results import Check, GradientReport
from nodelens.report.adjoint.names import block_name, gradient_name

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

# More names than these in one sentence are not read.
NAMED = 6
BADNESS = attrgetter("badness")


def adjoint_tables(report: GradientReport, *, every: bool = False) -> "list[Table]":
    """Makes the tables of a check, the worst row first.

    One problem has a row for each block of the gradient, several have a row each; a column for each
    method holds its largest relative error there, whatever the reference. Failures follow in full.

    Args:
        report: The outcome of the check.
        every: True if all comparisons follow in full.
    """
    methods = list(report.totals())
    checks = [check for check in report.checks if check.method in methods]
    several = len(report.problems) > 1
    table = plain_table("problem" if several else "gradient", ("closest to its limit",) * several)
    # Where there is little room a long heading is folded, and never a number cut.
    for heading in methods:
        table.add_column(heading, justify="right", min_width=5, overflow="fold")
    table.add_column("limit", justify="right", no_wrap=True, min_width=5)
    table.add_column("verdict", no_wrap=True, min_width=7)
    groups = _grouped(checks, "problem" if several else "block")
    for name, group in sorted(groups.items(), key=lambda item: -max(map(BADNESS, item[1]))):
        group = _telling(group)
        worst = max(group, key=BADNESS)
        block = gradient_name(worst)
        # Each column gives the error of its method in the block that is worst for that method.
        cells = [max(_of(group, method), key=BADNESS, default=None) for method in methods]
        table.add_row(
            *((name, block) if several else (block,)),
            *("" if cell is None else f"{cell.rel_error:.0e}" for cell in cells),
            f"{worst.tolerance:.0e}",
            _verdict(group),
        )
    tables = [table]
    shown = report.checks if every else [c for c in report.checks if not c.passed]
    if shown:
        tables.append(_full_table(shown, several=several, most=None if every else 20))
    return tables


def _verdict(checks: Sequence[Check]) -> str:
    """The verdict on comparisons: limits of which none tells anything are named."""
    if all(check.passed and check.loose for check in checks):
        return "[yellow]loose[/]"
    return verdict_word(all(check.passed for check in checks))


def _telling(checks: list[Check]) -> list[Check]:
    """The comparisons whose limits tell something, if there are such and none fails."""
    telling = [check for check in checks if not check.loose]
    return telling if telling and all(check.passed for check in checks) else checks


def _loose(report: GradientReport) -> list[str]:
    blocks = {problem.name: problem.loose() for problem in report.problems}
    return [
        f"on {name!r} a wrong {', '.join(block_name(block) for block in named)} would pass: it is "
        "too small beside what the solver may be off by"
        for name, named in blocks.items()
        if named
    ]


def _full_table(checks: Sequence[Check], *, several: bool, most: int | None) -> "Table":
    """Makes a row for each comparison."""
    table = plain_table("problem" if several else "gradient", ("gradient",) * several)
    for heading in ("found by", "against"):
        table.add_column(heading, no_wrap=True)
    for heading in ("rel. error", "1 - cosine", "limit"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for check in sorted(checks, key=BADNESS, reverse=True)[:most]:
        table.add_row(
            *((check.problem,) * several),
            gradient_name(check),
            check.method,
            check.reference,
            f"{check.rel_error:.1e}",
            f"{max(0.0, 1 - check.cosine):.0e}",
            f"{check.tolerance:.0e}",
            verdict_word(check.passed),
        )
    return table


def adjoint_verdict(report: GradientReport) -> "Text":
    """Says in one sentence how many gradients hold, or which do not."""
    from rich.text import Text

    checks, problems = report.checks, report.problems
    several = len(problems) > 1
    failed = sorted((c for c in checks if not c.passed), key=BADNESS, reverse=True)
    undecided = report.undecided()
    if not failed and undecided:
        where = ", ".join(repr(name) for name in undecided[:NAMED])
        rtol, atol = report.options.rtol, report.options.atol
        text = (
            f"undecided: on {where} the limits are too loose to tell a right gradient from a wrong "
            f"one; use tighter tolerances than rtol {rtol:.1g} and atol {atol:.1g}, or a smaller "
            "step of fixed size"
        )
        return Text(text + _beware([*report.drifts(), *report.skipped()]), style="bold red")
    if not failed:
        where = f"{len(problems)} problems" if several else f"the problem {report.name!r}"
        text = f"pass: all {len(checks)} comparisons on {where} agree"
        notes = [*report.drifts(), *report.skipped(), *report.tightened(), *_loose(report)]
        return Text.assemble((text, "bold green"), (_beware(notes), "bold yellow"))
    names = list(
        dict.fromkeys(
            " ".join([*((c.problem,) * several), c.method, gradient_name(c, with_shape=False)])
            for c in failed
        )
    )
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return Text(
        f"fail: {len(failed)} of {len(checks)} comparisons disagree: "
        f"{', '.join(names[:NAMED])}{more}"
        + "".join(f"\ncause: {cause}" for cause in report.causes()),
        style="bold red",
    )


def _beware(notes: Sequence[str]) -> str:
    return "".join(f"\nbeware: {note}" for note in notes)


def plain_table(first: str, others: Sequence[str]) -> "Table":
    """Makes a table without rows, whose first columns hold text."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in (first, *others):
        table.add_column(heading, no_wrap=True)
    return table


def verdict_word(passed: bool) -> str:
    """Returns the verdict as a word with a colour."""
    return "[green]pass[/]" if passed else "[bold red]FAIL[/]"


def _of(checks: Iterable[Check], method: str) -> list[Check]:
    return [check for check in checks if check.method == method]


def _grouped(checks: Iterable[Check], key: str) -> dict[str, list[Check]]:
    groups: dict[str, list[Check]] = {}
    for check in checks:
        groups.setdefault(getattr(check, key), []).append(check)
    return groups
