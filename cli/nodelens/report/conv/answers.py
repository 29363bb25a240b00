"""The answers of conv-params besides the accounting: differences, windows to a size, budgets."""

from collections.abc import Sequence
from textwrap import fill
from typing import Any

from nodelens.conv.difference import Change
from nodelens.conv.inverse import Affordable, Way
from nodelens.conv.shapes import format_shape, times
from nodelens.report.conv.pieces import aligned, plural


def changes_text(changes: Sequence[Change], ours: str, theirs: str, width: int) -> str:
    """Returns the differences of two networks.

    Args:
        changes: The differences.
        ours: The name of the first network.
        theirs: The name of the second network.
        width: Columns of the terminal.
    """
    if not changes:
        return f"{ours} and {theirs} are the same."
    rows: list[list[str] | None] = [["layer", "what", ours, theirs, "difference"], None]
    for change in changes:
        one, two = change.ours, change.theirs
        rows.append([change.layer, change.aspect, _plain(one), _plain(two), _difference(one, two)])
    return "\n".join(aligned(rows, width, range(5)))


def ways_text(
    ways: Sequence[Way], sizes: Sequence[int | None], target: Sequence[int], width: int
) -> str:
    """Returns the windows that lead from one size to another.

    Args:
        ways: The windows.
        sizes: Spatial sizes of the input.
        target: Spatial sizes of the output.
        width: Columns of the terminal.
    """
    aim = f"from {format_shape(sizes)} to {format_shape(target)}"
    if not ways:
        return fill(f"No window of one kernel size up to 11 and one stride leads {aim}.", width)
    rows: list[list[str] | None] = [["kernel", "stride", "padding", "zeros before, after"], None]
    for way in ways:
        zeros = "; ".join(f"{before}, {after}" for before, after in way.pads)
        rows.append([times(way.kernel), times(way.stride), way.padding, zeros])
    return "\n".join([f"{plural(len(ways), 'window')} {aim}", "", *aligned(rows, width, range(4))])


def budget_text(found: Affordable, budget: int) -> str:
    """Returns the number of filters within a budget of parameters."""
    if found.filters == 0:
        return f"not one filter: the fewest parameters are {found.next_params:,}, over {budget:,}"
    return (
        f"{found.filters:,} {found.key} take {found.params:,} parameters, "
        f"one more would take {found.next_params:,}"
    )


def _difference(one: Any, two: Any) -> str:
    """Returns the difference of two counts, as a factor where they are far from each other."""
    if not (isinstance(one, int) and isinstance(two, int)) or isinstance(one, bool):
        return ""
    if one and two >= 10 * one:
        return f"×{two // one:,}"
    return f"{two - one:+,}" + (f" ({100 * (two - one) / one:+.1f} %)" if one else "")


def _plain(value: Any) -> str:
    """Returns a value of a comparison."""
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "–"}[value]
    if isinstance(value, tuple):
        return format_shape(value)
    return f"{value:,}" if isinstance(value, int) else str(value)
