"""The rules of the house: who may import whom."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "cli" / "nodelens"

# A floor imports only floors below it; the rooms of one floor do not know each other.
FLOORS = [
    {"__main__", "__init__"},
    {"entry"},
    {"app"},
    {"commands"},
    {"report"},
    {"training", "checking", "explaining"},
    {"fields", "datasets"},
    {"settings", "figures", "runtime"},
    {"ode", "conv"},
    {"registry", "errors", "version"},
]
LEVEL = {room: level for level, rooms in enumerate(FLOORS) for room in rooms}
ALONE = {"ode", "conv"}  # could be lifted out and published: they import nothing of the package
HEAVY = {"tensorflow", "keras", "numpy", "scipy", "matplotlib", "PIL"}


@cache
def modules() -> dict[str, Path]:
    found = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 2 else parts)
        found[name] = path
    return found


def room_of(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def named(node: ast.ImportFrom) -> set[str]:
    """What a `from … import …` imports: the modules it names, or the module it takes names from."""
    assert node.module
    inside = {f"{node.module}.{alias.name}" for alias in node.names}
    return inside & set(modules()) or {node.module}


def imports(path: Path) -> set[str]:
    """The package's own modules that a file imports: anywhere, for type checkers too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            found |= named(node)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return {name for name in found if name == "nodelens" or name.startswith("nodelens.")}


@pytest.mark.parametrize("module", sorted(modules()))
def test_a_floor_imports_only_floors_below_it(module: str) -> None:
    room = room_of(module)
    for imported in imports(modules()[module]):
        other = room_of(imported)
        if other == room or imported == "nodelens":
            continue
        assert other in LEVEL, f"{module} imports {imported}, which has no floor"
        assert LEVEL[other] > LEVEL[room], f"{module} must not import {imported}"
        assert room not in ALONE, f"{module} must import nothing of the package, not {imported}"


def test_there_is_no_import_circle() -> None:
    known = modules()
    graph = {
        name: {
            other for other in imports(path) if other in known and other not in (name, "nodelens")
        }
        for name, path in known.items()
    }
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " → ".join([*trail[trail.index(name) :], name])
        if name not in done:
            for other in sorted(graph[name]):
                visit(other, (*trail, name))
            done.add(name)

    for name in graph:
        visit(name, ())


def test_every_file_has_a_docstring_and_stays_small() -> None:
    for name, path in modules().items():
        text = path.read_text()
        assert ast.get_docstring(ast.parse(text)), f"{name} does not say what it is"
        assert text.count("\n") <= 400, f"{name} has {text.count(chr(10))} lines"


QUESTIONS = ("What", "How", "Where", "Which", "Whether", "Who", "When", "Why", "That", "From", "If")


def docstrings() -> Iterator[tuple[str, str]]:
    for name, path in modules().items():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and (
                text := ast.get_docstring(node)
            ):
                yield f"{name}.{getattr(node, 'name', '')}", text


def test_a_docstring_says_what_a_thing_is_or_does() -> None:
    for place, text in docstrings():
        first, *others = text.split()
        assert first.rstrip(",") not in QUESTIONS, f"{place}: {text[:60]!r} begins with {first}"
        # `See X.y` points to the docstring of the method that is overridden.
        assert first == "See" or len(others) >= 2, f"{place}: {text!r} says nothing"


def test_settings_and_tables_are_read_without_heavy_libraries() -> None:
    """Help, usage errors and configuration errors need them, and nothing else."""
    light = [
        name
        for name in modules()
        if name.rsplit(".")[-1] in {"settings", "registry", "options", "solvers"}
        or room_of(name) == "settings"
    ]
    assert len(light) > 10
    program = (
        f"import sys\nfrom importlib import import_module\n"
        f"for name in {light!r}: import_module(name)\n"
        f"print(sorted({HEAVY!r} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]", done.stdout
