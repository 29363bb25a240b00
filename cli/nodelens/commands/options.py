"""The options that every subcommand shares, and what they amount to."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

if TYPE_CHECKING:
    from nodelens.report.output import Output
    from nodelens.settings.base import Settings
    from nodelens.settings.resolve import Resolved

S = TypeVar("S", bound="Settings")

SETTINGS = "Settings"
PRINTING = "What is printed"
RUNNING = "How it runs"
FLAG = ""  # an option without a value needs no word for its kind

ConfigOption = Annotated[
    str | None,
    typer.Option(
        "--config",
        "-c",
        metavar="FILE",
        help="YAML file, or the name of an example.",
        rich_help_panel=SETTINGS,
    ),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Set one value, over the file; repeatable.",
        rich_help_panel=SETTINGS,
    ),
]
ShowConfigOption = Annotated[
    bool,
    typer.Option(
        "--show-config",
        help="Print the settings in force and where each comes from, and stop.",
        metavar=FLAG,
        rich_help_panel=SETTINGS,
    ),
]
JsonOption = Annotated[
    bool,
    typer.Option("--json", help="Print one JSON document.", metavar=FLAG, rich_help_panel=PRINTING),
]
QuietOption = Annotated[
    bool,
    typer.Option(
        "--quiet", "-q", help="Print errors only.", metavar=FLAG, rich_help_panel=PRINTING
    ),
]
VerboseOption = Annotated[
    bool,
    typer.Option("--verbose", "-v", help="Print details.", metavar=FLAG, rich_help_panel=PRINTING),
]
DebugOption = Annotated[
    bool,
    typer.Option(
        "--debug", help="Show the traceback of an error.", metavar=FLAG, rich_help_panel=PRINTING
    ),
]
SeedOption = Annotated[
    int | None,
    typer.Option(
        "--seed",
        min=0,
        max=2**32 - 1,
        metavar="N",
        help="Seed of everything random.",
        rich_help_panel=RUNNING,
    ),
]
DeviceOption = Annotated[
    str | None,
    typer.Option(
        "--device",
        metavar="auto|cpu|gpu|gpu:N",
        help="Where it is computed.",
        rich_help_panel=RUNNING,
    ),
]
OutOption = Annotated[
    Path | None,
    typer.Option(
        "--out", "-o", metavar="DIR", help="Where files are written.", rich_help_panel=RUNNING
    ),
]
ForceOption = Annotated[
    bool,
    typer.Option("--force", help="Overwrite what is there.", metavar=FLAG, rich_help_panel=RUNNING),
]
DryRunOption = Annotated[
    bool,
    typer.Option(
        "--dry-run",
        help="Check everything, say what would be done.",
        metavar=FLAG,
        rich_help_panel=RUNNING,
    ),
]


@dataclass(frozen=True)
class Call:
    """What was asked of one subcommand, apart from its own arguments.

    Attributes:
        command: The name of the subcommand.
        config: The file or example given with `--config`.
        overrides: The assignments given with `--set`.
        flags: For each dotted key the flag that sets it and its value; None means not given.
        arguments: The same for arguments that stand for a whole group of settings; `--set` may
            change details of it.
        json: Whether `--json` was given.
        quiet: Whether `--quiet` was given.
        verbose: Whether `--verbose` was given.
    """

    command: str
    config: str | None = None
    overrides: list[str] | None = None
    flags: dict[str, tuple[str, Any]] = field(default_factory=dict)
    arguments: dict[str, tuple[str, Any]] = field(default_factory=dict)
    json: bool = False
    quiet: bool = False
    verbose: bool = False

    def output(self) -> "Output":
        """Where this call speaks."""
        from nodelens.report.output import Output

        return Output(self.command, json=self.json, quiet=self.quiet, verbose=self.verbose)

    def settings(self, model: type[S]) -> "Resolved[S]":
        """The settings in force for this call."""
        from nodelens.runtime.resources import configs
        from nodelens.settings.merge import find_config
        from nodelens.settings.resolve import resolve

        file = None if self.config is None else find_config(self.command, self.config, configs())
        return resolve(
            model,
            file=file,
            overrides=self.overrides or (),
            flags=self.flags,
            arguments=self.arguments,
        )


def show_config(output: "Output", resolved: "Resolved[Any]") -> None:
    """Prints the settings in force and the origin of each value."""
    from nodelens.report.settings_table import settings_table

    document = resolved.settings.model_dump(mode="json")
    output.result(
        {"config": document, "origins": resolved.origins},
        settings_table(document, resolved.origins),
    )
