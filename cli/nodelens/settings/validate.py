"""Settings validated by pydantic."""

import json
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from nodelens.settings.base import Settings
from nodelens.settings.errors import SettingsError
from nodelens.settings.explain_errors import faults_of
from nodelens.settings.merge import Merged

S = TypeVar("S")


def validate(model: type[S], merged: Merged, file: Path | None) -> S:
    """Validates merged values.

    Args:
        model: The class of the settings.
        merged: The values, with their places and the faults found so far.
        file: The configuration file, if one was given.

    Raises:
        SettingsError: Naming everything that is wrong.
    """
    faults = list(merged.faults)
    if issubclass(model, BaseModel):
        _fill_kinds(model, merged.values)
    try:
        # As JSON, because strict validation then still takes a list for a tuple and a text for a
        # path, but no text for a number and no truth value for a count.
        text = json.dumps(merged.values, default=str)
        settings = TypeAdapter(model).validate_json(text, strict=True)
    except ValidationError as error:
        source = str(file or "command line")
        faults += faults_of(error, model, merged.values, merged.places, source)
    if faults:
        raise SettingsError(faults)
    return settings


def to_plain(settings: object) -> dict[str, Any]:
    """Returns validated settings as nested plain values."""
    plain: dict[str, Any] = TypeAdapter(type(settings)).dump_python(settings, mode="json")
    return plain


def _fill_kinds(model: type[BaseModel], values: dict[str, Any]) -> None:
    """Gives a group without `kind` the default kind: `data.points=7` is enough."""
    for name, field in model.model_fields.items():
        group, default = values.get(name), field.default
        if isinstance(group, dict) and isinstance(default, Settings):
            if "kind" in type(default).model_fields:
                group.setdefault("kind", default.kind)  # type: ignore[attr-defined]
            _fill_kinds(type(default), group)
