"""The key under which the compiled functions of a user's function are kept.

A function that is made again, such as a lambda in a loop, is the same function if its code is and
what it reads: the variables that it captures, its defaults and the globals that it names. Numbers
and texts are compared by value, so that a changed one is not missed; all else is the same if it is
the same object.
"""

import dis
import types
import warnings
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from nodelens.ode.memo import Memo

TOLERATED = 4
"""The compilations of one code that are not remarked upon."""

_BY_VALUE = (bool, int, float, complex, str, bytes, type(None))
_NOTHING = object()
_Reads = tuple[tuple[str, Hashable], ...]


def identify(function: Callable[..., Any]) -> Hashable:
    """Makes a key that is the same for functions that compute the same.

    It keeps what it was made from alive, so that no id is given to another object.
    """
    return _identify(function, ())


def _identify(value: Any, above: tuple[int, ...]) -> Hashable:
    if isinstance(value, _BY_VALUE):
        return type(value), repr(value)  # 0.0 and -0.0 are equal, and True is 1
    value = getattr(value, "python_function", value)  # of a tf.function, whose own is traced anew
    if isinstance(value, types.MethodType):
        return ById(value.__self__), _identify(value.__func__, above)
    if isinstance(value, types.FunctionType) and id(value) not in above:
        reads = _reads(value, (*above, id(value)))
        return value.__code__, ById(value.__globals__), reads
    return ById(value)


def _reads(
    function: types.FunctionType, above: tuple[int, ...]
) -> tuple[tuple[str, Hashable], ...]:
    """Returns the name and the key of all that a function reads besides its arguments."""
    code = function.__code__
    names, assigned = _globals_of(code), _assigned_by(code)
    found = []
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
        if name not in assigned:
            found.append((name, _identify(_content(cell), above)))
    for name in names:
        value = function.__globals__.get(name, _NOTHING)
        if value is not _NOTHING:
            # A function is taken as it is: what it reads in turn would be half of a program.
            found.append((name, _identify(value, above) if _plain(value) else ById(value)))
    count = code.co_argcount
    defaults = function.__defaults__ or ()
    pairs = [*zip(code.co_varnames[count - len(defaults) : count], defaults, strict=True)]
    pairs += (function.__kwdefaults__ or {}).items()
    found += [(name, _identify(value, above)) for name, value in pairs]
    return tuple(found)


def _plain(value: Any) -> bool:
    return isinstance(value, _BY_VALUE)


def _content(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # nothing was assigned yet
        return _NOTHING


@lru_cache(maxsize=512)
def _globals_of(code: types.CodeType) -> tuple[str, ...]:
    """Returns the globals that code reads and does not assign, that of functions in it included."""
    assigned = _assigned_by(code)
    read = {
        step.argval
        for each in _nested(code)
        for step in dis.get_instructions(each)
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME")
    }
    return tuple(sorted(read - assigned))


@lru_cache(maxsize=512)
def _assigned_by(code: types.CodeType) -> frozenset[str]:
    """Returns the outer variables that code assigns: a counter of its calls is nothing it reads."""
    return frozenset(
        step.argval
        for each in _nested(code)
        for step in dis.get_instructions(each)
        if step.opname in ("STORE_GLOBAL", "STORE_DEREF")
    )


def _nested(code: types.CodeType) -> list[types.CodeType]:
    inner = [const for const in code.co_consts if isinstance(const, types.CodeType)]
    return [code, *[each for one in inner for each in _nested(one)]]


class ById:
    """Compares by identity, for objects that cannot be hashed or compare by value."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ById) and self.value is other.value


@dataclass
class _Tally:
    """The compilations of one code: what it read in the last one, and how many there were."""

    reads: dict[str, Hashable] = field(default_factory=dict)
    count: int = 0


_TALLIES: Memo[_Tally] = Memo(capacity=128)


def remark_on_compilations(function: Callable[..., Any]) -> None:
    """Warns, once, of code that is compiled again and again for other values of what it reads."""
    plain = getattr(function, "python_function", function)
    if not isinstance(plain, types.FunctionType):
        return
    reads = dict(_reads(plain, (id(plain),)))
    tally = _TALLIES.get((plain.__code__, ById(plain.__globals__)), _Tally)
    changed = [name for name, key in reads.items() if tally.reads.get(name, key) != key]
    tally.reads = reads
    if not changed:
        return
    tally.count += 1
    if tally.count == TOLERATED:
        names = ", ".join(f"`{name}`" for name in changed)
        warnings.warn(
            f"The vector field {plain.__qualname__} ({plain.__code__.co_filename}, line "
            f"{plain.__code__.co_firstlineno}) was compiled {TOLERATED + 1} times, each time for "
            f"other values of what it captures, the last time of {names}. Pass what changes from "
            "solve to solve as `params`, or keep it in a tf.Variable, and it is compiled once.",
            RuntimeWarning,
            stacklevel=2,
        )
