"""Tables of named things, such as methods and solvers: one row each, found and loaded by name.

A table is a plain mapping from names to rows, read whenever a name is looked up: whoever adds a row
has added a choice. Rows are light, so that help and refusals need no numerical library; what is
heavy stands in them as the text `module:attribute` and is loaded when it is first used.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from importlib import import_module
from typing import Any, Protocol, TypeVar


class Named(Protocol):
    """A row that is found by its name."""

    @property
    def name(self) -> str:
        """The name that a user gives."""


Row = TypeVar("Row", bound=Named)


def table(*rows: Row) -> dict[str, Row]:
    """Makes a table of rows, in their order.

    Args:
        rows: The rows.

    Returns:
        The rows by name.

    Raises:
        ValueError: Two rows have the same name.
    """
    found = {row.name: row for row in rows}
    if len(found) < len(rows):
        raise ValueError(f"a name is taken twice: {', '.join(row.name for row in rows)}")
    return found


def load(place: str) -> Any:
    """Loads what a row names.

    Args:
        place: `module:attribute`, such as `nodelens.explaining.methods.cam:gradcam`.

    Returns:
        The attribute of the module.
    """
    module, _, attribute = place.partition(":")
    return getattr(import_module(module), attribute)


def not_a_choice(word: object, choices: Iterable[str]) -> str:
    """Makes the sentence that refuses a name which is not in a table.

    Args:
        word: What was given.
        choices: The names that are known.

    Returns:
        The sentence, with the nearest name, or with all where none is near.
    """
    return f"{word!r} is not a choice{suggestion(str(word), choices)}"


def suggestion(word: str, choices: Iterable[str]) -> str:
    """Makes the end of a sentence that refuses a word.

    Args:
        word: What was given.
        choices: The words that are known.

    Returns:
        The nearest known word, or all where none is near; empty where none is known.
    """
    known = list(choices)
    if close := get_close_matches(word, known, n=1, cutoff=0.6):
        return f"; did you mean `{close[0]}`?"
    return f"; possible: {', '.join(known)}" if known else ""
