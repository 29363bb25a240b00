"""The README tells the truth: its commands run and print what it shows, its Python runs."""

import doctest
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
PROGRAMS = {"node", "nodelens", ".venv/bin/node", ".venv/bin/nodelens"}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def sessions() -> list[tuple[str, str]]:
    """The commands of the `console` blocks, each with the output that is shown."""
    found = []
    for block in blocks("console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output))
    return found


def marked(name: str) -> str:
    """The set-up command below a mark, the way `.ci/run` reads it."""
    match = re.search(rf"^<!-- {name} -->\n+```sh\n(.*?)\n```", README, re.MULTILINE | re.DOTALL)
    assert match, f"README has no command marked {name}"
    return match.group(1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A working directory that looks like the checkout, where commands may write."""
    for name in ("sample_images", "configs"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize(("command", "shown"), sessions(), ids=[c for c, _ in sessions()])
def test_a_command_prints_what_is_shown(command: str, shown: str, folder: Path) -> None:
    program, *arguments = shlex.split(command)
    assert program in PROGRAMS
    result = subprocess.run(
        [sys.executable, "-m", "nodelens", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=folder,
        timeout=300,
        env={**os.environ, "COLUMNS": "100"},
    )
    # The size of an error differs in its last digit from machine to machine; that there is one,
    # and what it is called, does not.
    shown, printed = (re.sub(r"\d+e[-+]\d+", "#e#", text) for text in (shown, result.stdout))
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    if not doctest.OutputChecker().check_output(shown, printed, flags):
        pytest.fail(f"README shows\n{shown}\nand the command prints\n{printed}")


@pytest.mark.slow
@pytest.mark.parametrize("code", blocks("python"))
def test_an_example_in_python_runs(code: str, folder: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=folder, timeout=300
    )
    assert result.returncode == 0, result.stderr


def test_the_set_up_is_two_commands_of_one_line() -> None:
    main, tests = marked("main"), marked("tests")
    assert "\n" not in main
    assert "\n" not in tests
    assert main.endswith("node gradcam sample_images/cat.jpg --layer block5_conv4")
    assert tests.endswith("-m pytest -n 2 --dist loadfile")
    # A virtual environment and explicit paths: no Node.js and no shim of pyenv comes between.
    for command in (main, tests):
        assert command.startswith("python3 -m venv .venv && .venv/bin/")


@pytest.mark.slow
def test_the_main_job_of_the_first_command_runs(folder: Path) -> None:
    call = marked("main").rpartition(" && ")[2].split()
    assert call[0] == ".venv/bin/node"
    result = subprocess.run(
        [sys.executable, "-m", "nodelens", *call[1:]], capture_output=True, text=True, cwd=folder
    )
    assert result.returncode == 0, result.stderr
    assert re.search("Egyptian_cat|tabby", result.stdout)


def test_links_to_files_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)|src=\"([^\":]+)\"", README):
        path = target[0] or target[1]
        assert (ROOT / path).exists(), path
