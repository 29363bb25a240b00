"""Rows of options: everything about an option of a command is declared in its row."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypedDict, TypeVar, Unpack, overload

import typer

from nodelens.errors import UsageError

T = TypeVar("T")
V = TypeVar("V")

SETTINGS = "Settings"
PRINTING = "What is printed"
RUNNING = "How it runs"


class Details(TypedDict, total=False):
    """Attributes of a row besides names, type and help; see `Flag`."""

    metavar: str
    panel: str
    min: float
    max: float
    sets: str
    origin: str
    group: bool


@dataclass(frozen=True, eq=False, kw_only=True)
class Flag(Generic[T]):
    """An option or an argument of a command: an attribute of the class of its calls.

    On a call the attribute is the value that was given, read by `parse`, or the default.

    Attributes:
        names: The names, such as `--layer` and `-l`; an argument has none.
        kind: The type of the value, as Typer reads it.
        default: The value of an option that was not given; None if it must be given.
        help: The help text.
        required: True if there is no call without it.
        metavar: The placeholder of the value in the help text.
        panel: The panel of the help text; by default the one of settings for what sets one.
        min: The least number allowed.
        max: The greatest number allowed.
        sets: The dotted key of the setting that it sets; None if the command itself reads it.
        origin: Its name in `--show-config` and in messages; by default the first of its names.
        group: True if it stands for a whole group of settings, whose details `--set` may change.
        parse: Reads what was given; a `UsageError` that it raises gets the name of the option.
        value: The value of the setting that an option without a value sets.
    """

    names: tuple[str, ...] = ()
    kind: Any
    default: T
    help: str
    required: bool = False
    metavar: str | None = None
    panel: str | None = None
    min: float | None = None
    max: float | None = None
    sets: str | None = None
    origin: str | None = None
    group: bool = False
    parse: Callable[[Any], Any] | None = None
    value: Any = True

    @overload
    def __get__(self, call: None, owner: type) -> "Flag[T]": ...
    @overload
    def __get__(self, call: object, owner: type) -> T: ...
    def __get__(self, call: Any, owner: type) -> "Flag[T] | T":
        """Returns the value on a call, and the row itself on the class of calls."""
        if call is None:
            return self
        given: T = call.given.get(self, self.default)
        if self.parse is None or given == self.default:
            return given
        try:
            read: T = self.parse(given)
        except UsageError as error:
            name = f"{self.title}: " if self.names else ""
            raise UsageError(f"{name}{error.message}", hint=error.hint) from error
        return read

    @property
    def title(self) -> str:
        """The name in `--show-config` and in messages."""
        return self.origin or (self.names or (self.metavar or "",))[0]

    def parameter(self, name: str) -> inspect.Parameter:
        """Returns the parameter, called `name`, that Typer makes the option from."""
        panel = self.panel or (SETTINGS if self.sets and self.names else None)
        shown: dict[str, Any] = {"help": self.help, "metavar": self.metavar}
        shown |= {"rich_help_panel": panel, "min": self.min, "max": self.max}
        made = typer.Option(*self.names, **shown) if self.names else typer.Argument(**shown)
        return inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if self.required else self.default or None,
            annotation=Annotated[self.kind, made],
        )


@overload
def option(
    kind: type[V], *names: str, help: str, parse: Callable[[V], T], **more: Unpack[Details]
) -> Flag[T | None]: ...
@overload
def option(kind: type[V], *names: str, help: str, **more: Unpack[Details]) -> Flag[V | None]: ...
def option(kind: Any, *names: str, help: str, **more: Any) -> Flag[Any]:
    """Makes the row of an option or, without names, of an argument that takes one value."""
    return Flag(names=names, kind=kind | None, default=None, help=help, **more)


def several(
    kind: type[V],
    *names: str,
    help: str,
    parse: Callable[[Sequence[V]], Sequence[V]] | None = None,
    **more: Unpack[Details],
) -> Flag[Sequence[V]]:
    """Makes the row of a repeatable option or, without names, of an argument of many words."""
    many: Any = list[kind] | None  # type: ignore[valid-type]
    return Flag(names=names, kind=many, default=(), help=help, parse=parse, **more)


def switch(*names: str, help: str, value: Any = True, **more: Unpack[Details]) -> Flag[bool]:
    """Makes the row of an option without a value."""
    more.setdefault("metavar", "")
    return Flag(names=names, kind=bool, default=False, help=help, value=value, **more)


def words(given: Sequence[str]) -> list[str]:
    """Divides at commas what was given to an option that is repeatable and takes several."""
    return [word.strip() for word in ",".join(given).split(",")]
