"""The table that compares how faithful the maps of `gradcam` are, as text and as HTML."""

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from nodelens.explaining.judging.registry import Measure, columns

if TYPE_CHECKING:
    from rich.console import RenderableType

    from nodelens.explaining.averages import MethodMeans

FEWEST = 3
"""Pictures from which on an interval is shown; over two it is wider than the whole range."""


def metrics_table(rows: "Sequence[MethodMeans]") -> "RenderableType":
    """Makes the table of the mean measures of each method at each layer.

    Args:
        rows: The comparison of methods.

    Returns:
        A table, and a line that says how to read it.
    """
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for heading in ("method", "layer"):
        table.add_column(heading)
    shown = columns(row.means for row in rows)
    for heading in ("maps", *(measure.heading for measure in shown)):
        table.add_column(heading, justify="right")
    for row in rows:
        style = "dim" if row.method == "random" else None
        cells = [_cell(row, measure, interval=True) for measure in shown]
        table.add_row(row.method, row.layer, str(row.maps), *cells, style=style)
    return Group(table, Text(_reading(rows), style="dim"))


def metrics_html(rows: "Sequence[MethodMeans]") -> str:
    """Makes the same table as HTML, without intervals."""
    shown = columns(row.means for row in rows)
    headings = ("maps", *(measure.heading for measure in shown))
    head = "".join(f'<th class="number">{heading}</th>' for heading in headings)
    body = ""
    for row in rows:
        cells = (str(row.maps), *(_cell(row, measure) for measure in shown))
        numbers = "".join(f'<td class="number">{cell}</td>' for cell in cells)
        body += f"<tr><td>{escape(row.method)}</td><td>{escape(row.layer)}</td>{numbers}</tr>\n"
    return f"<table>\n<tr><th>method</th><th>layer</th>{head}</tr>\n{body}</table>\n"


def _cell(row: "MethodMeans", measure: Measure, *, interval: bool = False) -> str:
    mean = row.means.get(measure.mean)
    if mean is None:
        return ""
    text = format(mean.value, measure.form)
    if not interval or row.pictures < FEWEST or mean.interval is None:
        return text
    low, high = mean.interval
    return f"{text} ±{format((high - low) / 2, measure.form)}"


def _reading(rows: "Sequence[MethodMeans]") -> str:
    pictures = max(row.pictures for row in rows)
    sentences = [
        "a method that is not clearly better than random has explained nothing"
        if any(row.method == "random" for row in rows)
        else "in boxes: the share of a map that lies in the boxes; pointing: its maximum does",
        *([f"± is half of a 95 % interval over {pictures} pictures"] if pictures >= FEWEST else []),
    ]
    return "; ".join(sentences)
