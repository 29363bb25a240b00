"""Times as they are written in every flag and every setting.

A grid `start:stop:count` with both ends, such as `0:2:5`; a list, such as `0,0.5,1`; or the name of
a file.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated, NamedTuple

from nodelens.errors import UsageError
from nodelens.settings.checks import Check

MAX_TIMES = 1_000_000
SUFFIXES = (".csv", ".tsv", ".txt", ".npy", ".npz")
FORMS = "`0:2:5` (start:stop:count), `0,0.5,1`, or a file (CSV, TXT, NPY, NPZ)"


class Grid(NamedTuple):
    """Evenly spaced times, both ends included."""

    start: float
    stop: float
    number: int


def written_times(given: object) -> Grid | tuple[float, ...] | Path:
    """Returns what is written: a grid, a list of times, or the file that holds them.

    Args:
        given: A text, or a list of numbers.

    Raises:
        UsageError: If it is none of these, or its times cannot be those of a solve.
    """
    if isinstance(given, (list, tuple)):
        numbers = [x for x in given if isinstance(x, (int, float)) and not isinstance(x, bool)]
        if len(numbers) < len(given):
            wrong = next(x for x in given if x not in numbers)
            raise UsageError(f"{wrong!r} is no time; a list of numbers was expected")
        return checked_times([float(x) for x in numbers])
    if not isinstance(given, str) or not given.strip():
        raise UsageError(f"{given!r} is no list of times", hint=f"write them as {FORMS}")
    text = given.strip()
    if is_file(text):
        return Path(text)
    if ":" in text:
        return _grid(text)
    try:
        numbers = [float(word) for word in text.strip("[]()").split(",")]
    except ValueError as error:
        raise UsageError(f"{text!r} is no list of times", hint=f"write them as {FORMS}") from error
    return checked_times(numbers)


def is_file(text: str) -> bool:
    """Checks whether times are written as the name of a file."""
    return text.lower().endswith(SUFFIXES)


def checked_times(times: Sequence[float]) -> tuple[float, ...]:
    """Returns times that a solve can go through, from the first to the last.

    Raises:
        UsageError: If there are too few or too many, or one is not finite or turns back.
    """
    if not 2 <= len(times) <= MAX_TIMES:
        raise UsageError(f"2 to {MAX_TIMES:,} times were expected, {len(times):,} were given")
    for time in times:
        if not math.isfinite(time):
            raise UsageError(f"every time must be finite; {time:g} is not")
    direction = times[-1] - times[0]
    for before, after in pairwise(times):
        if (after - before) * direction < 0 or direction == 0:
            raise UsageError(
                "times must increase, or decrease, from the first to the last one; "
                f"{after:g} follows {before:g}"
            )
    return tuple(times)


def _grid(text: str) -> Grid:
    parts = text.split(":")
    try:
        grid = Grid(float(parts[0]), float(parts[1]), int(parts[2]))
        valid = len(parts) == 3 and 2 <= grid.number <= MAX_TIMES and grid.start != grid.stop
        valid = valid and math.isfinite(grid.start) and math.isfinite(grid.stop)
    except (ValueError, IndexError):
        valid = False
    if not valid:
        raise UsageError(
            f"{text!r} is not start:stop:count, two different numbers and a count from 2 to "
            f"{MAX_TIMES:,}",
            hint="for example 0:50:500",
        )
    return grid


def _check(value: object) -> object:
    try:
        written_times(value)
    except UsageError as error:
        hint = f" ({error.hint})" if error.hint else ""
        raise ValueError(error.message + hint) from error
    return tuple(value) if isinstance(value, list) else value


Times = Annotated[str | tuple[float, ...], Check(_check, lambda: FORMS)]
"""A setting: times as they were written; `nodelens.datasets.times.read_times` reads them."""
