"""The meaning of settings, as `--help-setting` prints it."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from nodelens.report.wrapped import wrapped
from nodelens.settings.meanings import Meaning

if TYPE_CHECKING:
    from rich.text import Text

INDENT = "    "


def setting_help(found: Sequence[Meaning], width: int) -> "Text":
    """Writes for each setting its key, its meaning, what it may be and its default.

    Args:
        found: The settings.
        width: The width of the text, in characters.
    """
    from rich.text import Text

    return Text("\n").join(Text(text, style=style) for text, style in _lines(found, width))


def _lines(found: Sequence[Meaning], width: int) -> Iterator[tuple[str, str]]:
    """Yields each line with its style."""
    for one in found:
        yield one.key, "bold"
        for line in wrapped(one.text, width, INDENT):
            yield line, ""
        name_width = max((len(name) for name, _ in one.choices), default=0)
        for name, text in one.choices:
            first = f"{INDENT * 2}{name:{name_width}}  "
            for line in wrapped(text, width, first, " " * len(first)):
                yield line, ""
        for text in _facts(one):
            for line in wrapped(text, width, INDENT):
                yield line, "dim"


def _facts(one: Meaning) -> Iterator[str]:
    """Yields what may be given, and where."""
    if one.allowed:
        default = "must be given" if one.must_be_given else f"default: {one.default}"
        # What the choices are is said with each of them.
        yield default if one.choices else f"values: {one.allowed}; {default}"
    for key, names in one.kinds:
        yield f"only of {key}: {', '.join(names)}"
