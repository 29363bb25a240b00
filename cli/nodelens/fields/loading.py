"""The user's own vector field, found by the place and name of its code."""

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import tensorflow as tf

from nodelens.errors import UsageError

FORM = "`path/to/file.py:name` or `package.module:name`"


def load_field(place: str) -> Callable[..., Any]:
    """Imports the user's code and takes the field from it.

    The place is `path/to/file.py:name` or `package.module:name`. The name is that of a callable
    f(t, z), of a Keras layer or model called so, or of a factory without arguments.

    Raises:
        UsageError: If there is no such file, module or name, or it is no field.
    """
    source, colon, name = place.rpartition(":")
    if not colon or not source or not name:
        raise UsageError(f"{place!r} names no field", hint=f"expected {FORM}")
    module = _load_file(Path(source)) if source.endswith(".py") else _load_module(source)
    if not hasattr(module, name):
        import difflib

        names = [each for each in vars(module) if not each.startswith("_")]
        near = difflib.get_close_matches(name, names, n=1)
        hint = f"did you mean `{near[0]}`?" if near else f"it defines: {', '.join(names)}"
        raise UsageError(f"{source} defines no {name!r}", hint=hint)
    field = getattr(module, name)
    if not callable(field):
        raise UsageError(
            f"{place} is of type {type(field).__name__}; a callable f(t, z) was expected"
        )
    made = field() if _is_factory(field) else field
    if not callable(made):
        raise UsageError(
            f"{place}() made an object of type {type(made).__name__}; a factory must return a "
            "callable f(t, z)"
        )
    return made


def _load_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise UsageError(f"there is no file {str(path)!r}", hint=f"expected {FORM}")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{str(path)!r} cannot be imported as Python")
    module = importlib.util.module_from_spec(spec)
    # Its neighbours may be imported by it, as if it were run as a script.
    sys.path.insert(0, str(path.resolve().parent))
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # whatever the user's own code raises
        raise UsageError(
            f"{str(path)!r} cannot be imported: {type(error).__name__}: {error}",
            hint="run again with --debug to see where",
        ) from error
    finally:
        sys.path.pop(0)
    return module


def _load_module(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise UsageError(
            f"the module {name!r} cannot be imported: {error}", hint=f"expected {FORM}"
        ) from error


def _is_factory(field: Callable[..., Any]) -> bool:
    """True if a callable takes no arguments: then it makes a field and is none."""
    called = field
    if inspect.isclass(field):
        # That of the class itself is the one of `__new__`, which Keras' layers have for all.
        called = partial(field.__init__, None)  # type: ignore[misc]
    elif isinstance(field, tf.Module) or hasattr(field, "trainable_variables"):
        return False
    try:
        parameters = inspect.signature(called).parameters.values()
    except (TypeError, ValueError):
        return False
    return not any(p.default is p.empty and p.kind is not p.VAR_KEYWORD for p in parameters)
