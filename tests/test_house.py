"""The rules of the house: who may import whom."""

import ast
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


def imports(path: Path, *, at_start: bool) -> set[str]:
    """The package's own modules that a file imports, at its start only or anywhere."""
    tree = ast.parse(path.read_text())
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            found |= named(node)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    if at_start:
        later: set[str] = set()
        for node in ast.walk(tree):
            guarded = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or guarded:
                for inner in ast.walk(node):
                    if isinstance(inner, ast.ImportFrom) and inner.module:
                        later |= named(inner)
        found -= later
    return {name for name in found if name == "nodelens" or name.startswith("nodelens.")}


@pytest.mark.parametrize("module", sorted(modules()))
def test_a_floor_imports_only_floors_below_it(module: str) -> None:
    room = room_of(module)
    for imported in imports(modules()[module], at_start=False):
        other = room_of(imported)
        if other == room or imported == "nodelens":
            continue
        assert other in LEVEL, f"{module} imports {imported}, which has no floor"
        assert LEVEL[other] > LEVEL[room], f"{module} must not import {imported}"
        assert room not in ALONE, f"{module} must import nothing of the package, not {imported}"


def test_no_import_cycles_at_start() -> None:
    known = modules()
    graph = {
        name: {other for other in imports(path, at_start=True) if other in known and other != name}
        for name, path in known.items()
    }
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " → ".join([*trail, name])
        if name not in done:
            for other in graph[name]:
                visit(other, (*trail, name))
            done.add(name)

    for name in graph:
        visit(name, ())


def test_every_file_has_a_docstring_and_stays_small() -> None:
    for name, path in modules().items():
        text = path.read_text()
        assert ast.get_docstring(ast.parse(text)), f"{name} does not say what it is"
        assert text.count("\n") <= 400, f"{name} has {text.count(chr(10))} lines"
