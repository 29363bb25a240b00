"""Sentences broken into lines."""

import re
from textwrap import wrap

BOUND = re.compile(r" (?=[≥≤<>] )|(?<=[≥≤<>|]) ")
TOGETHER = "\N{NO-BREAK SPACE}"


def wrapped(text: str, width: int, first: str = "", following: str | None = None) -> list[str]:
    """Breaks a text into lines; words and bounds such as `number ≥ 1` stay whole.

    Args:
        text: The text.
        width: The width of the lines, in characters.
        first: The beginning of the first line.
        following: The beginning of the others; by default the same.
    """
    lines = wrap(
        BOUND.sub(TOGETHER, text),
        max(width, 40),
        initial_indent=first,
        subsequent_indent=first if following is None else following,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace(TOGETHER, " ") for line in lines]
