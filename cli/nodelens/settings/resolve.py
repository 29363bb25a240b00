"""Defaults, file, `--set` and flags, merged in this order; every value knows where it came from."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from nodelens.errors import UsageError
from nodelens.settings.base import Settings
from nodelens.settings.explain_errors import problems_of
from nodelens.settings.problems import Place, Problem, SettingsError
from nodelens.settings.yaml_source import KeyPath, dotted, parse_value, read_yaml

S = TypeVar("S", bound=Settings)


@dataclass(frozen=True)
class Resolved(Generic[S]):
    """Settings in force, and the origin of each value.

    Attributes:
        settings: The validated, frozen settings.
        origins: For each dotted key, `default`, `FILE:LINE:COLUMN`, `--set` or the flag.
        file: The configuration file, if one was given.
    """

    settings: S
    origins: dict[str, str]
    file: Path | None


def resolve(
    model: type[S],
    *,
    file: Path | None = None,
    overrides: Sequence[str] = (),
    flags: Mapping[str, tuple[str, Any]] | None = None,
) -> Resolved[S]:
    """Merges all sources of settings and validates the result.

    Precedence: defaults of the model < `file` < `overrides` < `flags`.

    Args:
        model: What may be set.
        file: A YAML file.
        overrides: Assignments `a.b=value`, as given with `--set`; the last one wins.
        flags: For each dotted key the flag's name and its value; None values were not given.

    Raises:
        SettingsError: Naming everything that is wrong.
    """
    values: dict[str, Any] = {}
    places: dict[KeyPath, Place] = {}
    problems: list[Problem] = []
    if file is not None:
        document = read_yaml(file)
        values, places = document.values, dict(document.places)
    for assignment in overrides:
        _override(values, places, problems, assignment)
    for key, (flag, value) in (flags or {}).items():
        if value is not None:
            _assign(values, places, problems, _path(key), value, Place(flag))
    _fill_kinds(model, values)
    _anchor_paths(values, places, file)
    try:
        # As JSON, because strict validation then still takes a list for a tuple and a text for a
        # path, but no text for a number and no truth value for a count.
        settings = model.model_validate_json(json.dumps(values, default=str), strict=True)
    except ValidationError as error:
        problems += problems_of(error, model, values, places, str(file or "command line"))
    if problems:
        raise SettingsError(problems)
    return Resolved(settings, _origins(settings.model_dump(), places), file)


def _fill_kinds(model: type[Settings], values: dict[str, Any]) -> None:
    """Gives a group without `kind` the default kind: `data.points=7` needs no more words."""
    for name, field in model.model_fields.items():
        group, default = values.get(name), field.default
        if isinstance(group, dict) and isinstance(default, Settings):
            if "kind" in type(default).model_fields:
                group.setdefault("kind", default.kind)  # type: ignore[attr-defined]
            _fill_kinds(type(default), group)


def _anchor_paths(values: Any, places: dict[KeyPath, Place], file: Path | None) -> None:
    """Makes every setting called `path` absolute.

    What stands in a file is meant relative to that file, what was typed relative to where it was.
    """

    def anchor(group: Any, path: KeyPath) -> None:
        items = group.items() if isinstance(group, dict) else enumerate(group)
        for key, value in list(items):
            here = (*path, key)
            if isinstance(value, (dict, list)):
                anchor(value, here)
            elif key == "path" and isinstance(value, str) and value:
                written = file is not None and here in places and places[here].line is not None
                folder = file.parent if written and file is not None else Path.cwd()
                group[key] = str((folder / value).resolve())

    anchor(values, ())


def _override(
    values: dict[str, Any], places: dict[KeyPath, Place], problems: list[Problem], assignment: str
) -> None:
    key, separator, text = assignment.partition("=")
    place = Place(f"--set {assignment}")
    if not separator or not key.strip():
        problems.append(Problem(place, "", "is no assignment; `key.name=value` was expected"))
        return
    try:
        value = parse_value(text, str(place))
    except SettingsError as error:
        problems.extend(error.problems)
        return
    _assign(values, places, problems, _path(key.strip()), value, place)


def _assign(
    values: dict[str, Any],
    places: dict[KeyPath, Place],
    problems: list[Problem],
    path: KeyPath,
    value: Any,
    place: Place,
) -> None:
    """Puts `value` at `path`, making the mappings on the way there."""
    target: Any = values
    for position, part in enumerate(path[:-1]):
        following = _step(target, part)
        if following is None and isinstance(target, dict):
            following = target[str(part)] = {}
        if not isinstance(following, (dict, list)):
            message = f"{dotted(path[: position + 1])} holds no settings of its own"
            problems.append(Problem(place, dotted(path), message))
            return
        target = following
    last = path[-1]
    if isinstance(target, list):
        if not (isinstance(last, int) and 0 <= last < len(target)):
            message = f"the list has {len(target)} items; an index below that was expected"
            problems.append(Problem(place, dotted(path), message))
            return
        target[last] = value
    else:
        target[str(last)] = value
    for old in [known for known in places if known[: len(path)] == path]:
        del places[old]
    places[path] = place


def _step(target: Any, part: str | int) -> Any:
    if isinstance(target, list):
        return target[part] if isinstance(part, int) and 0 <= part < len(target) else None
    return target.get(str(part))


def _path(key: str) -> KeyPath:
    return tuple(int(part) if part.isdigit() else part for part in key.split("."))


def _origins(dump: Any, places: dict[KeyPath, Place], path: KeyPath = ()) -> dict[str, str]:
    if isinstance(dump, dict) and dump:
        merged: dict[str, str] = {}
        for key, value in dump.items():
            merged |= _origins(value, places, (*path, key))
        return merged
    return {dotted(path): _origin(path, places)}


def _origin(path: KeyPath, places: dict[KeyPath, Place]) -> str:
    """Where a value was written; the line of a mapping says nothing of the defaults in it."""
    if path in places:
        return str(places[path])
    for length in range(len(path) - 1, 0, -1):
        place = places.get(path[:length])
        if place is not None and place.line is None:
            return str(place)
    return "default"


def find_config(command: str, name: str, shipped: Path) -> Path:
    """Finds a configuration by path, or by name among those that travel with the package.

    Args:
        command: The subcommand, which is also the folder of its examples.
        name: A path, or the name of an example such as `spiral`.
        shipped: The folder of all examples.

    Raises:
        UsageError: If there is neither.
    """
    path = Path(name)
    if path.exists():
        return path
    folder = shipped / command
    if (example := folder / f"{name.removesuffix('.yaml')}.yaml").is_file():
        return example
    known = sorted(file.stem for file in folder.glob("*.yaml"))
    raise UsageError(
        f"there is no configuration {name!r}, neither as a file nor among the examples",
        hint=f"examples of {command}: {', '.join(known) or 'none'}",
    )
