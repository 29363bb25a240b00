"""The settings in force as YAML: read back as they were, with meanings and origins."""

from pathlib import Path
from typing import Any

import pytest

from nodelens.entry import run
from nodelens.settings.errors import SettingsError
from nodelens.settings.resolve import resolve
from nodelens.settings.yaml_source import parse_value
from nodelens.settings.yaml_text import written
from nodelens.training.settings import TrainOdeSettings

CALLS = [
    ["train-ode"],
    ["train-ode", "-c", "hare_lynx", "--set", "training.phases=[{until: 5, window: 0}]"],
    ["train-ode", "-c", "figure1", "--set", "training.optimizer_options={beta_1: 1e-7}"],
    ["train-ode", "-c", "digits", "--set", "output.directory='no: #\n1e3'"],
    ["adjoint-check", "--z0", "1,2"],
    ["gradcam", "x.jpg", "--class", "285", "--class", "tabby cat"],
    ["conv-params", "8", "8", "3", "-f", "10", "-k", "5"],
]


@pytest.mark.parametrize("arguments", CALLS, ids=" ".join)
def test_what_is_printed_is_a_configuration_of_the_same_settings(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def printed(*more: str) -> str:
        assert run([*more, "--show-config"]) == 0
        return capsys.readouterr().out

    file = tmp_path / "printed.yaml"
    file.write_text(printed(*arguments), encoding="utf-8")
    before = printed(*arguments, "--json")
    after = printed(arguments[0], "-c", str(file), "--json")
    assert before.split('"origins"')[0] == after.split('"origins"')[0]


def test_each_setting_has_its_meaning_above_and_its_origin_beside(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["train-ode", "--steps", "7", "--show-config"]) == 0
    text = capsys.readouterr().out
    assert (
        "  # Steps of the optimizer (whole number ≥ 1; default 2000)\n  steps: 7  # --steps\n"
        in text
    )
    assert "0 fits whole trajectories" in text
    assert "(0 | whole number ≥ 2 | null)\n  window: null  # default\n" in text
    assert max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize(
    "value",
    ["word", "a/b.yaml", "1e3", "true", "", "a: b # c", "é\n\x07", None, 1e-7, True, [1, ["x"]]],
    ids=repr,
)
def test_a_value_is_read_back_as_it_was(value: Any) -> None:
    assert parse_value(written(value), "") == value


def test_help_setting_answers_without_a_valid_call(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train-ode", "--resume", "nowhere", "--help-setting", "adjoint.rtol"]) == 0
    assert "values: number > 0 | null; default: null" in capsys.readouterr().out
    assert run(["gradcam", "x.jpg", "--help-setting", "top_k", "--json"]) == 0
    assert '"allowed": "1 ≤ whole number ≤ 1000"' in capsys.readouterr().out
    assert run(["adjoint-check", "--help-setting", "solver.rtol"]) == 0
    assert run(["conv-params", "--help-setting", "all"]) == 0
    assert run(["train-ode", "--help-setting", "windw"]) == 2


def test_a_window_of_one_point_is_refused_where_it_is_written() -> None:
    with pytest.raises(SettingsError, match=r"training\.window: 2 points or more were expected"):
        resolve(TrainOdeSettings, overrides=["training.window=1"])
