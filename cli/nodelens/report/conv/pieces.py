"""The pieces of conv-params' text: shapes, windows, fields, and rows with aligned columns."""

from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import Any

Row = dict[str, Any]


def aligned(
    rows: Sequence[list[str] | None], width: int, left: Iterable[int], least: int = 12
) -> list[str]:
    """Rows as lines with their columns below each other.

    Args:
        rows: Cells of each row; None is a rule.
        width: Columns of the terminal; the first column is shortened to fit.
        left: Columns that are aligned to the left; the others are numbers.
        least: Columns that the first column keeps.
    """
    cells = [row for row in rows if row is not None]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    excess = sum(widths) + 2 * (len(widths) - 1) - width
    if excess > 0:
        widths[0] = max(widths[0] - excess, min(widths[0], least))
    lines, to_the_left = [], set(left)
    sides = ["<" if column in to_the_left else ">" for column in range(len(widths))]
    line = "  ".join(f"{{:{side}{size}}}" for side, size in zip(sides, widths, strict=True))
    for row in rows:
        if row is None:
            lines.append("─" * (sum(widths) + 2 * (len(widths) - 1)))
            continue
        lines.append(line.format(_shortened(row[0], widths[0]), *row[1:]).rstrip())
    return lines


def folded(lines: Sequence[str], width: int, indent: int = 13) -> list[str]:
    """Lines of a word and its text, those that are too long folded under the text.

    Args:
        lines: Lines whose text begins at column `indent`.
        width: Columns of the terminal.
        indent: Where the text begins.
    """
    found: list[str] = []
    for line in lines:
        found += wrap(
            line,
            width,
            subsequent_indent=" " * indent,
            drop_whitespace=True,
            break_long_words=False,
        )
    return found


def shape_text(shape: Sequence[int | None]) -> str:
    """A shape as people write it, `?` for an unknown size."""
    inner = ", ".join("?" if size is None else str(size) for size in shape)
    return f"({inner},)" if len(shape) == 1 else f"({inner})"


def field_text(layer: Row) -> str:
    """Size and stride of a receptive field, in short."""
    fields = layer["receptive_field"]
    if not fields:
        return "global" if layer["receptive_field_global"] else "–"
    sizes = [axis["size"] for axis in fields]
    return f"{crossed(sizes)} /{times([axis['stride'] for axis in fields])}"


def window_text(layer: Row) -> str:
    """Kernel, stride, padding, dilation and groups, in short."""
    kernel = layer["kernel_size"]
    if kernel is None:
        return _border(layer)
    words = [crossed(kernel)]
    if any(stride != 1 for stride in layer["strides"]):
        words.append(f"/{times(layer['strides'])}")
    if layer["padding"] != "valid":
        words.append(layer["padding"])
    if any(step != 1 for step in layer["dilation"]):
        words.append(f"d{times(layer['dilation'])}")
    if (layer["groups"] or 1) > 1:
        words.append(f"g{layer['groups']}")
    return " ".join(words)


def crossed(values: Sequence[Any]) -> str:
    """Values of the axes, every one of them: `3×3`."""
    return "×".join(str(value) for value in values)


def times(values: Sequence[Any]) -> str:
    """Values of the axes, once if they are equal: `3`, `3×5`."""
    texts = [f"{value:g}" if isinstance(value, float) else str(value) for value in values]
    return texts[0] if len(set(texts)) == 1 and len(texts) > 1 else "×".join(texts)


def plural(number: int, word: str) -> str:
    """A number of things: `1 layer`, `2 layers`."""
    return f"{number:,} {word}" + ("" if number == 1 else "s")


def _border(layer: Row) -> str:
    """What a layer without a window adds around its input, or cuts off, in short."""
    pads = layer["pads"]
    if not pads:
        return ""
    amounts = ["+".join(str(abs(amount)) for amount in sorted(set(pad))) for pad in pads]
    return ("crop " if min(map(min, pads)) < 0 else "pad ") + times(amounts)


def _shortened(text: str, width: int) -> str:
    """A text cut in its middle to fit."""
    if len(text) <= width:
        return text
    head = (width - 1) // 2
    return f"{text[:head]}…{text[len(text) - (width - 1 - head) :]}"
