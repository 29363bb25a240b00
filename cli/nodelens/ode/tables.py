"""Rows of tables: found by name, and what they name loaded when it is first used."""

import difflib
from collections.abc import Mapping
from importlib import import_module
from typing import Any, TypeVar

Row = TypeVar("Row")


def load(place: str) -> Any:
    """Loads an attribute of a module, given as `module:attribute`."""
    module, _, attribute = place.partition(":")
    return getattr(import_module(module), attribute)


def look_up(kind: str, name: str, table: Mapping[str, Row]) -> Row:
    """Finds a row by its name.

    Raises:
        ValueError: There is no such name; the nearest one is suggested.
    """
    if name in table:
        return table[name]
    near = difflib.get_close_matches(name, table, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise ValueError(f"There is no {kind} {name!r}.{hint} Known: {', '.join(sorted(table))}.")
