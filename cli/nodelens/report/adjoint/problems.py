"""The problems that there are, as a table."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table


def problems_table(equations: Mapping[str, str]) -> "Table":
    """Name and equation of each problem.

    Args:
        equations: The equations by name.
    """
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(no_wrap=True, style="bold")
    table.add_column()
    for name, equation in equations.items():
        table.add_row(name, equation)
    return table
