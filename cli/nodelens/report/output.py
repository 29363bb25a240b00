"""The output of a command: the result on stdout, everything else on stderr."""

import os
import sys
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from nodelens.runtime.documents import command_json

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

# A pipe or a file has no width of its own; this fits every table.
PIPE_WIDTH = 120


def stdout_console() -> "Console":
    """Makes the console of the result."""
    from rich.console import Console

    watched = sys.stdout.isatty()
    return Console(width=None if watched else PIPE_WIDTH, highlight=False, soft_wrap=False)


def stderr_console() -> "Console":
    """Makes the console of progress, notes, warnings and errors."""
    from rich.console import Console

    watched = sys.stderr.isatty()
    return Console(stderr=True, width=None if watched else PIPE_WIDTH, highlight=False)


def print_error(message: str, hint: str | None = None) -> None:
    """Prints an error, and what to do next, to stderr."""
    if not (sys.stderr.isatty() or os.environ.get("FORCE_COLOR")):
        # Without colours there is nothing for Rich to do, and its import would double the time.
        sys.stderr.write(f"error: {message}\n" + (f"hint: {hint}\n" if hint else ""))
        return
    from rich.text import Text

    console = stderr_console()
    console.print(Text.assemble(("error: ", "bold red"), message), soft_wrap=True)
    if hint:
        console.print(Text.assemble(("hint: ", "bold cyan"), hint), soft_wrap=True)


@dataclass(frozen=True)
class Output:
    """The output of one command.

    Attributes:
        command: The name of the subcommand, for the JSON document.
        json: True if the result is one JSON document.
        quiet: True if stderr stays empty when all goes well.
        verbose: True if details are printed.
    """

    command: str
    json: bool = False
    quiet: bool = False
    verbose: bool = False

    @cached_property
    def console(self) -> "Console":
        """The console on stderr, for live displays."""
        return stderr_console()

    @property
    def live(self) -> bool:
        """True if stderr is a terminal that can show a live display."""
        return not self.quiet and self.console.is_terminal and not self.console.is_dumb_terminal

    def result(self, document: dict[str, Any], *texts: "RenderableType") -> None:
        """Prints the result to stdout: the document with `--json`, else the texts."""
        if self.json:
            sys.stdout.write(command_json(self.command, document))
            return
        from rich.text import Text

        console = stdout_console()
        with console.capture() as capture:
            for text in texts:
                # Sentences and paths are never broken; tables fit themselves to the width.
                console.print(text, soft_wrap=isinstance(text, (str, Text)))
        for line in capture.get().splitlines():
            sys.stdout.write(line.rstrip() + "\n")

    def note(self, message: str, style: str = "") -> None:
        """Prints a note, unless quiet."""
        if self.quiet:
            return
        from rich.text import Text

        self.console.print(Text(message, style=style), soft_wrap=True)

    def detail(self, message: str) -> None:
        """Prints a detail, if verbose."""
        if self.verbose:
            self.note(message, "dim")

    def warn(self, message: str) -> None:
        """Prints a warning, unless quiet."""
        if self.quiet:
            return
        from rich.text import Text

        self.console.print(Text.assemble(("warning: ", "bold yellow"), message), soft_wrap=True)
