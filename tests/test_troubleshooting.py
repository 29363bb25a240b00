"""The README explains messages that are really printed."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TABLE = re.compile(r"^\| message \| what to do \|\n.*\n((?:\|.*\n)+)", re.MULTILINE)
GAP = "…"


def listed() -> list[str]:
    (rows,) = TABLE.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    return [re.split(r"`", row)[1] for row in rows.splitlines()]


def text_of(node: ast.expr) -> str | None:
    """A string of the source, with a gap for every value that is filled in."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(str(p.value) if isinstance(p, ast.Constant) else GAP for p in node.values)
    return None


def printed() -> list[str]:
    folders = (ROOT / "cli/nodelens/explaining", ROOT / "cli/nodelens/commands")
    trees = [ast.parse(file.read_text()) for folder in folders for file in folder.rglob("*.py")]
    nodes = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.expr))
    return [text for node in nodes if (text := text_of(node))]


PRINTED = printed()


@pytest.mark.parametrize("message", listed())
def test_a_message_of_the_list_is_one_that_is_printed(message: str) -> None:
    assert any(message.removeprefix(f"{GAP} ") in text for text in PRINTED)


def test_a_message_that_nobody_prints_would_be_noticed() -> None:
    assert not any("the model has no layer called" in text for text in PRINTED)
