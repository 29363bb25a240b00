"""The values that an annotation allows, in words."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from nodelens.settings.checks import Check

NAMES = {bool: "true | false", str: "text", Path: "path", NoneType: "null"}
NUMBERS = {int: "whole number", float: "number"}
ABOVE = (("ge", "≥"), ("gt", ">"))
BELOW = (("le", "≤"), ("lt", "<"))


def allowed_by(annotation: Any, metadata: Iterable[Any] = ()) -> str:
    """Returns in words what an annotation allows, such as `whole number ≥ 1 | null`.

    Lists and mappings look as in YAML: `[number, …]`, `{name: number, …}`.

    Args:
        annotation: A type.
        metadata: What is annotated to it: bounds, checks, lengths.
    """
    metadata = tuple(metadata)
    for mark in metadata:
        if isinstance(mark, Check) and mark.allowed is not None:
            return mark.allowed()
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return allowed_by(inner[0], (*metadata, *annotation.__metadata__))
    if origin in (Union, UnionType):
        return " | ".join(dict.fromkeys(allowed_by(one, metadata) for one in inner))
    if origin is Literal:
        return " | ".join(map(str, inner))
    if origin in (tuple, list):
        return _list(inner, metadata)
    if origin in (dict, Mapping):
        return f"{{name: {allowed_by(inner[1])}, …}}"
    if annotation in NUMBERS:
        return _number(NUMBERS[annotation], metadata)
    return NAMES.get(annotation, "settings")


def _list(inner: tuple[Any, ...], metadata: tuple[Any, ...]) -> str:
    least = next((mark.min_length for mark in metadata if hasattr(mark, "min_length")), None)
    if inner[-1] is not Ellipsis and len(inner) > 1:
        return f"[{', '.join(map(allowed_by, inner))}]"
    items = f"[{allowed_by(inner[0])}, …]"
    return f"{items}, {least} or more" if least else items


def _number(word: str, metadata: tuple[Any, ...]) -> str:
    """Returns the word with its bounds: `number > 0`, `0 ≤ number < 1`."""
    low, high = _bound(ABOVE, metadata), _bound(BELOW, metadata)
    if word == NUMBERS[int]:
        low = ("≥", low[1] + 1) if low and low[0] == ">" else low
        high = ("≤", high[1] - 1) if high and high[0] == "<" else high
    if low and high:
        sign = {"≥": "≤", ">": "<"}[low[0]]
        return f"{low[1]} {sign} {word} {high[0]} {high[1]}"
    bound = low or high
    return f"{word} {bound[0]} {bound[1]}" if bound else word


def _bound(marks: tuple[tuple[str, str], ...], metadata: tuple[Any, ...]) -> tuple[str, Any] | None:
    for name, sign in marks:
        for mark in metadata:
            if getattr(mark, name, None) is not None:
                return sign, getattr(mark, name)
    return None
