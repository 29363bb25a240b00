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
    start, stop, count = document["times"]
    pairs = list(zip(document["initial"], document["final"], strict=True))
    return _table(f"{start:g} to {stop:g}, {count:,} of them", "state", pairs, document["files"])


def slopes_summary(document: dict[str, Any]) -> "Table":
    """A table of the first values of a field, and of the files.

    Args:
        document: The JSON document of `predict-ode --field-only`.
    """
    times = document["times"]
    words = f"{min(times):g} to {max(times):g}" if min(times) < max(times) else f"{times[0]:g}"
    pairs = list(zip(document["states"], document["derivatives"], strict=True))
    return _table(words, "z → dz/dt", pairs, document["files"])


def _table(times: str, word: str, pairs: list[tuple[Any, Any]], files: dict[str, str]) -> "Table":
    from rich.table import Table

    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("times", times)
    for before, after in pairs[:SHOWN]:
        table.add_row(word, f"{_state(before)} → {_state(after)}")
    if len(pairs) > SHOWN:
        table.add_row("", f"and {len(pairs) - SHOWN:,} more")
    for name, path in files.items():
        table.add_row(name, path)
    return table


def _state(values: Any) -> str:
    return "(" + ", ".join(f"{value:.4g}" for value in values) + ")"


def samples_summary(document: dict[str, Any]) -> "Table":
    """A table of how many samples were taken for which class, and of the files.

    Args:
        document: The JSON document of `predict-ode` on a run that learned from samples.
    """
    from rich.table import Table

    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("samples", f"{document['samples']:,}")
    if "classes" in document:
        counts = ", ".join(f"{count:,} {name}" for name, count in document["classes"].items())
        table.add_row("classes", counts)
    if "accuracy" in document:
        table.add_row("accuracy", f"{document['accuracy']:.2%}")
    if "mean_absolute_error" in document:
        table.add_row("mean absolute error", f"{document['mean_absolute_error']:.4g}")
    for name, path in document["files"].items():
        table.add_row(name, path)
    return table
