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
    form, interval = COLUMNS[name][1], row["intervals"][name]
    mean = format(row[name], form)
    return mean if interval is None else f"{mean} ±{format((interval[1] - interval[0]) / 2, form)}"


def _reading(rows: Sequence[dict[str, Any]]) -> str:
    said = "a method that is not clearly better than random has explained nothing"
    if any(interval for row in rows for interval in row["intervals"].values()):
        pictures = max(row["pictures"] for row in rows)
        said += f"; ± is half of a 95 % interval over {pictures} pictures"
    return said
