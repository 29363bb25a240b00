"""Defaults, file, `--set` and flags, merged in this order and validated, with their origins."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from nodelens.settings.base import Settings
from nodelens.settings.errors import Fault, KeyPath, Place, SettingsError, dotted, nearest_place
from nodelens.settings.explain_errors import faults_of
from nodelens.settings.merge import merge, origins
from nodelens.settings.times import is_file

S = TypeVar("S", bound=Settings)


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
    def origins(self) -> dict[str, str]:
        """The origin of each dotted key: `default`, `FILE:LINE:COLUMN`, `--set` or the flag."""
        return origins(self.settings.model_dump(), self.places)

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
        model: What may be set.
        file: A YAML file.
        overrides: Assignments `a.b=value`, as given with `--set`; the last one wins.
        flags: For each dotted key the flag's name and its value; None values were not given.
        arguments: The same for whole groups, which replace those of the file; `overrides` may
            change their details.

    Raises:
        SettingsError: Naming everything that is wrong.
    """
    merged = merge(file, overrides, flags or {}, arguments or {})
    values, places, faults = merged.values, merged.places, merged.faults
    _fill_kinds(model, values)
    _anchor_paths(values, places, file)
    try:
        # As JSON, because strict validation then still takes a list for a tuple and a text for a
        # path, but no text for a number and no truth value for a count.
        settings = model.model_validate_json(json.dumps(values, default=str), strict=True)
    except ValidationError as error:
        faults += faults_of(error, model, values, places, str(file or "command line"))
    if faults:
        raise SettingsError(faults)
    return Resolved(settings, places, file)


def _fill_kinds(model: type[Settings], values: dict[str, Any]) -> None:
    """Gives a group without `kind` the default kind: `data.points=7` is enough."""
    for name, field in model.model_fields.items():
        group, default = values.get(name), field.default
        if isinstance(group, dict) and isinstance(default, Settings):
            if "kind" in type(default).model_fields:
                group.setdefault("kind", default.kind)  # type: ignore[attr-defined]
            _fill_kinds(type(default), group)


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
