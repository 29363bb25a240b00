"""Precedence, origins, and all errors at once."""

from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field, ValidationError

from nodelens.errors import UsageError
from nodelens.settings.base import Settings
from nodelens.settings.errors import SettingsError
from nodelens.settings.merge import find_config
from nodelens.settings.resolve import Resolved, resolve


class Solver(Settings):
    method: Literal["dopri5", "tsit5"] = "dopri5"
    rtol: float = Field(1e-3, gt=0)


class Spiral(Settings):
    kind: Literal["spiral"] = "spiral"
    points: int = 1000


class Table(Settings):
    kind: Literal["csv"]
    path: Path


class Example(Settings):
    seed: int = 0
    solver: Solver = Solver()
    data: Annotated[Spiral | Table, Field(discriminator="kind")] = Spiral()
    sizes: tuple[int, ...] = (2, 50, 2)
    kernel: int | tuple[int, int] = 3


def settle(tmp_path: Path, text: str | None = None, *overrides: str, **flags: object) -> Resolved:
    file = None
    if text is not None:
        file = tmp_path / "c.yaml"
        file.write_text(text)
    named = {key: (f"--{key}", value) for key, value in flags.items()}
    return resolve(Example, file=file, overrides=overrides, flags=named)


def complaint(tmp_path: Path, text: str, *overrides: str) -> str:
    with pytest.raises(SettingsError) as caught:
        settle(tmp_path, text, *overrides)
    return str(caught.value).replace(str(tmp_path) + "/", "")


def test_flags_beat_set_beat_file_beat_defaults(tmp_path: Path) -> None:
    text = "seed: 1\nsolver: {rtol: 1e-4}\n"
    assert settle(tmp_path).settings.seed == 0
    assert settle(tmp_path, text).settings.seed == 1
    assert settle(tmp_path, text, "seed=2", "seed=3").settings.seed == 3
    resolved = settle(tmp_path, text, "seed=2", seed=4)
    assert resolved.settings.seed == 4
    assert resolved.settings.solver.rtol == 1e-4
    assert settle(tmp_path, text, seed=None).settings.seed == 1


def test_every_value_knows_its_origin(tmp_path: Path) -> None:
    text = "solver:\n  rtol: 1e-4\n"
    origins = settle(tmp_path, text, "data.points=7", seed=4).origins
    assert origins["seed"] == "--seed"
    assert origins["solver.rtol"].endswith("c.yaml:2:3")
    assert origins["solver.method"] == "default"
    assert origins["data.points"] == "--set data.points=7"
    assert origins["data.kind"] == "default"
    assert origins["sizes"] == "default"


def test_set_takes_yaml_and_reaches_into_lists(tmp_path: Path) -> None:
    settings = settle(tmp_path, "sizes: [2, 50, 2]\n", "sizes.1=64", "data={kind: csv, path: x}")
    assert settings.settings.sizes == (2, 64, 2)
    assert settings.settings.data == Table(kind="csv", path=Path.cwd() / "x")


def test_a_group_without_kind_is_of_the_default_kind(tmp_path: Path) -> None:
    assert settle(tmp_path, "data: {points: 3}\n").settings.data == Spiral(points=3)


def test_settings_are_frozen(tmp_path: Path) -> None:
    with pytest.raises(ValidationError):
        settle(tmp_path).settings.seed = 5


def test_all_errors_are_told_at_once_at_their_places(tmp_path: Path) -> None:
    text = (
        "sed: 1\nsolver:\n  rtol: -1\n  method: dopri8\ndata: {kind: csv, pth: x}\nsizes: [a, 2]\n"
    )
    message = complaint(tmp_path, text, "nonsense", "solver.rtl=1", "seed.x=1")
    for line in [
        "c.yaml:1:1: sed: unknown key; did you mean `seed`?\n  1 | sed: 1\n      ^",
        "c.yaml:3:3: solver.rtol: a number greater than 0 was expected, -1 was given",
        "c.yaml:4:3: solver.method: 'dopri8' is not a choice; did you mean `dopri5`?",
        "c.yaml:5:1: data.path: is missing",
        "c.yaml:5:19: data.pth: unknown key; did you mean `path`?",
        "c.yaml:6:9: sizes, item 1: a whole number was expected, 'a' was given",
        "--set nonsense: is no assignment; `key.name=value` was expected",
        "--set solver.rtl=1: solver.rtl: unknown key; did you mean `rtol`?",
    ]:
        assert line in message


