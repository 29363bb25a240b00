"""The errors of pydantic in the words and at the places of the user's configuration."""

from collections.abc import Iterator
from dataclasses import fields
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from nodelens.registry import not_a_choice, suggestion
from nodelens.settings.choices import KindIn
from nodelens.settings.errors import (
    MAX_FAULTS,
    Fault,
    KeyPath,
    Place,
    dotted,
    nearest_place,
)
from nodelens.settings.light import LightSettings

EXPECTED = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "string_type": "a text",
    "bool_type": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "path_type": "a path",
    "too_short": "a list with at least one item",
}


def faults_of(
    error: ValidationError,
    model: type,
    values: dict[str, Any],
    places: dict[KeyPath, Place],
    source: str,
) -> list[Fault]:
    """Returns the faults of a validation error.

    Args:
        error: The error of pydantic.
        model: The settings that were validated.
        values: The merged values.
        places: The place of each value.
        source: The file or other source to name where a value is missing altogether.
    """
    # A union of plain types gives one finding for each of them: they belong to one problem.
    messages: dict[KeyPath, list[str]] = {}
    details = error.errors(include_url=False)[:MAX_FAULTS]
    for detail in details:
        if detail["type"] == "too_short" and _has_inner(detail, details):
            continue  # it is short only because what was in it is wrong
        path = _written_path(detail["loc"], values)
        message = _message(detail, path, model)
        if message not in messages.setdefault(path, []):
            messages[path].append(message)
    faults = [
        Fault(
            nearest_place(path, places) or Place(source), _named(path, values), "; or ".join(found)
        )
        for path, found in messages.items()
    ]
    # Those of the command line come last, in the order in which the settings are declared.
    return sorted(faults, key=lambda fault: fault.place.line or 10**9)


def _named(path: KeyPath, values: Any) -> str:
    """Returns the name of what is wrong: of an item of a list the setting, and which item it is."""
    *group, last = path or ("",)
    if not isinstance(last, int):
        return dotted(path)
    for part in group:
        values = values[part]
    return dotted(tuple(group)) + (f", item {last + 1}" if len(values) > 1 else "")


def _has_inner(detail: ErrorDetails, details: list[ErrorDetails]) -> bool:
    location = detail["loc"]
    return any(
        len(other["loc"]) > len(location) and other["loc"][: len(location)] == location
        for other in details
    )


def _written_path(location: tuple[str | int, ...], values: Any) -> KeyPath:
    """Returns pydantic's location without what the user never wrote: the tags of unions."""
    path: list[str | int] = []
    for index, part in enumerate(location):
        last = index == len(location) - 1
        inside = isinstance(values, (dict, list))
        if inside and (
            (isinstance(values, dict) and part in values)
            or (isinstance(values, list) and isinstance(part, int) and part < len(values))
        ):
            path.append(part)
            values = values[part]  # type: ignore[index]
        elif last and isinstance(values, dict) and isinstance(part, str):
            path.append(part)
    return tuple(path)


def _message(detail: ErrorDetails, path: KeyPath, model: type) -> str:
    kind, context, received = detail["type"], detail.get("ctx", {}), detail["input"]
    if kind in {"extra_forbidden", "unexpected_keyword_argument"}:
        siblings = sorted(_field_names(model, detail["loc"][:-1]))
        return "unknown key" + suggestion(str(path[-1]), siblings)
    if kind == "missing":
        return "is missing; a value is needed"
    if kind in {"literal_error", "union_tag_invalid", "enum"}:
        expected = str(context.get("expected") or context.get("expected_tags") or "")
        choices = [word.strip(" '\"") for word in expected.replace(" or ", ",").split(",")]
        word = context.get("tag", received)
        return not_a_choice(word, [c for c in choices if c])
    if kind in {"model_type", "model_attributes_type", "dataclass_type", "dict_type"}:
        return f"a mapping was expected, {_describe(received)} was given"
    if kind == "union_tag_not_found":
        key = str(context.get("discriminator", "kind")).strip("'")
        return f"a mapping with the key `{key}` was expected"
    if kind in {"value_error", "assertion_error"}:
        return str(context.get("error", detail["msg"]))
    text = EXPECTED.get(kind) or detail["msg"].removeprefix("Input should be ")
    if kind.startswith(("greater_than", "less_than")):
        text = f"a number {text}"
    return f"{text} was expected, {_describe(received)} was given"


def _describe(value: Any) -> str:
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, (list, tuple)):
        return "a list"
    return "nothing" if value is None else repr(value)[:80]


def _field_names(model: type, location: tuple[str | int, ...]) -> set[str]:
    """Returns the keys that are known at a location, through nested models and unions."""
    models = [model]
    for part in location:
        following: list[type] = []
        for candidate in models:
            following += models_in(*_annotations(candidate).get(str(part), ()))
        if following:
            models = following
        else:
            # A list index, or the tag of a union: narrow down by it where that is possible.
            models = [m for m in models if _has_tag(m, part)] or models
    return {name for candidate in models for name in _annotations(candidate)}


def _annotations(model: type) -> dict[str, tuple[Any, ...]]:
    """Returns for each field of a model or of light settings all that its annotation says."""
    if issubclass(model, LightSettings):
        return {field.name: (field.type,) for field in fields(model)}
    found: dict[str, FieldInfo] = model.model_fields  # type: ignore[attr-defined]
    return {name: (field.annotation, *field.metadata) for name, field in found.items()}


def models_in(*annotations: Any) -> Iterator[type]:
    """Yields the classes of settings that annotations name, those of all kinds among them."""
    for annotation in annotations:
        if isinstance(annotation, KindIn):
            yield from annotation.models
        if isinstance(annotation, type) and issubclass(annotation, (BaseModel, LightSettings)):
            yield annotation
        yield from models_in(*get_args(annotation))


def _has_tag(model: type, tag: str | int) -> bool:
    return any(tag in get_args(annotation) for annotation, *_ in _annotations(model).values())
