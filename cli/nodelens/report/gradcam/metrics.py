"""The table that compares how faithful the maps of `gradcam` are."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import RenderableType

COLUMNS = {
    "deletion": ("deletion ↓", ".3f"),
    "insertion": ("insertion ↑", ".3f"),
    "road": ("ROAD ↑", ".3f"),
    "average_drop": ("drop ↓", ".1%"),
    "increase_in_confidence": ("increase ↑", ".0%"),
    "sparsity": ("sparsity", ".2f"),
    "pointing_game": ("pointing ↑", ".0%"),
    "share_in_boxes": ("in boxes ↑", ".1%"),
}
"""The heading of each measure and the form of its numbers; the arrows tell which way is better."""


FEWEST = 3
"""Pictures from which on an interval is told; over two it is wider than the whole range."""


def metrics_table(rows: Sequence[dict[str, Any]]) -> "RenderableType":
    """The mean measures of each method at each layer.

    Args:
        rows: As in the JSON document.

    Returns:
        A table, and a line that tells how to read it.
    """
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for heading in ("method", "layer"):
        table.add_column(heading)
    table.add_column("maps", justify="right")
    shown = [name for name in COLUMNS if any(name in row for row in rows)]
    for name in shown:
        table.add_column(COLUMNS[name][0], justify="right")
    for row in rows:
        cells = [_cell(row, name) if name in row else "" for name in shown]
        style = "dim" if row["method"] == "random" else None
        table.add_row(row["method"], row["layer"], str(row["maps"]), *cells, style=style)
    return Group(table, Text(_reading(rows), style="dim"))


def _cell(row: dict[str, Any], name: str) -> str:
    form = COLUMNS[name][1]
    mean = format(row[name], form)
    if row["pictures"] < FEWEST:
        return mean
    low, high = row["intervals"][name]
    return f"{mean} ±{format((high - low) / 2, form)}"


def _reading(rows: Sequence[dict[str, Any]]) -> str:
    pictures = max(row["pictures"] for row in rows)
    said = [
        "a method that is not clearly better than random has explained nothing"
        if any(row["method"] == "random" for row in rows)
        else "in boxes: the share of a map that lies in the boxes; pointing: its maximum does",
        *([f"± is half of a 95 % interval over {pictures} pictures"] if pictures >= FEWEST else []),
    ]
    return "; ".join(said)
