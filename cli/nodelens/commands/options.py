"""A call of a subcommand, and the options that several subcommands share."""

import inspect
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from nodelens.commands.flag import PRINTING, RUNNING, SETTINGS, Flag, option, several, switch
from nodelens.errors import NodelensError, UsageError

if TYPE_CHECKING:
    from nodelens.report.output import Output
    from nodelens.settings.resolve import Resolved

S = TypeVar("S")

CONFIG = option(
    str,
    "--config",
    "-c",
    metavar="FILE",
    help="YAML file, or the name of an example.",
    panel=SETTINGS,
)
SET = several(
    str,
    "--set",
    metavar="KEY=VALUE",
    help="Set one value, overriding the file; repeatable.",
    panel=SETTINGS,
)
SHOW_CONFIG = switch(
    "--show-config",
    help="Print the settings in force as YAML, with meanings and origins, and stop.",
    panel=SETTINGS,
)
HELP_SETTING = option(
    str,
    "--help-setting",
    metavar="KEY|all",
    help="Say what a setting, or a group of them, means and may be, and stop.",
    panel=SETTINGS,
)
SEED = option(
    int,
    "--seed",
    min=0,
    max=2**32 - 1,
    metavar="N",
    help="Seed of all random numbers.",
    panel=RUNNING,
    sets="seed",
)
DEVICE = option(
    str,
    "--device",
    metavar="auto|cpu|gpu|gpu:N",
    help="Device to compute on.",
    panel=RUNNING,
    sets="device",
)
OUT = option(
    Path,
    "--out",
    "-o",
    metavar="DIR",
    help="Directory of the files that are written.",
    panel=RUNNING,
)
OUT_SETTING = replace(OUT, sets="output.directory")
PAGE_WIDTH = 100
TIMES = "START:STOP:COUNT|A,B,…|FILE"
FORCE = switch("--force", help="Overwrite existing files.", panel=RUNNING)
DRY_RUN = switch("--dry-run", help="Check everything and print what would be done.", panel=RUNNING)


class Call:
    """A call of a subcommand.

    Each subcommand has a subclass, `class GradcamCall(Call, command="gradcam")`, with a row
    (`nodelens.commands.flag`) for each option, in the order of the help text; the options of all
    subcommands, below, come last. Typer's signature, the settings and the origins of
    `--show-config` are made from the rows.

    Args:
        given: For each attribute the value given; those left out have their defaults.
    """

    command: ClassVar[str]
    rows: ClassVar[Mapping[str, Flag[Any]]] = {}
    given: dict[Flag[Any], Any]

    json = switch("--json", help="Print one JSON document.", panel=PRINTING)
    quiet = switch("--quiet", "-q", help="Print only the result and errors.", panel=PRINTING)
    verbose = switch("--verbose", "-v", help="Print details.", panel=PRINTING)
    debug = switch("--debug", help="Show the traceback of an error.", panel=PRINTING)

    def __init_subclass__(cls, command: str) -> None:
        places = [name for part in cls.__mro__ for name in vars(part)]
        rows = {name: getattr(cls, name) for name in dict.fromkeys(places)}
        cls.rows = {name: row for name, row in rows.items() if isinstance(row, Flag)}
        cls.command = command

    def __init__(self, **given: Any) -> None:
        if unknown := given.keys() - self.rows.keys():
            raise TypeError(f"{self.command} has no options {sorted(unknown)}")
        # Typer gives None or an empty list for what was not given.
        self.given = {self.rows[name]: v for name, v in given.items() if v not in (None, [])}

    @classmethod
    def signature(cls) -> inspect.Signature:
        """Returns the signature that Typer reads the options from."""
        return inspect.Signature([row.parameter(name) for name, row in cls.rows.items()])

    def output(self) -> "Output":
        """Returns the output of this call."""
        from nodelens.report.output import Output

        return Output(self.command, json=self.json, quiet=self.quiet, verbose=self.verbose)

    def refuse(
        self,
        reason: str,
        *rows: Flag[Any],
        also: Sequence[str] = (),
        because: str = "cannot be given beside it",
        hint: str | None = None,
    ) -> None:
        """Refuses options that have no meaning here.

        Args:
            reason: The beginning of the message.
            rows: The options.
            also: What else was given, in words.
            because: The end of the message.
            hint: What to do instead.

        Raises:
            UsageError: If one of them was given.
        """
        if beside := [*(row.title for row in rows if self.given.get(row)), *also]:
            raise UsageError(f"{reason}; {', '.join(beside)} {because}", hint=hint)

    def explained(self, error: NodelensError) -> tuple[str, str | None]:
        """Returns message and hint of an error, with the flags of what they name in backquotes.

        Errors of the library name settings and arguments, such as `top_k`, which a user of the
        command line knows as --top-k.
        """
        from nodelens.settings.errors import SettingsError

        if isinstance(error, SettingsError):
            return error.message, error.hint  # it names what was written, flags among it
        flags = {row.sets: row.title for row in self.rows.values() if row.sets and row.names}
        flags |= {"force": FORCE.title, "directory": OUT.title}

        def add_flag(match: re.Match[str]) -> str:
            flag = flags.get(match[1])
            return match[0] if flag is None else f"{match[0]} ({flag})"

        def add_flags(text: str) -> str:
            return re.sub(r"`([a-z_.]+)`(?! \(--)", add_flag, text)

        return add_flags(error.message), None if error.hint is None else add_flags(error.hint)


