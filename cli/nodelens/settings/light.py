"""Light settings: dataclasses that can be read without pydantic, which takes long to import.

Each rule is said once, as the type or the `Check` of a field. Values that plainly keep the rules
are read here; all others pydantic reads, by the same rules, and finds the words for what is wrong.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import UnionType
from typing import Annotated, Any, ClassVar, TypeVar, get_args, get_origin

S = TypeVar("S")


@dataclass(frozen=True)
class LightSettings:
    """The base of frozen dataclasses of settings, all of which have defaults.

    A field is of a plain type, of light settings, or a mapping of these. One of another type, such
    as a tuple, has a `Check` that vouches for what is inside.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid", "allow_inf_nan": False}


def read_light(model: type[S], values: Mapping[str, Any]) -> S | None:
    """Reads light settings.

    Args:
        model: The class of the settings.
        values: Nested plain values.

    Returns:
        The settings; None if they are not light, or if a value is for pydantic to judge.
    """
    if not issubclass(model, LightSettings):
        return None
    try:
        settings: S = _read(model, values)
    except ValueError:
        return None
    return settings


def _read(kind: Any, value: Any) -> Any:
    if get_origin(kind) is Annotated:
        kind, check = get_args(kind)
        value = check.read(value)
    if get_origin(kind) is Mapping and isinstance(value, dict):
        return {name: _read(get_args(kind)[1], item) for name, item in value.items()}
    if isinstance(kind, type) and issubclass(kind, LightSettings) and isinstance(value, dict):
        types = {field.name: field.type for field in fields(kind)}
        if unknown := value.keys() - types.keys():
            raise ValueError(unknown)
        return kind(**{name: _read(types[name], item) for name, item in value.items()})
    kinds = get_args(kind) if isinstance(kind, UnionType) else (kind,)
    # Pydantic knows better that True is no whole number, and that a number may have to be finite.
    if isinstance(value, (bool, float)):
        raise ValueError(value)
    if not isinstance(value, tuple(get_origin(one) or one for one in kinds)):
        raise ValueError(value)
    return value
