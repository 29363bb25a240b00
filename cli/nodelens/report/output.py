"""Where words go: the result to stdout, everything else to stderr."""

import os
import sys
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from nodelens.runtime.documents import to_json

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

# A pipe or a file has no width of its own; wide enough for every table we print.
PIPE_WIDTH = 120


def stdout_console() -> "Console":
    """The console of the result."""
    from rich.console import Console

    watched = sys.stdout.isatty()
    return Console(width=None if watched else PIPE_WIDTH, highlight=False, soft_wrap=False)


def stderr_console() -> "Console":
    """The console of progress, notes, warnings and errors."""
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
    """What one command says.

    Attributes:
        command: The name of the subcommand, for the JSON document.
        json: Whether the result is one JSON document.
        quiet: Whether stderr stays empty when all goes well.
        verbose: Whether details are told.
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
        """Whether a person watches stderr, so that a moving display makes sense."""
        return not self.quiet and self.console.is_terminal and not self.console.is_dumb_terminal

    def result(self, document: dict[str, Any], *texts: "RenderableType") -> None:
        """Prints the result to stdout: the document with `--json`, else the texts."""
        if self.json:
            sys.stdout.write(to_json({"schema": 1, "command": self.command, **document}))
            return
        from rich.text import Text

        console = stdout_console()
        with console.capture() as capture:
            for text in texts:
                # Sentences and paths are never broken; tables fit themselves to the width.
                console.print(text, soft_wrap=isinstance(text, (str, Text)))
        for line in capture.get().splitlines():
            sys.stdout.write(line.rstrip() + "\n")

    def note(self, message: str) -> None:
        """Tells something that is good to know."""
        if not self.quiet:
            self._say(message, None)

    def detail(self, message: str) -> None:
        """Tells something only those who ask for details want to know."""
        if self.verbose and not self.quiet:
            self._say(message, "dim")

    def warn(self, message: str) -> None:
        """Tells that something is not as it should be, though the work goes on."""
        if self.quiet:
            return
        from rich.text import Text

        self.console.print(Text.assemble(("warning: ", "bold yellow"), message), soft_wrap=True)

    def _say(self, message: str, style: str | None) -> None:
        from rich.text import Text

        self.console.print(Text(message, style=style or ""), soft_wrap=True)
