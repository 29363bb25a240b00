"""What the tests of the subcommands share."""

from collections.abc import Callable
from pathlib import Path

import pytest

from nodelens.entry import run


@pytest.fixture
def call(capfd: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run conv-params and return its exit code, stdout and stderr."""

    def run_it(*arguments: str) -> tuple[int, str, str]:
        code = run(["conv-params", *arguments])
        captured = capfd.readouterr()
        return code, captured.out, captured.err

    return run_it


@pytest.fixture
def own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty working directory, and an empty cache of Keras."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
