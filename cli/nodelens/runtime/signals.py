"""SIGINT and SIGTERM: answer at once, stop cleanly, exit with 130 or 143."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from nodelens.errors import ExitCode, StoppedError

_CODES = {signal.SIGINT: ExitCode.INTERRUPTED, signal.SIGTERM: ExitCode.TERMINATED}
_WORDS = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}


@dataclass
class StopRequest:
    """A request to stop, to be read between two steps of a long job.

    Attributes:
        number: The signal that arrived, or None.
    """

    number: signal.Signals | None = None

    def __bool__(self) -> bool:
        return self.number is not None

    @property
    def exit_code(self) -> ExitCode:
        """The exit code that belongs to the signal."""
        return _CODES[self.number or signal.SIGINT]

    @property
    def word(self) -> str:
        """`interrupted` or `terminated`."""
        return _WORDS[self.number or signal.SIGINT]


def stop_on_signals() -> None:
    """Makes SIGINT and SIGTERM end the command with a message."""

    def stop(number: int, frame: FrameType | None) -> None:
        received = signal.Signals(number)
        _restore_default()
        raise StoppedError(_CODES[received], f"{_WORDS[received]}; nothing is left half-written")

    for number in _CODES:
        signal.signal(number, stop)


@contextmanager
def finish_first(under_way: str) -> Iterator[StopRequest]:
    """Makes a first signal only set the request within the block; a second one kills.

    Args:
        under_way: The work that is finished first, as a sentence for the user.
    """
    request = StopRequest()

    def ask(number: int, frame: FrameType | None) -> None:
        request.number = signal.Signals(number)
        os.write(2, f"\nstopping: {under_way}; press Ctrl-C again to stop at once\n".encode())
        _restore_default()

    before = {number: signal.signal(number, ask) for number in _CODES}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _restore_default() -> None:
    for number in _CODES:
        signal.signal(number, signal.SIG_DFL)
