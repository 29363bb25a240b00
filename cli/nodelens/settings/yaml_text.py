"""Values written as YAML on one line, which `yaml_source` reads back as they were."""

import json
import re
from typing import Any

from nodelens.settings.errors import SettingsError
from nodelens.settings.yaml_source import parse_value

PLAIN = re.compile(r"[A-Za-z_/][\w./+-]*")


def written(value: Any) -> str:
    """Returns a plain value as YAML; words without quotes where they stay words."""
    if isinstance(value, str) and PLAIN.fullmatch(value) and _stays(value):
        return value
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(written(item) for item in value)}]"
    if isinstance(value, dict):
        items = (f"{written(str(key))}: {written(item)}" for key, item in value.items())
        return f"{{{', '.join(items)}}}"
    readable = isinstance(value, str) and value.isprintable()
    return json.dumps(value, ensure_ascii=not readable)


def _stays(word: str) -> bool:
    """Checks that a word is read as itself, and not as a number or a truth value."""
    try:
        return bool(parse_value(word, "") == word)
    except SettingsError:
        return False
