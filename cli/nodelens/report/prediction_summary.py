"""A prediction in a few lines."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

SHOWN = 5


def prediction_summary(document: dict[str, Any]) -> "Table":
    """A table of where the trajectories start and end, and of the files.

    Args:
        document: The JSON document of `predict-ode`.
    """
    from rich.table import Table

    start, stop, count = document["times"]
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("times", f"{start:g} to {stop:g}, {count:,} of them")
    pairs = list(zip(document["initial"], document["final"], strict=True))
    for initial, final in pairs[:SHOWN]:
        table.add_row("state", f"{_state(initial)} → {_state(final)}")
    if len(pairs) > SHOWN:
        table.add_row("", f"and {len(pairs) - SHOWN:,} more")
    for name, path in document["files"].items():
        table.add_row(name, path)
    return table


def _state(values: Any) -> str:
    return "(" + ", ".join(f"{value:.4g}" for value in values) + ")"
