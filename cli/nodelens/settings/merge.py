"""File, `--set` and flags laid over one another, with the place of every value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nodelens.errors import UsageError
from nodelens.settings.errors import Fault, KeyPath, Place, SettingsError, dotted


@dataclass(frozen=True)
class Merged:
    """Values before they are validated.

    Attributes:
        values: Nested plain values.
        places: The place of each value that was given, by its path of keys.
        faults: The faults found so far.
    """

    values: dict[str, Any]
    places: dict[KeyPath, Place]
    faults: list[Fault]


def merge(
    file: Path | None,
    overrides: Sequence[str],
    flags: Mapping[str, tuple[str, Any]],
    arguments: Mapping[str, tuple[str, Any]],
) -> Merged:
    """Lays all sources over one another: `file` < `arguments` < `overrides` < `flags`.

    Args:
        file: A YAML file.
        overrides: Assignments `a.b=value`, as given with `--set`; the last one wins.
        flags: For each dotted key the flag's name and its value; None values were not given.
        arguments: The same for whole groups, which replace those of the file; `overrides` may
            change their details.

    Raises:
        SettingsError: If the file cannot be read at all.
    """
    merged = Merged({}, {}, [])
    if file is not None:
        # YAML takes time to import, and most calls have none.
        from nodelens.settings.yaml_source import read_yaml

        document = read_yaml(file)
        merged = Merged(document.values, dict(document.places), [])
    for key, (name, value) in arguments.items():
        _assign(merged, _path(key), value, Place(name))
    for assignment in overrides:
        _override(merged, assignment)
    for key, (flag, value) in flags.items():
        if value is not None:
            _assign(merged, _path(key), value, Place(flag))
    return merged


def _override(merged: Merged, assignment: str) -> None:
    from nodelens.settings.yaml_source import parse_value

    key, separator, text = assignment.partition("=")
    place = Place(f"--set {assignment}")
    if not separator or not key.strip():
        merged.faults.append(Fault(place, "", "is no assignment; `key.name=value` was expected"))
        return
    try:
        value = parse_value(text, str(place))
    except SettingsError as error:
        merged.faults.extend(error.faults)
        return
    _assign(merged, _path(key.strip()), value, place)


def _assign(merged: Merged, path: KeyPath, value: Any, place: Place) -> None:
    """Puts `value` at `path`, making the mappings before it."""
    target: Any = merged.values
    for position, part in enumerate(path[:-1]):
        following = _step(target, part)
        if following is None and isinstance(target, dict):
            following = target[str(part)] = {}
        if not isinstance(following, (dict, list)):
            message = f"{dotted(path[: position + 1])} holds no settings of its own"
            merged.faults.append(Fault(place, dotted(path), message))
            return
        target = following
    last = path[-1]
    if isinstance(target, list):
        if not (isinstance(last, int) and 0 <= last < len(target)):
            message = f"the list has {len(target)} items; an index below that was expected"
            merged.faults.append(Fault(place, dotted(path), message))
            return
        target[last] = value
    else:
        target[str(last)] = value
    for old in [known for known in merged.places if known[: len(path)] == path]:
        del merged.places[old]
    merged.places[path] = place


def _step(target: Any, part: str | int) -> Any:
    if isinstance(target, list):
        return target[part] if isinstance(part, int) and 0 <= part < len(target) else None
    return target.get(str(part))


def _path(key: str) -> KeyPath:
    return tuple(int(part) if part.isdigit() else part for part in key.split("."))


def origins(dump: Any, places: Mapping[KeyPath, Place], path: KeyPath = ()) -> dict[str, str]:
    """Returns for each dotted key of nested settings where its value came from."""
    if isinstance(dump, dict) and dump:
        found: dict[str, str] = {}
        for key, value in dump.items():
            found |= origins(value, places, (*path, key))
        return found
    return {dotted(path): _origin(path, places)}


def _origin(path: KeyPath, places: Mapping[KeyPath, Place]) -> str:
    """Returns where a value, or what holds it, was written; no mapping vouches for its defaults."""
    for length in range(len(path), 0, -1):
        place = places.get(path[:length])
        if place and (place.line is None or not _holds_keys(path[:length], places)):
            return str(place)
    return "default"


def _holds_keys(path: KeyPath, places: Mapping[KeyPath, Place]) -> bool:
    length = len(path)
    return any(
        len(known) > length and known[:length] == path and isinstance(known[length], str)
        for known in places
    )


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
    if path.is_file():
        return path
    folder = shipped / command
    if (example := folder / f"{name.removesuffix('.yaml')}.yaml").is_file():
        return example
    if path.exists():
        return path  # a directory, which the reader of files will refuse in its own words
    known = sorted(file.stem for file in folder.glob("*.yaml"))
    raise UsageError(
        f"there is no configuration {name!r}, neither as a file nor among the examples",
        hint=f"examples of {command}: {', '.join(known) or 'none'}",
    )
