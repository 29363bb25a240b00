"""The meanings of settings: every setting has one, and the values it states are those allowed."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from nodelens.checking.settings import AdjointCheckSettings
from nodelens.commands.conv.settings import ConvParamsSettings
from nodelens.commands.train.train_ode import train_ode
from nodelens.errors import UsageError
from nodelens.explaining.settings import GradcamSettings
from nodelens.report.setting_help import setting_help
from nodelens.settings.errors import SettingsError
from nodelens.settings.meanings import Meaning, explained, in_force, meanings
from nodelens.settings.merge import Merged
from nodelens.settings.validate import to_plain, validate
from nodelens.training.settings import TrainOdeSettings

ALL = [TrainOdeSettings, AdjointCheckSettings, GradcamSettings, ConvParamsSettings]
BOUNDED = [
    pytest.param(model, one, id=f"{model.__name__}-{one.key}-{one.kinds and one.kinds[-1][1][0]}")
    for model in (TrainOdeSettings, AdjointCheckSettings, GradcamSettings)
    for one in meanings(model)
    if "number" in one.allowed and not one.key.startswith("against.")  # these are those of `field`
]


@pytest.mark.parametrize("model", ALL, ids=lambda model: model.__name__)
def test_every_setting_has_a_meaning_that_is_printed(model: type) -> None:
    found = meanings(model)
    printed = " ".join(setting_help(found, 72).plain.split())
    for one in found:
        assert one.text.endswith("."), f"{one.key} {one.kinds} has no meaning"
        assert f"{one.key} {one.text}" in printed


def test_no_setting_of_any_kind_is_left_out() -> None:
    """The schema of pydantic lists the settings of all classes by another way."""
    schema = TrainOdeSettings.model_json_schema()
    names = [set(one.get("properties", ())) for one in (schema, *schema["$defs"].values())]
    found = {one.key.rpartition(".")[2] for one in meanings(TrainOdeSettings)}
    assert len(names) > 20
    assert set().union(*names) == found


@pytest.mark.parametrize("model", ALL, ids=lambda model: model.__name__)
def test_defaults_are_those_in_force(model: Any) -> None:
    plain = to_plain(model())
    for key, one in in_force(meanings(model), plain).items():
        value = plain
        for part in key.split("."):
            if not isinstance(value, dict) or part not in value:
                break  # it is in a group that is null
            value = value[part]
        else:
            if one.default is not None and not isinstance(value, (dict, list, str)):
                assert one.default == str(value).replace("None", "null").lower()


@pytest.mark.parametrize(("model", "one"), BOUNDED)
def test_bounds_are_those_enforced(model: type, one: Meaning) -> None:
    for value, valid in probes(one.allowed):
        assert takes(model, one, value) == valid, (value, one.allowed)


def probes(allowed: str) -> Iterator[tuple[Any, bool]]:
    """Values at the bounds that are stated and beyond them, and whether they are valid."""
    item = re.fullmatch(r"\[([^\[\],]+)((?:, \1)*)(?:, …)?\](?:, \d or more)?", allowed)
    if item:
        count = 1 + item[2].count(",")
        yield from (([value] * count, valid) for value, valid in probes(item[1]))
        return
    for text in allowed.split(" | "):
        number = re.fullmatch(r"(?:(\S+) ([≤<]) )?(whole )?number(?: ([≤<≥>]) (\S+))?", text)
        if number is None:
            continue
        low, below, whole, sign, high = number.groups()
        if sign in ("≥", ">"):
            low, below, sign, high = high, {"≥": "≤", ">": "<"}[sign], None, None
        for bound, mark, outward in ((low, below, -1), (high, sign, 1)):
            if bound is None:
                yield outward * 10**6, True
                continue
            edge = int(bound) if whole else float(bound)
            near = 1 if whole else 1e-9
            yield edge, mark == "≤"
            yield edge + outward * near, False
            yield edge - outward * near, True


def takes(model: type, one: Meaning, value: Any) -> bool:
    """Whether the validation finds no fault with a value; other settings may be missing."""
    values: dict[str, Any] = {}
    for key, names in one.kinds:
        put(values, key, names[0])
    put(values, one.key, value)
    try:
        validate(model, Merged(values, {}, []), None)
    except SettingsError as error:
        key = one.key.replace(".N.", ".0.")
        found = [fault.key.partition(", item")[0] for fault in error.faults]
        return not any(f"{one}.".startswith(f"{key}.") for one in found)
    return True


def put(values: Any, key: str, value: Any) -> None:
    parts = key.split(".")
    for name, following in pairwise(parts):
        if name == "N":
            values.append({})
            values = values[0]
        else:
            values = values.setdefault(name, [] if following == "N" else {})
    values[parts[-1]] = value


def test_a_setting_is_found_by_its_key_and_a_group_with_all_that_is_in_it() -> None:
    found = meanings(TrainOdeSettings)
    (window,) = explained(found, "training.window")
    assert "0 fits whole trajectories" in window.text
    assert window.allowed == "0 | whole number ≥ 2 | null"
    assert window.default == "null"
    (until,) = explained(found, "training.phases.3.until")
    assert until.must_be_given
    keys = [one.key for one in explained(found, "training.nan_guard")]
    assert keys == [
        "training.nan_guard",
        "training.nan_guard.patience",
        "training.nan_guard.shrink",
    ]
    assert explained(found, "all") == found


@pytest.mark.parametrize(
    ("key", "hint"),
    [("window", "`training.window`"), ("training.windw", "`training.window`"), ("q", "or `all`")],
)
def test_an_unknown_key_is_refused_with_the_nearest(key: str, hint: str) -> None:
    with pytest.raises(UsageError, match=f"no setting '{key}'") as caught:
        explained(meanings(TrainOdeSettings), key)
    assert hint in (caught.value.hint or "")


def test_the_help_names_settings_that_exist() -> None:
    named = re.findall(r"\b[a-z]+(?:\.[a-z_]+)+\b", train_ode.__doc__ or "")
    assert "training.window" in named
    assert set(named) <= {one.key for one in meanings(TrainOdeSettings)}