def test_an_item_of_a_list_is_named_by_its_setting(tmp_path: Path) -> None:
    text = "seed: 1\n"
    assert "--set sizes=[x]: sizes: a whole number was" in complaint(tmp_path, text, "sizes=[x]")
    assert ": sizes, item 2: a whole" in complaint(tmp_path, text, "sizes=[1, x]")


def test_errors_of_the_command_line_come_in_the_order_of_the_settings(tmp_path: Path) -> None:
    message = complaint(tmp_path, "kernel: 3\n", "data=5", "sizes=[x]", "solver=1", "seed=x")
    names = ["seed", "solver", "data", "sizes"]
    assert sorted(names, key=lambda name: message.index(f": {name}: ")) == names


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("seed: '1'", "a whole number was expected, '1' was given"),
        ("seed: true", "a whole number was expected, True was given"),
        ("seed: 1.5", "a whole number was expected, 1.5 was given"),
        ("seed:", "a whole number was expected, nothing was given"),
        ("solver: {rtol: .nan}", "a finite number was expected"),
        ("solver: {rtol: fast}", "a number was expected, 'fast' was given"),
        ("solver: [1, 2]", "a mapping was expected, a list was given"),
        ("data: 5", "a mapping was expected, 5 was given"),
        ("data: {kind: spirl}", "'spirl' is not a choice; did you mean `spiral`?"),
        ("kernel: a", "a whole number was expected, 'a' was given; or a list was expected"),
    ],
)
def test_wrong_types_are_told_in_plain_words(tmp_path: Path, text: str, words: str) -> None:
    assert words in complaint(tmp_path, text)


def test_a_setting_below_a_value_is_refused(tmp_path: Path) -> None:
    message = complaint(tmp_path, "seed: 3\n", "seed.x=1", "sizes.7=3")
    assert "--set seed.x=1: seed.x: seed holds no settings of its own" in message


def test_thousands_of_errors_are_cut(tmp_path: Path) -> None:
    message = complaint(tmp_path, "\n".join(f"k{n}: 1" for n in range(5000)))
    assert "20 problems or more" in message
    assert len(message.splitlines()) < 100


def test_an_example_is_found_by_name_and_a_file_by_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "train-ode").mkdir()
    example = tmp_path / "train-ode" / "spiral.yaml"
    example.write_text("seed: 1\n")
    assert find_config("train-ode", "spiral", tmp_path) == example
    assert find_config("train-ode", "spiral.yaml", tmp_path) == example
    assert find_config("train-ode", str(example), tmp_path) == example
    # A folder of results may well have the name of its example.
    (tmp_path / "spiral").mkdir()
    monkeypatch.chdir(tmp_path)
    assert find_config("train-ode", "spiral", tmp_path) == example
    with pytest.raises(UsageError) as caught:
        find_config("train-ode", "spira", tmp_path)
    assert "spiral" in (caught.value.hint or "")


def test_a_path_in_a_file_is_relative_to_the_file_and_a_typed_one_to_the_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    resolved = settle(tmp_path, "data: {kind: csv, path: x.csv}\n")
    assert resolved.settings.data.path == tmp_path / "x.csv"
    resolved = settle(tmp_path, "data: {kind: csv, path: x.csv}\n", "data.path=y.csv")
    assert resolved.settings.data.path == tmp_path / "elsewhere" / "y.csv"


def test_an_argument_replaces_a_group_and_leaves_its_details_to_set(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("data: {kind: spiral, points: 5}\n")
    data = {"data": ("DATA", {"kind": "csv", "path": "/x.csv"})}
    resolved = resolve(Example, file=tmp_path / "c.yaml", arguments=data)
    assert resolved.settings.data == Table(kind="csv", path=Path("/x.csv"))
    assert resolved.origins["data.path"] == "DATA"
    resolved = resolve(Example, overrides=["data.path=/y.csv"], arguments=data)
    assert resolved.settings.data == Table(kind="csv", path=Path("/y.csv"))
    assert resolved.origins["data.path"] == "--set data.path=/y.csv"
    assert resolved.origins["data.kind"] == "DATA"
