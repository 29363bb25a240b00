"""The problems that there are, as a table."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from nodelens.checking.problems import ProblemRow

if TYPE_CHECKING:
    from rich.table import Table


def problems_table(problems: Iterable[ProblemRow]) -> "Table":
    """Makes a table of the name and the equation of each problem."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(no_wrap=True, style="bold")
    table.add_column()
    for problem in problems:
        table.add_row(problem.name, problem.equation)
    return table
