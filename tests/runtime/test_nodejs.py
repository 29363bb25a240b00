"""Which calls are meant for Node.js, and that they reach it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nodelens.runtime.nodejs import is_foreign, is_meant_for_nodejs, nodes_on_path


@pytest.mark.parametrize(
    "arguments",
    [
        ["x.js"],
        ["./lib/x.mjs", "a", "b"],
        ["x.ts"],
        ["-e", "1"],
        ["--eval=1"],
        ["-p", "1 + 1"],
        ["-r", "dotenv/config", "x.js"],
        ["--require=x", "x.cjs"],
        ["--import", "tsx", "x.ts"],
        ["--inspect", "x.js"],
        ["--inspect-brk=0", "x.js"],
        ["--max-old-space-size=4096", "x.js"],
        ["--no-warnings", "--trace-uncaught", "x.js", "--help"],
        ["--test"],
        ["inspect", "x.js"],
        ["-"],
        ["-c", "x.js"],
    ],
    ids=" ".join,
)
def test_calls_of_nodejs_are_recognised(arguments: list[str]) -> None:
    assert is_meant_for_nodejs(arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--help"],
        ["--version"],
        ["--debug", "gradcam", "x.js"],
        ["gradcam", "image.jpg", "--layer", "block5_conv4"],
        ["train-ode", "-c", "spiral"],
        ["conv-params", "200", "200", "3"],
        ["train-od"],
        ["inspect"],
        ["no-such-file"],
        ["--jsn"],
        ["\0"],
    ],
    ids=" ".join,
)
def test_our_own_calls_stay(arguments: list[str]) -> None:
    assert not is_meant_for_nodejs(arguments)


def test_files_and_folders_are_looked_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("npm").write_text("#!/usr/bin/env node\n")
    Path("other").write_text("#!/bin/sh\n")
    Path("server.js").write_text("")
    Path("app").mkdir()
    Path("app/package.json").write_text("{}")
    Path("empty").mkdir()
    assert is_meant_for_nodejs(["npm"])
    assert is_meant_for_nodejs(["server"])
    assert is_meant_for_nodejs(["app"])
    assert not is_meant_for_nodejs(["other"])
    assert not is_meant_for_nodejs(["empty"])


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A PATH on which our script `node` comes first, as in an activated environment."""
    scripts = tmp_path / "env"
    scripts.mkdir()
    script = scripts / "node"
    script.write_text(
        f"#!{sys.executable}\nimport sys\nfrom nodelens.entry import node\nsys.exit(node())\n"
    )
    script.chmod(0o755)
    return {**os.environ, "PATH": os.pathsep.join([str(scripts), os.environ["PATH"]])}


def call(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, env=environment, timeout=60)


needs_nodejs = pytest.mark.skipif(
    not any(is_foreign(path) for path in nodes_on_path()), reason="there is no Node.js here"
)


@needs_nodejs
def test_eval_reaches_nodejs(environment: dict[str, str]) -> None:
    result = call(environment, "node", "-e", "console.log(process.versions.v8 ? 6 * 7 : 0)")
    assert (result.stdout, result.stderr, result.returncode) == ("42\n", "", 0)


@needs_nodejs
def test_a_script_gets_its_arguments_and_gives_its_exit_code(
    environment: dict[str, str], tmp_path: Path
) -> None:
    script = tmp_path / "x.js"
    script.write_text("console.log(process.argv.slice(2).join()); process.exitCode = 7\n")
    result = call(environment, "node", str(script), "a", "--help")
    assert (result.stdout, result.returncode) == ("a,--help\n", 7)


@needs_nodejs
@pytest.mark.skipif(shutil.which("npm") is None, reason="there is no npm here")
def test_npm_works(environment: dict[str, str]) -> None:
    result = call(environment, "npm", "--version")
    assert result.returncode == 0, result.stderr
    assert result.stdout[0].isdigit()


@needs_nodejs
def test_a_shim_that_leads_back_to_us_is_passed_over(
    environment: dict[str, str], tmp_path: Path
) -> None:
    ours, _, rest = environment["PATH"].partition(os.pathsep)
    shims = tmp_path / "shims"
    shims.mkdir()
    shim = shims / "node"
    shim.write_text(f'#!/bin/sh\nexec "{ours}/node" "$@"\n')
    shim.chmod(0o755)
    path = os.pathsep.join([ours, str(shims), rest])
    result = call({**environment, "PATH": path}, "node", "-e", "console.log(1)")
    assert (result.stdout, result.stderr, result.returncode) == ("1\n", "", 0)


def test_without_nodejs_the_call_ends_with_5(environment: dict[str, str]) -> None:
    ours = environment["PATH"].partition(os.pathsep)[0]
    result = call({**environment, "PATH": ours}, f"{ours}/node", "x.js")
    assert result.returncode == 5
    assert result.stdout == ""
    assert "`node x.js` looks like a call of Node.js" in result.stderr
    assert "hint: " in result.stderr


def test_the_version_cannot_be_taken_for_that_of_nodejs(environment: dict[str, str]) -> None:
    assert call(environment, "node", "--version").stdout.endswith("(not Node.js)\n")
