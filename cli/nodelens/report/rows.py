"""Rows of a name and a value as a table without a frame."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

Row = tuple[str, str]


def rows_table(rows: Iterable[Row]) -> "Table":
    """Makes a table of names in bold and values that are folded where they are too long.

    Args:
        rows: The names and values.
    """
    from rich.table import Table

    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(name, value)
    return table
