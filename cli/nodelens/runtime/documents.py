"""Documents of plain values as JSON text."""

import json
import math
from collections.abc import Mapping
from typing import Any

SCHEMA = 1  # of the documents of all commands; raised when a name in them changes its meaning


def command_json(command: str, document: Mapping[str, Any]) -> str:
    """Returns the document of a command as strict JSON, with the schema and its name on top."""
    return to_json({"schema": SCHEMA, "command": command, **document})


def to_json(document: dict[str, Any]) -> str:
    """Returns a document as strict JSON: what is not finite becomes null.

    NumPy numbers, paths and enums become the values that they stand for.
    """
    return json.dumps(_plain(document), indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, (bool, str)) or value is None:
        return value
    if isinstance(value, int):
        return int(value)
    if hasattr(value, "tolist"):  # NumPy arrays and numbers, without importing NumPy
        return _plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return str(value)
