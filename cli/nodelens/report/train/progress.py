"""How a training is watched: a live line for a person, a line now and then for a log."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from nodelens.report.output import Output
from nodelens.report.quantities import per_second

if TYPE_CHECKING:
    from collections.abc import Callable

LOG_SECONDS = 30.0


class KeptBack(Protocol):
    """What the display reads of a validation."""

    @property
    def loss(self) -> float:
        """The loss."""

    @property
    def accuracy(self) -> float | None:
        """The share that is classified right; None where nothing is classified."""


class Step(Protocol):
    """What the display reads of a training's progress."""

    @property
    def step(self) -> int:
        """The steps taken so far."""

    @property
    def steps(self) -> int:
        """The steps there will be."""

    @property
    def loss(self) -> float:
        """The loss now."""

    @property
    def accuracy(self) -> float | None:
        """The share that is classified right now; None where nothing is classified."""

    @property
    def validation(self) -> KeptBack | None:
        """On data that was kept back; None if it was not looked at now."""

    @property
    def nfe_forward(self) -> float:
        """Evaluations of the field by a forward solve."""

    @property
    def nfe_backward(self) -> float:
        """Evaluations of the field with its VJP by a gradient."""

    @property
    def steps_per_second(self) -> float:
        """The speed now."""


@contextmanager
def watch_training(
    output: Output, memory: "Callable[[], int]"
) -> "Iterator[Callable[[Step], None]]":
    """Shows the progress of a training on stderr until the block ends.

    Args:
        output: Where this command speaks.
        memory: Tells the bytes that this process holds.

    Yields:
        The function to tell the progress to.
    """
    words = Words(memory)
    if output.quiet:
        yield lambda progress: None
    elif output.live:
        with _live(output, words) as tell:
            yield tell
    else:
        yield _log(output, words)


class Words:
    """The progress as a sentence; the last validation is told until there is a newer one.

    Args:
        memory: Tells the bytes that this process holds.
    """

    def __init__(self, memory: "Callable[[], int]") -> None:
        self._memory = memory
        self._kept_back = ""
        self._step = 0

    def __call__(self, now: Step) -> str:
        """Loss, validation, evaluations forward and backward, speed and memory."""
        if now.step <= self._step:
            self._kept_back = ""  # another training has begun
        self._step = now.step
        if now.validation is not None:
            self._kept_back = f"kept back {_quality(now.validation)}, "
        return (
            f"loss {_quality(now)}, {self._kept_back}"
            f"{now.nfe_forward:.0f} + {now.nfe_backward:.0f} evaluations, "
            f"{per_second(now.steps_per_second)} steps/s, {self._memory() / 1e6:,.0f} MB"
        )


def _quality(of: KeptBack | Step) -> str:
    right = "" if of.accuracy is None else f" ({of.accuracy:.1%} right)"
    return f"{of.loss:.4g}{right}"


@contextmanager
def _live(output: Output, words: Words) -> "Iterator[Callable[[Step], None]]":
    from rich.console import Group
    from rich.live import Live
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn
    from rich.text import Text

    bar = Progress(BarColumn(bar_width=40), MofNCompleteColumn(), TimeRemainingColumn())
    task = bar.add_task("training", total=None)
    with Live(Group(bar, Text("compiling")), console=output.console, transient=True) as live:

        def tell(now: Step) -> None:
            bar.update(task, completed=now.step, total=now.steps)
            done = "\nevaluating and drawing" if now.step >= now.steps else ""
            live.update(Group(bar, Text(words(now) + done)))

        yield tell


def _log(output: Output, words: Words) -> "Callable[[Step], None]":
    last = [time.monotonic()]

    def tell(now: Step) -> None:
        sentence = words(now)
        if time.monotonic() - last[0] >= LOG_SECONDS or now.step >= now.steps:
            last[0] = time.monotonic()
            left = duration((now.steps - now.step) / now.steps_per_second)
            to_go = f", {left} to go" if now.step < now.steps else ""
            output.note(f"step {now.step}/{now.steps}: {sentence}{to_go}")

    return tell


def duration(seconds: float) -> str:
    """A time span in words short enough for a line of a log."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
