"""The table that compares how faithful the maps of `gradcam` are."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import RenderableType


def metrics_table(rows: Sequence[dict[str, Any]]) -> "RenderableType":
    """The mean measures of each method at each layer.

    Args:
        rows: As in the JSON document.

    Returns:
        A table; the arrows tell which way is better.
    """
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="dim")
    for heading in ("method", "layer"):
        table.add_column(heading, no_wrap=True)
    for heading in ("maps", "deletion ↓", "insertion ↑", "average drop ↓", "increase ↑"):
        table.add_column(heading, justify="right")
    for row in rows:
        table.add_row(
            row["method"],
            row["layer"],
            str(row["maps"]),
            f"{row['deletion']:.3f}",
            f"{row['insertion']:.3f}",
            f"{row['average_drop']:.1%}",
            f"{row['increase_in_confidence']:.1%}",
        )
    return table
