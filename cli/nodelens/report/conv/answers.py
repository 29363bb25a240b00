"""The answers of conv-params that are no accounting: differences, and ways to a size."""

from collections.abc import Sequence
from textwrap import fill
from typing import Any

from nodelens.report.conv.pieces import Row, aligned, plural, shape_text, times


def changes_text(changes: Sequence[Row], ours: str, theirs: str, width: int) -> str:
    """The differences of two networks.

    Args:
        changes: Mappings with `layer`, `aspect`, `ours`, `theirs`.
        ours: What the first network is called.
        theirs: What the second network is called.
        width: Columns of the terminal.
    """
    if not changes:
        return f"{ours} and {theirs} are the same."
    rows: list[list[str] | None] = [["layer", "what", ours, theirs, "difference"], None]
    for change in changes:
        one, two = change["ours"], change["theirs"]
        rows.append(
            [change["layer"], change["aspect"], _plain(one), _plain(two), _difference(one, two)]
        )
    return "\n".join(aligned(rows, width, {0, 1, 2, 3, 4}))


def ways_text(
    ways: Sequence[Row], sizes: Sequence[int | None], target: Sequence[int], width: int
) -> str:
    """The windows that lead from one size to another.

    Args:
        ways: Mappings with `kernel_size`, `strides`, `padding`, `pads`.
        sizes: Spatial sizes of the input.
        target: Spatial sizes aimed at.
        width: Columns of the terminal.
    """
    aim = f"from {shape_text(sizes)} to {shape_text(target)}"
    if not ways:
        return fill(f"No window of one kernel size up to 11 and one stride leads {aim}.", width)
    rows: list[list[str] | None] = [["kernel", "stride", "padding", "zeros before, after"], None]
    for way in ways:
        zeros = "; ".join(f"{before}, {after}" for before, after in way["pads"])
        rows.append([times(way["kernel_size"]), times(way["strides"]), way["padding"], zeros])
    title = f"{plural(len(ways), 'window')} {aim}"
    return "\n".join([title, "", *aligned(rows, width, {0, 1, 2, 3})])


def _difference(one: Any, two: Any) -> str:
    """The difference of two counts, as a factor where they are far from each other."""
    if not (isinstance(one, int) and isinstance(two, int)) or isinstance(one, bool):
        return ""
    if one and two >= 10 * one:
        return f"×{two // one:,}"
    return f"{two - one:+,}" + (f" ({100 * (two - one) / one:+.1f} %)" if one else "")


def _plain(value: Any) -> str:
    """A value of a comparison."""
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "–"}[value]
    if isinstance(value, list):
        return shape_text(value)
    return f"{value:,}" if isinstance(value, int) else str(value)
