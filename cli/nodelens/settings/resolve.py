"""Defaults, file, `--set` and flags, merged in this order and validated, with their origins."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, TypeVar

from nodelens.settings.errors import Fault, KeyPath, Place, SettingsError, dotted, nearest_place
from nodelens.settings.light import read_light
from nodelens.settings.merge import merge, origins
from nodelens.settings.times import is_file

S = TypeVar("S")


@dataclass(frozen=True)
class Resolved(Generic[S]):
    """Settings in force, and the origin of each value.

    Attributes:
        settings: The validated, frozen settings.
        places: The place of each value that was given, by its path of keys.
        file: The configuration file, if one was given.
    """

    settings: S
    places: Mapping[KeyPath, Place]
    file: Path | None

    @cached_property
    def document(self) -> dict[str, Any]:
        """The settings as nested plain values."""
        from nodelens.settings.validate import to_plain

        return to_plain(self.settings)

    @cached_property
    def origins(self) -> dict[str, str]:
        """The origin of each dotted key: `default`, `FILE:LINE:COLUMN`, `--set` or the flag."""
        return origins(self.document, self.places)

    def error(self, found: Sequence[tuple[KeyPath, str]], hint: str | None = None) -> SettingsError:
        """Makes the error of values that turn out to be wrong after validation.

        Args:
            found: For each wrong value its path of keys and the message.
            hint: What to do next.
        """
        source = Place(str(self.file or "command line"))
        faults = [
            Fault(nearest_place(path, self.places) or source, dotted(path), message)
            for path, message in found
        ]
        return SettingsError(faults, hint=hint)


def resolve(
    model: type[S],
    *,
    file: Path | None = None,
    overrides: Sequence[str] = (),
    flags: Mapping[str, tuple[str, Any]] | None = None,
    arguments: Mapping[str, tuple[str, Any]] | None = None,
) -> Resolved[S]:
    """Merges all sources of settings and validates the result.

    Precedence: defaults of the model < `file` < `arguments` < `overrides` < `flags`.

    Args:
        model: What may be set: a class of `Settings`, or of `LightSettings`.
        file: A YAML file.
        overrides: Assignments `a.b=value`, as given with `--set`; the last one wins.
        flags: For each dotted key the flag's name and its value; None values were not given.
        arguments: The same for whole groups, which replace those of the file; `overrides` may
            change their details.

    Raises:
        SettingsError: Naming everything that is wrong.
    """
    merged = merge(file, overrides, flags or {}, arguments or {})
    _anchor_paths(merged.values, merged.places, file)
    settings = None if merged.faults else read_light(model, merged.values)
    if settings is None:
        from nodelens.settings.validate import validate

        settings = validate(model, merged, file)
    return Resolved(settings, merged.places, file)


def _anchor_paths(values: Any, places: dict[KeyPath, Place], file: Path | None) -> None:
    """Makes every setting called `path` absolute, and every file of times.

    A path in a file is relative to that file, one of the command line to the current directory.
    """

    def anchor(group: Any, path: KeyPath) -> None:
        items = group.items() if isinstance(group, dict) else enumerate(group)
        for key, value in list(items):
            here = (*path, key)
            if isinstance(value, (dict, list)):
                anchor(value, here)
            elif isinstance(value, str) and (
                (key == "path" and value) or (key == "times" and is_file(value))
            ):
                written = file is not None and here in places and places[here].line is not None
                folder = file.parent if written and file is not None else Path.cwd()
                group[key] = str((folder / value).resolve())

    anchor(values, ())
