"""The error of a configuration: everything that is wrong with it, at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from nodelens.errors import UsageError

KeyPath = tuple[str | int, ...]

# Nobody reads more than this; the rest is counted.
MAX_FAULTS = 20


class Place(NamedTuple):
    """The place of a value; a tuple, because a file of 10,000 layers has 60,000 places.

    Attributes:
        source: A file, or the words of the command line that gave the value.
        line: The line in the file, from 1; None on the command line.
        column: The column in the line, from 1; None on the command line.
        excerpt: The offending line of the file.
    """

    source: str
    line: int | None = None
    column: int | None = None
    excerpt: str | None = None

    def __str__(self) -> str:
        if self.line is None:
            return self.source
        return f"{self.source}:{self.line}:{self.column}"


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong.

    Attributes:
        place: Where it was written.
        key: The dotted key, or an empty string where the whole file is meant.
        message: What is wrong and what was expected.
    """

    place: Place
    key: str
    message: str

    def __str__(self) -> str:
        head = f"{self.place}: {self.key}: " if self.key else f"{self.place}: "
        lines = [head + self.message]
        if self.place.excerpt is not None and self.place.column is not None:
            number = f"{self.place.line} | "
            lines.append(f"  {number}{self.place.excerpt}")
            lines.append("  " + " " * (len(number) + self.place.column - 1) + "^")
        return "\n".join(lines)


class SettingsError(UsageError):
    """The configuration is wrong (exit 2).

    Args:
        faults: Everything that is wrong, in the order in which it was written.
        hint: What to do next.
    """

    def __init__(self, faults: Sequence[Fault], *, hint: str | None = None) -> None:
        count = "one problem" if len(faults) == 1 else f"{len(faults)} problems"
        if len(faults) >= MAX_FAULTS:
            count = f"{MAX_FAULTS} problems or more"
        texts = "\n".join(str(fault) for fault in faults[:MAX_FAULTS])
        super().__init__(
            f"{count} in the configuration\n{texts}",
            hint=hint
            or "--show-config prints the settings in force and where each comes from, "
            "--help-setting KEY what one means and may be",
        )
        self.faults = tuple(faults)


def dotted(path: KeyPath) -> str:
    """Returns the path of keys as the user writes it: `training.steps`, `layers.0.filters`."""
    return ".".join(str(part) for part in path)


def nearest_place(path: KeyPath, places: Mapping[KeyPath, Place]) -> Place | None:
    """Returns where a value was written, or else what holds it."""
    held = (places.get(path[:length]) for length in range(len(path), 0, -1))
    return next((place for place in held if place), None)
