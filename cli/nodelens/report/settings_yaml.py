"""The settings in force as YAML: each with its origin beside it and its meaning above."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from nodelens.report.wrapped import wrapped
from nodelens.settings.meanings import Meaning
from nodelens.settings.yaml_text import written

if TYPE_CHECKING:
    from rich.text import Text

DEFAULT = "default"
INDENT = "  "


def settings_yaml(
    values: Mapping[str, Any],
    origins: Mapping[str, str],
    meanings: Mapping[str, Meaning],
    width: int,
) -> "Text":
    """Writes settings as a file that `--config` reads back.

    Args:
        values: The settings as nested plain values.
        origins: The origin of the value of each dotted key.
        meanings: The meaning of each dotted key.
        width: The width of the comments, in characters.
    """
    from rich.text import Text

    return Text("\n").join(
        Text(text, style=style) for text, style in _lines(values, "", 0, origins, meanings, width)
    )


def _lines(
    values: Mapping[str, Any],
    prefix: str,
    depth: int,
    origins: Mapping[str, str],
    meanings: Mapping[str, Meaning],
    width: int,
) -> Iterator[tuple[str, str]]:
    """Yields each line with its style."""
    indent = INDENT * depth
    for name, value in values.items():
        key = prefix + name
        origin = " ".join(origins.get(key, DEFAULT).split())
        group = isinstance(value, dict) and bool(value)
        if group and not depth:
            yield "", ""
        if meaning := meanings.get(key):
            default = None if group or origin == DEFAULT else meaning.default
            for line in wrapped(_comment(meaning, default), width, f"{indent}# "):
                yield line, "dim"
        if group:
            yield f"{indent}{written(name)}:", "bold"
            yield from _lines(value, f"{key}.", depth + 1, origins, meanings, width)
        else:
            style = "" if origin == DEFAULT else "bold"
            yield f"{indent}{written(name)}: {written(value)}  # {origin}", style


def _comment(meaning: Meaning, default: str | None) -> str:
    """Returns meaning and range; the default where another value is in force."""
    parts = [meaning.allowed, "" if default is None else f"default {default}"]
    inside = "; ".join(part for part in parts if part)
    return f"{meaning.text.rstrip('.')} ({inside})" if inside else meaning.text
