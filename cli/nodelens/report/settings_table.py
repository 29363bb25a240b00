"""The settings in force, each with its origin."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table


def settings_table(values: dict[str, Any], origins: dict[str, str]) -> "Table":
    """Makes a table of dotted keys, values and origins.

    Args:
        values: The settings as nested plain values.
        origins: The origin of the value of each dotted key.
    """
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("setting", style="bold", no_wrap=True)
    table.add_column("value", overflow="fold")
    table.add_column("origin", overflow="fold")
    for key, value in _leaves(values, ""):
        origin = origins.get(key, "default")
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        table.add_row(key, text, origin, style="dim" if origin == "default" else None)
    return table


def _leaves(value: Any, key: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for name, item in value.items():
            yield from _leaves(item, f"{key}.{name}" if key else str(name))
    else:
        yield key, value
