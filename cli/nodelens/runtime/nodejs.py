"""Calls of `node` that are meant for Node.js are handed to the next `node` on PATH.

Inside an activated environment our script `node` comes first on PATH, and everything whose first
line is `#!/usr/bin/env node` (npm, npx, …) would end up here. Such calls are recognised by their
first words, which no subcommand of ours looks like, and passed on.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from nodelens.errors import EnvironmentLacksError

OWN_OPTIONS = {"--help", "-h", "--version", "--debug", "--install-completion", "--show-completion"}
SCRIPT_SUFFIXES = {".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".wasm"}
# Options of Node.js that take the following word; what comes after that is still its command line.
OPTIONS_WITH_VALUE = {
    "-r", "--require", "--import", "--loader", "--experimental-loader", "-C", "--conditions",
    "--env-file", "--title", "--input-type", "--watch-path", "--icu-data-dir",
}  # fmt: skip
EVALUATE = {"-e", "--eval", "-p", "--print", "-pe", "-i", "--interactive", "--run", "--test", "-"}
# Every name under which a script of this package can be found on PATH contains it near its start.
MARK = b"nodelens"
TRIED = "NODELENS_NODE_TRIED"


def is_meant_for_nodejs(arguments: Sequence[str]) -> bool:
    """Checks whether a command line is clearly one for Node.js."""
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        name = word.partition("=")[0]
        if name in EVALUATE or name.startswith("--inspect") or name in {"-c", "--check"}:
            return word not in {"-c"} or _is_script(rest[0] if rest else "")
        if word in OWN_OPTIONS:
            return False
        if not word.startswith("-"):
            return _is_script(word) or (word == "inspect" and bool(rest))
        if name in OPTIONS_WITH_VALUE and "=" not in word and rest:
            rest.pop(0)
    return False


def _is_script(word: str) -> bool:
    path = Path(word)
    if path.suffix in SCRIPT_SUFFIXES:
        return True
    try:
        if path.is_dir():
            return (path / "package.json").is_file() or (path / "index.js").is_file()
        if path.is_file():
            with path.open("rb") as file:
                first = file.readline(200)
            return first.startswith(b"#!") and b"node" in first and MARK not in first
        return path.with_name(path.name + ".js").is_file()
    except (OSError, ValueError):
        return False


def hand_over(arguments: Sequence[str]) -> int:
    """Becomes the Node.js that comes next on PATH (on Windows: runs it, and returns its exit code).

    The arguments are the command line after the word `node`.

    Raises:
        EnvironmentLacksError: If there is no other `node` on PATH.
    """
    tried = _tried()
    candidate = next((path for path in nodes_on_path() if is_foreign(path, tried)), None)
    if candidate is None:
        shown = " ".join(["node", *arguments[:2]])
        raise EnvironmentLacksError(
            f"`{shown}` looks like a call of Node.js; this `node` is nodelens, "
            "and there is no Node.js on PATH after it",
            hint="install Node.js, or call nodelens by its other name `nodelens`",
        )
    # A shim (pyenv, asdf) may lead back to us in this same process; then it is not tried again.
    # The process number keeps the note from programs that Node.js starts.
    os.environ[TRIED] = os.pathsep.join([str(os.getpid()), *map(str, tried), str(candidate)])
    sys.stdout.flush()
    if os.name == "nt":
        return subprocess.call([str(candidate), *arguments])
    os.execv(candidate, ["node", *arguments])


def nodes_on_path() -> list[Path]:
    """Every program `node` on PATH, in the order in which the shell looks."""
    names = ["node.exe", "node.cmd", "node"] if os.name == "nt" else ["node"]
    found: list[Path] = []
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        for name in names:
            path = Path(folder or ".") / name
            if path not in found and path.is_file() and os.access(path, os.X_OK):
                found.append(path)
    return found


def is_foreign(path: Path, tried: Sequence[Path] = ()) -> bool:
    """Checks whether `path` is a `node` of another program."""
    if path in tried:
        return False
    try:
        with path.open("rb") as file:
            return MARK not in file.read(4096)
    except OSError:
        return False


def _tried() -> list[Path]:
    process, *paths = os.environ.get(TRIED, "").split(os.pathsep)
    return [Path(path) for path in paths] if process == str(os.getpid()) else []
