"""JSON is strict, and quiet is quiet."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from nodelens.errors import ExitCode
from nodelens.report.output import Output
from nodelens.runtime.documents import to_json


def test_json_is_strict_and_plain() -> None:
    document = {
        "a": math.nan,
        "b": [math.inf, 1.5, (2, True, None)],
        "c": np.float32(0.5),
        "d": np.array([[1, 2]]),
        "e": Path("x"),
        "f": ExitCode.USAGE,
        "g": np.float64("nan"),
        "h": 10**30,
        3: "é",
    }
    assert json.loads(to_json(document)) == {
        "a": None,
        "b": [None, 1.5, [2, True, None]],
        "c": 0.5,
        "d": [[1, 2]],
        "e": "x",
        "f": 2,
        "g": None,
        "h": 10**30,
        "3": "é",
    }


def test_the_result_is_one_document_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    Output("x", json=True).result({"a": 1}, "never printed")
    captured = capsys.readouterr()
    assert json.loads(captured.out) == {"schema": 1, "command": "x", "a": 1}
    assert captured.err == ""


def test_words_go_to_stderr_and_quiet_says_none(capsys: pytest.CaptureFixture[str]) -> None:
    for quiet in (False, True):
        output = Output("x", quiet=quiet, verbose=True)
        output.note("a note [x]")
        output.detail("a detail")
        output.warn("a warning")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "a note [x]\na detail\nwarning: a warning\n"


def test_tables_leave_no_blanks_at_line_ends_and_sentences_are_not_broken(
    capsys: pytest.CaptureFixture[str],
) -> None:
    from rich.table import Table

    table = Table(box=None, show_header=False)
    table.add_row("a", "b")
    table.add_row("a" * 20, "b" * 20)
    Output("x").result({}, table, "word " * 60)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert all(line == line.rstrip() for line in lines)
