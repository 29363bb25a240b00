"""The meaning of every setting, read from the classes that declare it.

The words stand under `Attributes:` in the docstring of a class, what is allowed in its annotations.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, fields, replace
from difflib import get_close_matches
from inspect import cleandoc
from types import UnionType
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin

from pydantic_core import PydanticUndefined, to_jsonable_python

from nodelens.errors import UsageError
from nodelens.settings.allowed import allowed_by
from nodelens.settings.explain_errors import models_in
from nodelens.settings.light import LightSettings
from nodelens.settings.yaml_text import written

EVERYTHING = "all"
ITEM = "N"
"""The place of an index in the key of a setting of a list, such as `training.phases.N.until`."""

Pairs = tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class Meaning:
    """The meaning of a setting, or of a group of settings.

    Attributes:
        key: The dotted key.
        text: The meaning, in a sentence or two.
        allowed: The values that it may have; empty for a group that is always there.
        default: The default as it is written in YAML; None if there is none.
        kinds: The key of each `kind` that decides about the setting, with those that have it.
        choices: For a `kind`, each of its names with what it stands for.
    """

    key: str
    text: str
    allowed: str = ""
    default: str | None = None
    kinds: Pairs = ()
    choices: Pairs = ()

    @property
    def must_be_given(self) -> bool:
        """True if there is no default."""
        return bool(self.allowed) and self.default is None


class _Field(NamedTuple):
    """A field of a class of settings.

    Attributes:
        annotation: Its type, with all that is annotated to it.
        default: Its default; None where `required`.
        required: True if a value must be given.
    """

    annotation: Any
    default: Any
    required: bool


def meanings(model: type) -> list[Meaning]:
    """Returns the meaning of everything that may be set in a class of settings, of all kinds.

    Args:
        model: A class of `Settings` or of `LightSettings`.
    """
    return list(_of_class(model, None, ""))


def in_force(found: Sequence[Meaning], values: Mapping[str, Any]) -> dict[str, Meaning]:
    """Returns by key the meanings that hold for settings, whose kinds decide about them.

    Args:
        found: The meanings of everything that may be set.
        values: The settings as nested plain values.
    """
    return {
        one.key: one
        for one in found
        if all(_value(values, key) in names for key, names in one.kinds)
    }


def explained(found: Sequence[Meaning], key: str) -> list[Meaning]:
    """Returns the meanings of a setting, of a group with all that is in it, or of everything.

    Args:
        found: The meanings of everything that may be set.
        key: A dotted key, or `all`.

    Raises:
        UsageError: If there is no such key.
    """
    if key == EVERYTHING:
        return list(found)
    wanted = re.sub(r"\.\d+(?=\.|$)", f".{ITEM}", key).removesuffix(f".{ITEM}")
    chosen = [one for one in found if f"{one.key}.".startswith(f"{wanted}.")]
    if not chosen:
        known = list(dict.fromkeys(one.key for one in found))
        ends = dict.fromkeys(end for one in known for end in (one, one.rpartition(".")[2]))
        close = get_close_matches(key, ends, n=1, cutoff=0.75)
        meant = [one for one in known for end in close if one == end or one.endswith(f".{end}")]
        raise UsageError(
            f"there is no setting {key!r}",
            hint=f"did you mean {' or '.join(f'`{one}`' for one in dict.fromkeys(meant))}?"
            if meant
            else f"one of {', '.join(one for one in known if '.' not in one)}, or a key below it, "
            f"or `{EVERYTHING}`",
        )
    return chosen


def meanings_document(found: Sequence[Meaning]) -> dict[str, Any]:
    """Makes the document of settings that are explained."""
    return {
        "settings": [
            {**asdict(one), "kinds": dict(one.kinds), "choices": dict(one.choices)} for one in found
        ]
    }


def documented(model: type) -> dict[str, str]:
    """Returns what the docstrings of a class and of its bases say about each attribute."""
    texts: dict[str, str] = {}
    for one in reversed(model.__mro__):
        doc = cleandoc(vars(one).get("__doc__") or "")
        section = re.search(r"^Attributes:\n((?: {4}.*\n?|\n)+)", doc, re.MULTILINE)
        for entry in re.split(r"^ {4}(?=\w)", section[1] if section else "", flags=re.MULTILINE):
            name, _, text = entry.partition(":")
            if text:
                texts[name.strip()] = " ".join(text.split())
    return texts


def _of_class(model: type, instance: Any, prefix: str) -> Iterator[Meaning]:
    """Yields what may be set in a class; the defaults are those of an instance, if there is one."""
    texts = documented(model)
    for name, one in _fields(model, instance).items():
        if name == "kind":
            continue  # it is said where the kinds meet
        key, text = prefix + name, texts.get(name, "")
        default = None if one.required else written(to_jsonable_python(one.default))
        inside = list(dict.fromkeys(models_in(one.annotation)))
        if not inside:
            yield Meaning(key, text, allowed_by(one.annotation), default)
        elif get_origin(_bare(one.annotation)) is tuple:
            yield Meaning(key, text, "[settings, …]", default)
            yield from _of_group(inside, None, f"{key}.{ITEM}.")
        else:
            optional = default == "null"
            yield Meaning(key, text, *(("settings | null", default) if optional else ()))
            yield from _of_group(inside, one.default, f"{key}.")


def _of_group(inside: Sequence[type], default: Any, prefix: str) -> Iterator[Meaning]:
    """Yields what may be set in a group: its kind, if it has several, and what each kind has."""
    named = {one: names for one in inside if (names := _kinds(one))}
    if not named:
        yield from _of_class(inside[0], default, prefix)
        return
    key = f"{prefix}kind"
    choices = {name: _summary(one) for one, names in named.items() for name in names}
    usual = None if default is None else written(default.kind)
    text = documented(next(iter(named))).get("kind", "")
    yield Meaning(key, text, " | ".join(choices), usual, choices=tuple(choices.items()))
    same: dict[Meaning, tuple[str, ...]] = {}
    for one, names in named.items():
        for meaning in _of_class(one, default if type(default) is one else None, prefix):
            same[meaning] = (*same.get(meaning, ()), *names)
    for meaning, names in same.items():
        yield replace(meaning, kinds=((key, names), *meaning.kinds))


def _kinds(model: type) -> tuple[str, ...]:
    """Returns the names of a class of settings that is one of several kinds."""
    found = _fields(model, None).get("kind")
    return get_args(_bare(found.annotation)) if found else ()


def _fields(model: type, instance: Any) -> dict[str, _Field]:
    found = {}
    if issubclass(model, LightSettings):
        for light in fields(model):
            default = light.default if light.default is not MISSING else None
            if light.default_factory is not MISSING:
                default = light.default_factory()
            found[light.name] = _Field(light.type, default, required=False)
    else:
        for name, info in model.model_fields.items():  # type: ignore[attr-defined]
            annotation = info.annotation
            if info.metadata:
                annotation = Annotated[(annotation, *info.metadata)]
            default = info.get_default(call_default_factory=True)
            required = default is PydanticUndefined
            found[name] = _Field(annotation, None if required else default, required)
    if instance is not None:
        found = {n: _Field(one.annotation, getattr(instance, n), False) for n, one in found.items()}
    return found


def _bare(annotation: Any) -> Any:
    """Returns a type without annotations and without None."""
    if get_origin(annotation) in (Annotated, Union, UnionType):
        return _bare(get_args(annotation)[0])
    return annotation


def _summary(model: type) -> str:
    """Returns the first paragraph of the docstring of a class."""
    first = " ".join(cleandoc(model.__doc__ or "").split("\n\n")[0].split())
    return first.rstrip(".")


def _value(values: Any, key: str) -> Any:
    for part in key.split("."):
        values = values.get(part) if isinstance(values, dict) else None
    return values
