"""YAML with line numbers: what is read, and what is refused with which words."""

import time
from pathlib import Path

import pytest

from nodelens.settings.errors import SettingsError
from nodelens.settings.yaml_source import parse_value, read_yaml


def write(tmp_path: Path, content: str | bytes) -> Path:
    path = tmp_path / "c.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("1.5E+2", 150.0),
        (".5", 0.5),
        ("-3", -3),
        ("0x10", 16),
        ("true", True),
        ("no", "no"),
        ("off", "off"),
        ("12:30", "12:30"),
        ("1_000", "1_000"),
        ("2026-11-21", "2026-11-21"),
        ("null", None),
        ("~", None),
        ("'5'", "5"),
        ("[1, 2.5, a]", [1, 2.5, "a"]),
        ("{a: 1}", {"a": 1}),
        ("", None),
    ],
)
def test_scalars_are_what_they_look_like(text: str, value: object) -> None:
    parsed = parse_value(text, "--set")
    assert parsed == value
    assert type(parsed) is type(value)


def test_places_of_values_are_known(tmp_path: Path) -> None:
    document = read_yaml(write(tmp_path, "seed: 1\nsolver:\n  rtol: 1e-4\nsizes: [2, 50]\n"))
    assert document.values == {"seed": 1, "solver": {"rtol": 1e-4}, "sizes": [2, 50]}
    place = document.places[("solver", "rtol")]
    assert (place.line, place.column, place.excerpt) == (3, 3, "  rtol: 1e-4")
    assert document.places[("sizes", 1)].column == 12


def test_an_alias_is_read_as_what_it_stands_for(tmp_path: Path) -> None:
    document = read_yaml(write(tmp_path, "a: &x {k: 1}\nb: *x\n"))
    assert document.values == {"a": {"k": 1}, "b": {"k": 1}}


ALIAS_BOMB = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("seed: 1\nseed: 2\n", ["c.yaml:2:1: seed: is given twice, first at", "c.yaml:1:1"]),
        ("a:\n  b: 1\n  b: 2\n", ["c.yaml:3:3: a.b: is given twice"]),
        ("seed:\n\t1\n", ["c.yaml:2:1", "a tab in place of spaces"]),
        ("- a\n- b\n", ["is a list; a mapping was expected"]),
        ("just words", ["a mapping was expected"]),
        ("", ["is empty"]),
        ("# only a comment\n", ["is empty"]),
        (bytes(range(256)), ["is not UTF-8 text"]),
        (b"a: 1\0b", ["is a binary file"]),
        (b"a: " + b"1" * 50_000_000, ["has 50,000,003 bytes; at most 1,000,000"]),
        (ALIAS_BOMB, ["expands to more than"]),
        ("a: &a [*a]\n", ["expands to more than"]),
        ("[" * 200_000, ["is nested deeper than"]),
        ("- " * 200_000 + "a", ["is nested deeper than"]),
        # The closing brackets close nothing: they are a text, and a comment.
        ('["]",' * 300, ["is nested deeper than"]),
        ("[ # ]\n" * 300, ["is nested deeper than"]),
        ("\n".join(" " * n + "a:" for n in range(300)), ["is nested deeper than"]),
        ("a: b: c\n", ["c.yaml:1:5: not valid YAML"]),
        ("a: *nobody\n", ["not valid YAML"]),
        ("x: " + "9" * 5000, ["is a number with too many digits"]),
        ("? [1, 2]\n: x\n", ["a key must be a word"]),
        ("a: !!python/object/apply:os.system [x]\nb: !!binary eA==\n", ["tag", "not supported"]),
    ],
    ids=lambda value: value[:24] if isinstance(value, (str, bytes)) else None,
)
def test_a_bad_file_gives_one_clear_error_quickly(
    tmp_path: Path, content: str | bytes, words: list[str]
) -> None:
    path = write(tmp_path, content)
    start = time.perf_counter()
    with pytest.raises(SettingsError) as caught:
        read_yaml(path)
    assert time.perf_counter() - start < 5, "a second alone; more leaves room for a busy machine"
    for word in words:
        assert word in str(caught.value)
    assert len(str(caught.value)) < 5000


def test_a_problem_shows_the_offending_line(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        read_yaml(write(tmp_path, "solver:\n  rtol: 1\n  rtol: 2\n"))
    assert "  3 |   rtol: 2\n        ^" in str(caught.value)


def test_a_directory_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="is a directory"):
        read_yaml(tmp_path)
    with pytest.raises(SettingsError, match="No such file"):
        read_yaml(tmp_path / "absent.yaml")
