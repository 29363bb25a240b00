"""The progress of a training: a live line for a person, a line now and then for a log."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from nodelens.report.output import Output
from nodelens.report.short_numbers import per_second

if TYPE_CHECKING:
    from collections.abc import Callable

    from nodelens.training.loop.task import Validation
    from nodelens.training.loop.train import Progress

LOG_SECONDS = 30.0


@contextmanager
def watch_training(
    output: Output, memory: "Callable[[], int]"
) -> "Iterator[Callable[[Progress], None]]":
    """Shows the progress of a training on stderr until the block ends.

    Args:
        output: The output of the command.
        memory: Returns the bytes that this process holds.

    Yields:
        The function to call with the progress.
    """
    sentence = Sentence(memory)
    if output.quiet:
        yield lambda progress: None
    elif output.live:
        with _live(output, sentence) as show:
            yield show
    else:
        yield _log(output, sentence)


class Sentence:
    """The progress as a sentence, with the last validation until there is a newer one.

    Args:
        memory: Returns the bytes that this process holds.
    """

    def __init__(self, memory: "Callable[[], int]") -> None:
        self._memory = memory
        self._validation = ""
        self._step = 0

    def __call__(self, now: "Progress") -> str:
        """Returns loss, validation, evaluations forward and backward, speed and memory."""
        if now.step <= self._step:
            self._validation = ""  # another training has begun
        self._step = now.step
        if now.validation is not None:
            self._validation = f"validation {_quality(now.validation)}, "
        return (
            f"loss {_quality(now)}, {self._validation}"
            f"{now.nfe_forward:.0f} + {now.nfe_backward:.0f} evaluations, "
            f"{per_second(now.steps_per_second)} steps/s, {self._memory() / 1e6:,.0f} MB"
        )


def _quality(of: "Progress | Validation") -> str:
    correct = "" if of.accuracy is None else f" ({of.accuracy:.1%} correct)"
    return f"{of.loss:.4g}{correct}"


@contextmanager
def _live(output: Output, sentence: Sentence) -> "Iterator[Callable[[Progress], None]]":
    from rich.console import Group
    from rich.live import Live
    from rich.progress import BarColumn, MofNCompleteColumn, TimeRemainingColumn
    from rich.progress import Progress as ProgressBar
    from rich.text import Text

    bar = ProgressBar(BarColumn(bar_width=40), MofNCompleteColumn(), TimeRemainingColumn())
    task = bar.add_task("training", total=None)
    with Live(Group(bar, Text("compiling")), console=output.console, transient=True) as live:

        def show(now: "Progress") -> None:
            bar.update(task, completed=now.step, total=now.steps)
            done = "\nevaluating and drawing" if now.step >= now.steps else ""
            live.update(Group(bar, Text(sentence(now) + done)))

        yield show


def _log(output: Output, sentence: Sentence) -> "Callable[[Progress], None]":
    last = [time.monotonic()]

    def show(now: "Progress") -> None:
        text = sentence(now)
        if time.monotonic() - last[0] >= LOG_SECONDS or now.step >= now.steps:
            last[0] = time.monotonic()
            left = duration((now.steps - now.step) / now.steps_per_second)
            to_go = f", {left} to go" if now.step < now.steps else ""
            output.note(f"step {now.step}/{now.steps}: {text}{to_go}")

    return show


def duration(seconds: float) -> str:
    """Returns a time span in short words."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
