"""The boundary: every failure is one message on stderr and an exit code."""

import errno
import json
import os
import re
import subprocess
import sys

import pytest

from nodelens.entry import guard, run
from nodelens.errors import (
    EnvironmentLacksError,
    ExitCode,
    NumericalError,
    StoppedError,
    UsageError,
)
from nodelens.runtime.resources import configs


def ended(capsys: pytest.CaptureFixture[str], error: BaseException) -> tuple[int, str]:
    def fail() -> int:
        raise error

    code = guard(fail, debug=False)
    captured = capsys.readouterr()
    assert captured.out == ""
    return code, captured.err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("wrong", hint="do right"), 2),
        (NumericalError("wrong", hint="do right"), 4),
        (EnvironmentLacksError("wrong", hint="do right"), 5),
        (StoppedError(ExitCode.TERMINATED, "wrong", hint="do right"), 143),
    ],
)
def test_an_expected_failure_is_a_message_a_hint_and_a_code(
    capsys: pytest.CaptureFixture[str], error: BaseException, code: int
) -> None:
    assert ended(capsys, error) == (code, "error: wrong\nhint: do right\n")


def test_an_unexpected_error_is_one_line_and_1(capsys: pytest.CaptureFixture[str]) -> None:
    code, text = ended(capsys, KeyError("a\nb"))
    assert code == 1
    assert text.splitlines() == [
        r"error: unexpected KeyError: 'a\nb'",
        "hint: run again with --debug to see the traceback",
    ]


def test_a_full_disk_is_5_and_a_forbidden_place_is_2(capsys: pytest.CaptureFixture[str]) -> None:
    code, text = ended(capsys, OSError(errno.ENOSPC, "No space left", "a.png"))
    assert (code, "the disk is full while writing a.png" in text) == (5, True)
    code, text = ended(capsys, PermissionError(errno.EACCES, "denied", "a.png"))
    assert (code, "permission denied: a.png" in text) == (2, True)


def test_words_of_errors_are_not_taken_for_markup(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(capsys, UsageError("[bold]x[/bold] [/]"))[1] == "error: [bold]x[/bold] [/]\n"


def test_a_wrong_word_is_told_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["gradcm"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Did you mean 'gradcam'?" in captured.err
    assert run(["conv-params", "--kernal", "3"]) == 2
    assert "--kernel" in capsys.readouterr().err


def test_debug_shows_the_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train-ode", "-c", "nowhere", "--debug"]) == 2
    captured = capsys.readouterr().err
    assert "Traceback" in captured
    assert captured.rstrip().splitlines()[-2].startswith("error: there is no configuration")


def test_a_closed_pipe_is_no_error() -> None:
    command = f"{sys.executable} -m nodelens train-ode --show-config | head -n 1"
    result = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True, timeout=60
    )
    assert result.stderr == ""
    assert len(result.stdout.splitlines()) == 1


def test_colour_is_off_with_no_color_and_in_a_pipe() -> None:
    for extra in ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, {}):
        result = subprocess.run(
            [sys.executable, "-m", "nodelens", "train-ode", "-c", "nowhere"],
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, **extra},
        )
        assert not re.search(r"\x1b\[[0-9;]*3[0-9]", result.stderr)
        assert "error: " in result.stderr


def test_show_config_is_one_document_with_origins(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["train-ode", "-c", "spiral", "--set", "training.steps=7", "--seed", "5"]
    assert run([*arguments, "--show-config", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["schema"], document["command"]) == (1, "train-ode")
    assert document["config"]["seed"] == 5
    assert document["config"]["training"]["steps"] == 7
    assert document["origins"]["seed"] == "--seed"
    assert document["origins"]["training.steps"] == "--set training.steps=7"
    lines = (configs() / "train-ode" / "spiral.yaml").read_text().splitlines()
    line = 1 + next(i for i, text in enumerate(lines) if text.startswith("  window:"))
    assert document["origins"]["training.window"].endswith(f"spiral.yaml:{line}:3")
    assert document["origins"]["output.figures"] == "default"
