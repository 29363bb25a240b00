"""How a training is watched: a live line for a person, a line now and then for a log."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from nodelens.report.output import Output

if TYPE_CHECKING:
    from collections.abc import Callable

LOG_SECONDS = 30.0


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
    def nfe_forward(self) -> float:
        """Evaluations of the field by a forward solve."""

    @property
    def nfe_backward(self) -> float:
        """Evaluations of the field with its VJP by a gradient."""

    @property
    def steps_per_second(self) -> float:
        """The speed now."""


@contextmanager
def watch_training(output: Output, steps: int) -> "Iterator[Callable[[Step], None]]":
    """Shows the progress of a training on stderr until the block ends.

    Args:
        output: Where this command speaks.
        steps: The steps there will be.

    Yields:
        The function to tell the progress to.
    """
    if output.quiet:
        yield lambda progress: None
    elif output.live:
        with _live(output, steps) as tell:
            yield tell
    else:
        yield _log(output)


@contextmanager
def _live(output: Output, steps: int) -> "Iterator[Callable[[Step], None]]":
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("[bold]training"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TextColumn("{task.description}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=output.console, transient=True) as bar:
        task = bar.add_task("compiling", total=steps)
        yield lambda now: bar.update(task, completed=now.step, description=_words(now))


def _log(output: Output) -> "Callable[[Step], None]":
    last = [time.monotonic()]

    def tell(now: Step) -> None:
        if time.monotonic() - last[0] >= LOG_SECONDS or now.step >= now.steps:
            last[0] = time.monotonic()
            output.note(f"step {now.step}/{now.steps}: {_words(now)}")

    return tell


def _words(now: Step) -> str:
    right = "" if now.accuracy is None else f"accuracy {now.accuracy:.1%}, "
    return (
        f"loss {now.loss:.4g}, {right}{now.nfe_forward:.0f} + {now.nfe_backward:.0f} evaluations, "
        f"{now.steps_per_second:,.0f} steps/s"
    )
