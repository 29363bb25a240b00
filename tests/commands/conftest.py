"""What the tests of the subcommands share."""

from collections.abc import Callable

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