class SettingsCall(Call, command=""):
    """A call of a subcommand with settings."""

    config, overrides = CONFIG, SET
    show_config, help_setting = SHOW_CONFIG, HELP_SETTING

    def flags(self, *, groups: bool = False) -> dict[str, tuple[str, Any]]:
        """Returns the settings that options set: for each dotted key the option and the value.

        Args:
            groups: True for the options that stand for a whole group of settings, False for the
                others.
        """
        found = {}
        for name, row in self.rows.items():
            value = getattr(self, name)
            if row.sets is None or row.group != groups or value == row.default:
                continue
            if isinstance(value, Path):
                value = str(value)
            found[row.sets] = (row.title, row.value if value is True else value)
        return found

    def settings(
        self,
        model: type[S],
        *,
        config: str | None = None,
        arguments: Mapping[str, tuple[str, Any]] | None = None,
    ) -> "Resolved[S]":
        """Returns the settings in force.

        Args:
            model: The settings of the subcommand.
            config: A file or the name of an example, in place of `--config`.
            arguments: For each dotted key an origin and a value; they go before all assignments.

        Raises:
            UsageError: If a setting is wrong.
        """
        from nodelens.runtime.resources import configs
        from nodelens.settings.merge import find_config
        from nodelens.settings.resolve import resolve

        name = config or self.config
        return resolve(
            model,
            file=None if name is None else find_config(self.command, name, configs()),
            overrides=self.overrides,
            flags=self.flags(),
            arguments={**self.flags(groups=True), **(arguments or {})},
        )


def explain_setting(call: SettingsCall, model: type) -> bool:
    """Explains settings, if a call asks for that.

    Args:
        call: The call.
        model: The settings of the subcommand.

    Returns:
        True if this answers the call.

    Raises:
        UsageError: If there is no setting of the name that is given.
    """
    if call.help_setting is None:
        return False
    from nodelens.report.setting_help import setting_help
    from nodelens.settings.meanings import explained, meanings, meanings_document

    found = explained(meanings(model), call.help_setting)
    call.output().result(meanings_document(found), setting_help(found, _width()))
    return True


def show_config(output: "Output", resolved: "Resolved[Any]") -> None:
    """Prints the settings in force, with the origin and the meaning of each."""
    from nodelens.report.settings_yaml import settings_yaml
    from nodelens.settings.meanings import in_force, meanings

    document, origins = resolved.document, resolved.origins
    known = in_force(meanings(type(resolved.settings)), document)
    text = settings_yaml(document, origins, known, _width())
    output.result({"config": document, "origins": origins}, text)


def _width() -> int:
    """Returns the width of text that is read: that of the terminal, and no more than a page."""
    from nodelens.report.output import stdout_console

    return min(stdout_console().width, PAGE_WIDTH)
