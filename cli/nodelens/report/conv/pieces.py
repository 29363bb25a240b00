"""The pieces of conv-params' text: short texts of a layer, and rows with aligned columns."""

from collections.abc import Iterable, Sequence
from textwrap import wrap

from nodelens.conv.accounting import LayerAccount
from nodelens.conv.shapes import crossed, times


def aligned(
    rows: Sequence[Sequence[str] | None], width: int, left: Iterable[int], least: int = 12
) -> list[str]:
    """Returns rows as lines with their columns below each other.

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
    """Returns lines of a word and its text, the long ones folded under the text.

    Args:
        lines: Lines whose text begins at column `indent`.
        width: Columns of the terminal.
        indent: The column at which the text begins.
    """
    found: list[str] = []
    for line in lines:
        found += wrap(line, width, subsequent_indent=" " * indent, break_long_words=False)
    return found


def field_text(layer: LayerAccount) -> str:
    """Returns size and stride of a receptive field, in short."""
    fields = layer.receptive_field
    if not fields:
        return "global" if layer.receptive_field_global else "–"
    return f"{crossed(axis.size for axis in fields)} /{times(axis.stride for axis in fields)}"


def digits(number: int | None) -> str:
    """Returns all digits of a count."""
    return "?" if number is None else f"{number:,}"


def plural(number: int, word: str) -> str:
    """Returns a number of things: `1 layer`, `2 layers`."""
    return f"{number:,} {word}" + ("" if number == 1 else "s")


def _shortened(text: str, width: int) -> str:
    """A text cut in its middle to fit."""
    if len(text) <= width:
        return text
    head = (width - 1) // 2
    return f"{text[:head]}…{text[len(text) - (width - 1 - head) :]}"
