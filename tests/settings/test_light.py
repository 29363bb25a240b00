"""Light settings: read without pydantic exactly what pydantic would read, and nothing else."""

from collections.abc import Mapping
from dataclasses import FrozenInstanceError, dataclass, field
from pathlib import Path
from typing import Annotated, Any

import pytest

from nodelens.settings.base import Settings
from nodelens.settings.checks import Check, name_in
from nodelens.settings.errors import SettingsError
from nodelens.settings.light import LightSettings, read_light
from nodelens.settings.merge import Merged
from nodelens.settings.resolve import resolve
from nodelens.settings.validate import to_plain, validate


def _sizes(value: object) -> object:
    if not isinstance(value, list) or not all(type(size) is int for size in value):
        raise ValueError(f"sizes were expected, {value!r} was given")
    return tuple(value)


Sizes = Annotated[tuple[int, ...], Check(_sizes)]


@dataclass(frozen=True)
class Inner(LightSettings):
    tree: Annotated[str, name_in(("oak", "elm"))] = "oak"
    count: int | str | None = None


@dataclass(frozen=True)
class Outer(LightSettings):
    steps: int = 1
    rate: float = 0.5
    loud: bool = False
    name: str | None = None
    sizes: Sizes = ()
    shapes: Mapping[str, Sizes] = field(default_factory=dict)
    inner: Inner = Inner()


GOOD: list[dict[str, Any]] = [
    {},
    {"steps": 3, "name": "a", "sizes": [1, 2]},
    {"name": None, "shapes": {"a": [1], "b": []}},
    {"inner": {}},
    {"inner": {"tree": "elm", "count": "5M"}},
    {"inner": {"count": 5}},
]
FOR_PYDANTIC: list[dict[str, Any]] = [
    {"rate": 2},
    {"rate": 2.5},
    {"loud": True},
]
WRONG: dict[str, dict[str, Any]] = {
    "steps: a whole number was expected, True was given": {"steps": True},
    "steps: a whole number was expected, 1.0 was given": {"steps": 1.0},
    "steps: a whole number was expected, '1' was given": {"steps": "1"},
    "steps: a whole number was expected, a list was given": {"steps": [1]},
    "steps: a whole number was expected, a mapping was given": {"steps": {"a": 1}},
    "rate: a finite number was expected": {"rate": float("nan")},
    "name: a text was expected, a list was given": {"name": ["a"]},
    "sizes: sizes were expected, 5 was given": {"sizes": 5},
    "shapes: a mapping was expected, a list was given": {"shapes": [1]},
    "shapes.b: sizes were expected, [1.5] was given": {"shapes": {"a": [1], "b": [1.5]}},
    "step: unknown key; did you mean `steps`?": {"step": 1},
    "inner: a mapping was expected, 5 was given": {"inner": 5},
    "inner.tre: unknown key; did you mean `tree`?": {"inner": {"tre": "elm"}},
    "inner.tree: 'ilm' is not a choice; did you mean `elm`?": {"inner": {"tree": "ilm"}},
    "inner.count: ": {"inner": {"count": 1.5}},
}


def by_pydantic(values: dict[str, Any]) -> Outer:
    return validate(Outer, Merged(values, {}, []), None)


@pytest.mark.parametrize("values", GOOD, ids=str)
def test_plain_values_are_read_as_pydantic_reads_them(values: dict[str, Any]) -> None:
    settings = read_light(Outer, values)
    assert settings is not None
    assert settings == by_pydantic(values)


@pytest.mark.parametrize("values", FOR_PYDANTIC, ids=str)
def test_values_of_another_type_are_left_to_pydantic(values: dict[str, Any]) -> None:
    assert read_light(Outer, values) is None
    assert resolve(Outer, flags={key: ("--it", one) for key, one in values.items()}).settings == (
        by_pydantic(values)
    )


@pytest.mark.parametrize("message", WRONG)
def test_wrong_values_are_left_to_pydantic_and_explained(message: str) -> None:
    values = WRONG[message]
    assert read_light(Outer, values) is None
    with pytest.raises(SettingsError) as caught:
        resolve(Outer, flags={key: ("--it", one) for key, one in values.items()})
    assert f"--it: {message}" in str(caught.value)


def test_an_error_of_a_file_has_its_place_beside_faults_of_assignments(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text("steps: 2\ninner:\n  tree: ilm\n")
    with pytest.raises(SettingsError) as caught:
        resolve(Outer, file=file, overrides=["nonsense"])
    assert "c.yaml:3:3: inner.tree: 'ilm' is not a choice" in str(caught.value)
    assert "--set nonsense: is no assignment" in str(caught.value)
    file.write_text("steps: 2\n")
    with pytest.raises(SettingsError, match="--set nonsense"):
        resolve(Outer, file=file, overrides=["nonsense"])


def test_light_settings_are_frozen_and_know_their_origins() -> None:
    resolved = resolve(Outer, flags={"inner.tree": ("--tree", "elm"), "sizes": ("--sizes", [3])})
    assert resolved.document["sizes"] == [3]
    assert resolved.document["inner"] == {"tree": "elm", "count": None}
    assert resolved.origins["inner.tree"] == "--tree"
    assert resolved.origins["inner.count"] == "default"
    with pytest.raises(FrozenInstanceError):
        resolved.settings.steps = 5  # type: ignore[misc]


def test_models_of_pydantic_are_not_light() -> None:
    class Heavy(Settings):
        steps: int = 1

    assert read_light(Heavy, {"steps": 2}) is None
    assert to_plain(resolve(Heavy, flags={"steps": ("--steps", 2)}).settings) == {"steps": 2}
