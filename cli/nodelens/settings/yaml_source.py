"""YAML with line numbers: the values of a file and the place of each.

The scalars are those of the YAML 1.2 core schema, so that `1e-3` is a number and `no`, `off` and
`12:30` are words. A duplicate key is an error.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from nodelens.settings.errors import (
    MAX_FAULTS,
    Fault,
    KeyPath,
    Place,
    SettingsError,
    dotted,
)

MAX_BYTES = 1_000_000
MAX_VALUES = 100_000
MAX_DEPTH = 100
EXCERPT_WIDTH = 100

_Parser: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Parser):  # type: ignore[misc]
    """PyYAML's parser with the scalars of the YAML 1.2 core schema."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012


_NULL = "tag:yaml.org,2002:null"
_BOOL = "tag:yaml.org,2002:bool"
_INT = "tag:yaml.org,2002:int"
_FLOAT = "tag:yaml.org,2002:float"
_STR = "tag:yaml.org,2002:str"
for _tag, _pattern, _first in (
    (_NULL, r"null|Null|NULL|~|", [*"nN~", ""]),
    (_BOOL, r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    (_INT, r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    (
        _FLOAT,
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        list("-+.0123456789"),
    ),
):
    _Loader.add_implicit_resolver(_tag, re.compile(f"(?:{_pattern})$"), _first)


@dataclass(frozen=True)
class Document:
    """The values of a YAML text and their places.

    Attributes:
        values: The top-level mapping.
        places: The place of each value by its path of keys.
    """

    values: dict[str, Any]
    places: dict[KeyPath, Place]


def read_yaml(path: Path) -> Document:
    """Reads a configuration file.

    Args:
        path: A YAML file whose top level is a mapping.

    Raises:
        SettingsError: If the file cannot be read, is not text, is larger than 1 MB, is not
            YAML, has a duplicate key, expands beyond bounds, or is not a mapping.
    """
    source = str(path)
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise _whole_file(source, "is a directory; a YAML file was expected")
        if size > MAX_BYTES:
            raise _whole_file(source, f"has {size:,} bytes; at most {MAX_BYTES:,} were expected")
        content = path.read_bytes()
    except OSError as error:
        raise _whole_file(source, f"cannot be read: {error.strerror}") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _whole_file(source, "is not UTF-8 text; a YAML file was expected") from error
    if "\0" in text:
        raise _whole_file(source, "is a binary file; a YAML file was expected")
    document = parse_yaml(text, source)
    if document is None:
        raise _whole_file(source, "is empty; a mapping of settings was expected")
    return document


def parse_yaml(text: str, source: str) -> Document | None:
    """Parses a YAML text whose top level is a mapping; None if the text is empty."""
    node = _compose(text, source)
    if node is None or (isinstance(node, yaml.ScalarNode) and node.tag == _NULL):
        return None
    builder = _Builder(source, text.splitlines())
    values = builder.build(node, ())
    if builder.faults:
        raise SettingsError(builder.faults)
    if not isinstance(values, dict):
        raise SettingsError(
            [Fault(builder.place(node), "", f"is {_kind(values)}; a mapping was expected")]
        )
    return Document(values, builder.places)


def parse_value(text: str, source: str) -> Any:
    """Parses one value, such as that of `--set key=value`, by the rules of the files."""
    node = _compose(text, source)
    if node is None:
        return None
    builder = _Builder(source, None)
    value = builder.build(node, ())
    if builder.faults:
        raise SettingsError(builder.faults)
    return value


def _compose(text: str, source: str) -> Any:
    try:
        if _may_be_deep(text):
            _refuse_deep(text, source)
        return yaml.compose(text, _Loader)
    except yaml.MarkedYAMLError as error:
        if "nesting depth" in str(error.problem):  # a limit of libyaml 0.2.6
            raise _too_deep(source) from error
        mark = error.problem_mark or error.context_mark
        place = Place(source)
        if mark is not None:
            lines = text.splitlines()
            excerpt = lines[mark.line] if mark.line < len(lines) else ""
            place = _place(source, mark.line, mark.column, excerpt)
        problem = error.problem or error.context or "is not YAML"
        if place.excerpt is not None and "\t" in place.excerpt[: place.column]:
            problem = "a tab in place of spaces"
        raise SettingsError([Fault(place, "", f"not valid YAML: {problem}")]) from error
    except (yaml.YAMLError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise _whole_file(source, f"is not valid YAML: {reason[:200]}") from error


def _may_be_deep(text: str) -> bool:
    """Checks whether there are brackets or columns enough to nest deeply; most files have not."""
    widest = max((len(line) - len(line.lstrip(" -?")) for line in text.splitlines()), default=0)
    return widest + _most_open(text) > MAX_DEPTH


def _most_open(text: str) -> int:
    """Returns at least as many brackets as are open at once anywhere."""
    if any(mark in text for mark in ('"', "'", "#", "!<")):
        # A closing bracket may be part of a text or a comment.
        return text.count("[") + text.count("{")
    most = depth = 0
    for bracket in re.findall(r"[\[\]{}]", text):
        depth = depth + 1 if bracket in "[{" else max(depth - 1, 0)
        most = max(most, depth)
    return most


def _refuse_deep(text: str, source: str) -> None:
    """Raises for what nests too deeply, before composing, which calls itself for each level."""
    depth = 0
    for event in yaml.parse(text, _Loader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise _too_deep(source)


class _Builder:
    """The values and their places, built from a graph of nodes."""

    def __init__(self, source: str, lines: list[str] | None) -> None:
        self.source = source
        self.lines = lines
        self.places: dict[KeyPath, Place] = {}
        self.faults: list[Fault] = []
        self._count = 0

    def build(self, node: Any, path: KeyPath) -> Any:
        # Aliases share nodes: a few lines can stand for billions of values, or for themselves.
        self._count += 1
        if self._count > MAX_VALUES or len(path) > MAX_DEPTH:
            raise _whole_file(self.source, f"expands to more than {MAX_VALUES:,} values by aliases")
        if path not in self.places:
            self.places[path] = self.place(node)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        return [self.build(item, (*path, index)) for index, item in enumerate(node.value)]

    def place(self, node: Any) -> Place:
        if self.lines is None:
            return Place(self.source)
        mark = node.start_mark
        excerpt = self.lines[mark.line] if mark.line < len(self.lines) else ""
        return _place(self.source, mark.line, mark.column, excerpt)

    def _mapping(self, node: Any, path: KeyPath) -> dict[str, Any]:
        values: dict[str, Any] = {}
        first: dict[str, Place] = {}
        for key_node, value_node in node.value:
            place = self.place(key_node)
            if not isinstance(key_node, yaml.ScalarNode):
                self._note(place, path, "a key must be a word")
                continue
            key = key_node.value
            if key in values:
                self._note(place, (*path, key), f"is given twice, first at {first[key]}")
                continue
            first[key] = place
            # An error about a value is best shown at its key: that is where the eye looks.
            self.places[(*path, key)] = place
            values[key] = self.build(value_node, (*path, key))
        return values

    def _scalar(self, node: Any, path: KeyPath) -> Any:
        text = node.value
        if node.tag == _STR:
            return text
        if node.tag == _NULL:
            return None
        if node.tag == _BOOL:
            return text.lower() == "true"
        if node.tag == _INT:
            try:
                return int(text, 0) if text[:2] in {"0o", "0x"} else int(text)
            except ValueError:
                self._note(self.place(node), path, "is a number with too many digits")
                return 0
        if node.tag == _FLOAT:
            return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
        self._note(self.place(node), path, f"the tag {node.tag!r} is not supported")
        return text

    def _note(self, place: Place, path: KeyPath, message: str) -> None:
        self.faults.append(Fault(place, dotted(path), message))
        if len(self.faults) == MAX_FAULTS:
            raise SettingsError(self.faults)


def _place(source: str, line: int, column: int, excerpt: str) -> Place:
    return Place(source, line + 1, column + 1, excerpt[: max(EXCERPT_WIDTH, column + 1)])


def _whole_file(source: str, message: str) -> SettingsError:
    return SettingsError([Fault(Place(source), "", message)])


def _too_deep(source: str) -> SettingsError:
    return _whole_file(source, f"is nested deeper than {MAX_DEPTH} levels")


def _kind(value: Any) -> str:
    return "a list" if isinstance(value, list) else f"the single value {value!r}"
