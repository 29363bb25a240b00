"""The columns of conv-params' tables, declared once for the terminal, CSV and Markdown."""

import csv
import io
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from nodelens.conv.accounting import Accounting, LayerAccount
from nodelens.conv.explanation import window_text
from nodelens.conv.shapes import format_shape, times
from nodelens.report.conv.pieces import digits, field_text
from nodelens.report.short_numbers import short_bytes, short_count


class Column(NamedTuple):
    """One column.

    Attributes:
        name: Its name in CSV, and in `Totals` where it has a sum.
        value: Its value for a layer.
        title: Its head in a table for readers.
        write: Makes the text for readers from the value.
        summed: True if it has a sum.
        left: True if it is aligned to the left.
    """

    name: str
    value: Callable[[LayerAccount], Any]
    title: str = ""
    write: Callable[[Any], str] = str
    summed: bool = False
    left: bool = True

    def text(self, layer: LayerAccount) -> str:
        """Returns the text of a layer for readers."""
        return self.write(self.value(layer))

    def total(self, totals: object) -> str:
        """Returns the sum for readers; empty where there is none."""
        return self.write(getattr(totals, self.name)) if self.summed else ""


def _axes(aspect: str) -> Callable[[LayerAccount], Any]:
    """Returns the function that reads one figure of the receptive field on all axes."""

    def values(layer: LayerAccount) -> Any:
        return tuple(getattr(axis, aspect) for axis in layer.receptive_field or ()) or None

    return values


def _centre_text(values: Any) -> str:
    return times(["?" if value is None else f"{value:g}" for value in values or ()])


def _same(name: str, title: str = "", write: Callable[[Any], str] = str, **more: Any) -> Column:
    """Makes the column of an attribute of `LayerAccount`."""
    return Column(name, lambda layer: getattr(layer, name), title, write, **more)


NAME, TYPE = _same("name", "layer"), _same("type", "type")
OUTPUT = _same("output_shape", "output", format_shape)
WINDOW = Column("window", window_text, "window")
PARAMS = Column("params", lambda layer: layer.params.total, "params", digits, True, False)
MACS = _same("macs", "MACs", short_count, summed=True, left=False)
MEMORY = _same("activation_bytes", "memory", short_bytes, summed=True, left=False)
FIELD = Column("receptive_field", field_text, "field", left=False)
CENTRE = Column("receptive_field_center", _axes("center"), "centre", write=_centre_text, left=False)

NARROW = (NAME, OUTPUT, WINDOW, PARAMS, MACS, FIELD)
WIDE = (NAME, TYPE, OUTPUT, WINDOW, PARAMS, MACS, MEMORY, FIELD, CENTRE)
MARKDOWN = (
    *(NAME._replace(write="`{}`".format), TYPE, OUTPUT, PARAMS, MACS._replace(write=digits)),
    FIELD._replace(title="receptive field", left=True),
)
CSV = (
    *(NAME, TYPE, Column("inputs", lambda layer: "+".join(layer.inputs)), _same("input_shape")),
    *(OUTPUT, _same("kernel_size"), _same("strides"), _same("padding")),
    Column(
        "pads",
        lambda layer: layer.pads and [pad and f"{pad[0]}:{pad[1]}" for pad in layer.pads],
    ),
    *(_same("dilation"), _same("groups")),
    Column("kernel", lambda layer: layer.params.kernel),
    Column("bias", lambda layer: layer.params.bias),
    Column("trainable", lambda layer: layer.params.trainable),
    Column("non_trainable", lambda layer: layer.params.non_trainable),
    *(PARAMS, MACS, _same("flops"), MEMORY),
    Column("receptive_field_size", _axes("size")),
    Column("receptive_field_stride", _axes("stride")),
    Column("receptive_field_padding", _axes("padding")),
    CENTRE,
)


def csv_text(accounting: Accounting) -> str:
    """Returns a line for each layer, with every figure; axes are joined by `x`."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([column.name for column in CSV])
    for layer in accounting.layers:
        writer.writerow([_plain(column.value(layer)) for column in CSV])
    return buffer.getvalue()


def markdown_text(accounting: Accounting) -> str:
    """Returns a table in Markdown, with the totals in its last line."""

    def line(cells: Iterable[str]) -> str:
        return f"| {' | '.join(cells)} |"

    totals = [column.total(accounting.totals) for column in MARKDOWN[1:]]
    lines = [
        line(column.title for column in MARKDOWN),
        f"|{'|'.join(':--' if column.left else '--:' for column in MARKDOWN)}|",
        *(line(column.text(layer) for column in MARKDOWN) for layer in accounting.layers),
        f"| **total** |{'|'.join(f' **{text}** ' if text else ' ' for text in totals)}|",
    ]
    return "\n".join(lines) + "\n"


def _plain(value: Any) -> Any:
    """Returns the value as a cell of CSV; what is unknown on an axis is `?`."""
    if not isinstance(value, (list, tuple)):
        return value
    return "x".join("?" if axis is None else str(axis) for axis in value)
