"""The progress of a batch of pictures, and its speed."""

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from nodelens.report.output import Output

Outcome = Literal["explained", "before", "failed"]
"""The outcome of a picture; `before`: it had been explained already."""

LOG_SECONDS = 30.0


@dataclass
class Pace:
    """The pictures that were dealt with, and the time it took.

    Attributes:
        count: The number of pictures.
        clock: The clock, in seconds.
        seen: The number of pictures with each outcome so far.
    """

    count: int
    clock: Callable[[], float] = time.monotonic
    seen: Counter[Outcome] = field(default_factory=Counter)
    _start: float = field(init=False)

    def __post_init__(self) -> None:
        self._start = self.clock()

    @property
    def done(self) -> int:
        """The number of pictures that were dealt with."""
        return self.seen.total()

    @property
    def explained(self) -> int:
        """The number of those that were explained now."""
        return self.seen["explained"]

    @property
    def seconds(self) -> float:
        """The time since the beginning."""
        return self.clock() - self._start

    @property
    def rate(self) -> float:
        """Pictures explained in a second."""
        return self.explained / self.seconds if self.seconds else 0.0

    def words(self) -> str:
        """Returns the speed, and the time that is left at that speed."""
        if not self.explained:
            return ""
        left = (self.count - self.done) / self.rate
        return f"{self.rate:.2g} images/s, {_time(left)} left"

    def summary(self) -> str:
        """Returns a summary of all pictures."""
        before = self.seen["before"]
        kept = f"{before} explained before and not again (--force does)" if before else ""
        fast = f"{self.explained} pictures in {_time(self.seconds)}: {self.rate:.2g} images/s"
        return "; ".join(part for part in (fast if self.explained else "", kept) if part)


@contextmanager
def shown_pace(output: Output, count: int) -> "Iterator[Callable[[Outcome], None]]":
    """Shows a bar where a person watches, and a line now and then in a log.

    Args:
        output: The output of the command.
        count: The number of pictures.

    Yields:
        A function that is called with the outcome of every picture.
    """
    pace = Pace(count)
    if output.live and count > 1:
        with _live(output, pace) as seen:
            yield seen
    else:
        yield _log(output, pace)
    if (pace.count > 1 or pace.seen["before"]) and (words := pace.summary()):
        output.note(words)


@contextmanager
def _live(output: Output, pace: Pace) -> "Iterator[Callable[[Outcome], None]]":
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (BarColumn(bar_width=30), MofNCompleteColumn(), TextColumn("{task.description}"))
    # What is printed meanwhile goes above the bar if it goes to the same terminal.
    with Progress(
        *columns, console=output.console, transient=True, redirect_stdout=sys.stdout.isatty()
    ) as bar:
        task = bar.add_task("compiling", total=pace.count)

        def seen(outcome: Outcome) -> None:
            pace.seen[outcome] += 1
            bar.update(task, completed=pace.done, description=pace.words())

        yield seen


def _log(output: Output, pace: Pace) -> "Callable[[Outcome], None]":
    last = [pace.clock()]

    def seen(outcome: Outcome) -> None:
        pace.seen[outcome] += 1
        if pace.clock() - last[0] >= LOG_SECONDS and pace.done < pace.count and not output.json:
            last[0] = pace.clock()
            output.note(f"{pace.done} of {pace.count} pictures, {pace.words()}")

    return seen


def _time(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
