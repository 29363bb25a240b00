"""The errors that end a command with a message, and the exit codes of the command line.

This file lies below every room: it imports nothing, so that any room may raise what the one
boundary in `entry.py` turns into a message and an exit code.
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """Meanings of the exit status of a command. Part of the contract of the command line."""

    DONE = 0
    UNEXPECTED = 1
    USAGE = 2
    VERDICT_NO = 3
    NUMERICAL = 4
    ENVIRONMENT = 5
    INTERRUPTED = 130
    TERMINATED = 143


class NodelensError(Exception):
    """An expected failure, reported to the user in one message.

    Args:
        message: The failure: what happened, what was expected, what was received.
        hint: The next step for the user; printed on a line of its own.
    """

    exit_code: ExitCode = ExitCode.UNEXPECTED

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(NodelensError):
    """An argument, a setting or an input file is wrong (exit 2)."""

    exit_code = ExitCode.USAGE


class NumericalError(NodelensError):
    """A computation diverged or failed numerically (exit 4)."""

    exit_code = ExitCode.NUMERICAL


class EnvironmentLacksError(NodelensError):
    """The machine lacks something that was asked for (exit 5)."""

    exit_code = ExitCode.ENVIRONMENT


class StoppedError(BaseException):
    """The user or the system asked the command to stop (exit 130 or 143).

    It derives from `BaseException`, as `KeyboardInterrupt` does, so that no `except Exception`
    of a library between the signal and the boundary mistakes it for a failure of its own.

    Args:
        exit_code: `ExitCode.INTERRUPTED` after SIGINT, `ExitCode.TERMINATED` after SIGTERM.
        message: The work that was stopped, and what of it has been kept.
        hint: A way to go on.
    """

    def __init__(self, exit_code: ExitCode, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.exit_code = exit_code
        self.message = message
        self.hint = hint
