"""Help, version, completion, usage and config errors answer without the heavy libraries."""

import subprocess
import sys

import pytest

PROBE = """
import sys
from nodelens.entry import run
code = run({arguments!r})
heavy = {{"tensorflow", "keras", "numpy", "scipy", "matplotlib", "PIL"}} & set(sys.modules)
assert not heavy, heavy
sys.exit(code)
"""


def probe(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    import os

    return subprocess.run(
        [sys.executable, "-c", PROBE.format(arguments=list(arguments))],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **(env or {})},
    )


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--help"], 0),
        (["--version"], 0),
        (["train-ode", "--help"], 0),
        (["adjoint-check", "--help"], 0),
        (["gradcam", "--help"], 0),
        (["conv-params", "--help"], 0),
        (["doctor", "--help"], 0),
        (["conv-params", "200", "200", "3", "-f", "10", "-k", "5"], 0),
        (["train-od"], 2),
        (["train-ode", "--stepz", "3"], 2),
        (["train-ode", "-c", "no-such-file"], 2),
        (["train-ode", "--set", "trainig.steps=3"], 2),
        (["train-ode", "--show-config"], 0),
        (["adjoint-check", "--set", "solver.rtol=fast"], 2),
        (["adjoint-check", "--show-config"], 0),
        (["gradcam", "--set", "modle.name=vgg19", "x.jpg"], 2),
        (["gradcam", "no-such-picture.jpg"], 2),
        (["gradcam", "cat.jpg", "--model", "resnet51"], 2),
        (["gradcam", "cat.jpg", "coffee.jpg", "--class", "1000", "--html", "a.html"], 2),
        (["conv-params", "--set", "input=5"], 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_answers_without_heavy_imports(arguments: list[str], code: int) -> None:
    result = probe(*arguments)
    assert result.returncode == code, result.stderr
    assert (result.stderr == "") == (code == 0)


@pytest.mark.parametrize("command", ["train-ode", "predict-ode", "adjoint-check", "gradcam"])
def test_help_needs_no_validation(command: str) -> None:
    code = PROBE.replace('"PIL"', '"PIL", "pydantic", "yaml"').format(arguments=[command, "--help"])
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60
    )
    assert result.returncode == 0, result.stderr
    assert command in result.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["200", "200", "3", "-f", "10", "-k", "5", "--batch-size", "8", "--expect-params", "760"],
        ["200", "200", "3", "--layer", "conv2d 10 k5", "--expect-output", "196,196,10", "--json"],
        ["-c", "vgg19"],
    ],
    ids=" ".join,
)
def test_right_settings_of_conv_params_need_no_pydantic(arguments: list[str]) -> None:
    code = PROBE.replace('"PIL"', '"PIL", "pydantic"').format(arguments=["conv-params", *arguments])
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60
    )
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "imported"),
    [
        (["conv-params", "200", "200", "3", "-f", "10", "-k", "5"], {"conv"}),
        (["--debug", "gradcam", "--help"], {"gradcam"}),
        (["--version"], set()),
        (["train-od"], set()),
        (["--help"], {"adjoint", "conv", "doctor", "gradcam", "train"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_call_imports_the_subcommand_that_it_names(
    arguments: list[str], imported: set[str]
) -> None:
    code = f"""
import sys
from nodelens.entry import run
run({arguments!r})
names = {{name.split(".")[2] for name in sys.modules if name.startswith("nodelens.commands.")}}
assert names - {{"flag", "options"}} == {imported!r}, names
"""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60
    )
    assert "AssertionError" not in result.stderr, result.stderr


def test_completion_answers_without_heavy_imports() -> None:
    result = probe(
        env={"_NODELENS_COMPLETE": "complete_bash", "COMP_WORDS": "nodelens tr", "COMP_CWORD": "1"}
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.split() == ["train-ode"]


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = "import sys, nodelens; assert not {'tensorflow', 'numpy', 'typer'} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
