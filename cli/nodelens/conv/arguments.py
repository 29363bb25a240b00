"""Reading the settings of one layer: types, ranges, defaults, and names that do not exist."""

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Any, NoReturn, TypeVar

from nodelens.conv.axes import Pads
from nodelens.conv.errors import ConvolutionError
from nodelens.conv.shapes import CHANNELS_FIRST, CHANNELS_LAST

KERAS_NAMES = {"pool_size": "kernel_size", "dilation_rate": "dilation", "bias": "use_bias"}
"""Names of Keras (and habits) for what has one name here."""

T = TypeVar("T")


class Arguments:
    """The settings of one layer, handed out one by one to the layer that reads them.

    Each method reads the setting `key`. Where it is not given, or null, the method returns
    `default`, and a default of None makes it required; `least` is the smallest value allowed, None
    for any. A `ConvolutionError` is raised for a setting that is missing or wrong.

    Args:
        values: Names and values as written by the user.
        type_name: The layer's type, for messages.
        rank: Number of spatial axes of the layer.
        default_format: The position of the channels if the layer does not give it.

    Attributes:
        read: The values that have been read, defaults included.
    """

    def __init__(
        self,
        values: Mapping[str, object],
        type_name: str,
        rank: int,
        default_format: str = CHANNELS_LAST,
    ) -> None:
        self.type_name = type_name
        self.rank = rank
        self.default_format = default_format
        self.read: dict[str, Any] = {}
        self._values = values
        self._known: dict[str, None] = {}

    def finish(self) -> None:
        """Refuses settings that have not been read.

        Raises:
            ConvolutionError: There is a setting that the layer does not have.
        """
        for key in self._values:
            if key not in self._known:
                house_name = KERAS_NAMES.get(key)
                raise ConvolutionError(
                    f"{self.type_name} has no setting {key!r}; it has {', '.join(self._known)}",
                    hint=f"it is called {house_name} here"
                    if house_name in self._known
                    else nearest(str(key), self._known),
                    key=str(key),
                )

    def has(self, key: str) -> bool:
        """Checks whether a setting is given and is not null."""
        self._known[key] = None
        return self._values.get(key) is not None

    def integer(self, key: str, default: int | None = None, *, least: int | None = 1) -> int:
        """Reads one integer."""
        if self.has(key):
            return self._keep(key, self._checked(key, self._values[key], least))
        if default is None:
            raise ConvolutionError(
                f"{self.type_name} needs {key!r}", hint=f"add {key}: a number", key=key
            )
        return self._keep(key, default)

    def sizes(
        self, key: str, default: int | tuple[int, ...] | None = None, *, least: int = 1
    ) -> tuple[int, ...]:
        """Reads an integer for each axis: `5`, `[3, 5]`, `"3,5"` or `"3x5"`."""
        if not self.has(key):
            if not isinstance(default, tuple):
                default = (self.integer(key, default, least=least),) * self.rank
            return self._keep(key, default)
        value = _listed(self._values[key])
        entries = value if isinstance(value, list | tuple) else [value]
        if len(entries) not in (1, self.rank):
            self._refuse(key, f"one integer, or {self.rank} integers (one an axis)", value)
        sizes = tuple(self._checked(key, entry, least) for entry in entries)
        return self._keep(key, sizes if len(sizes) == self.rank else sizes * self.rank)

    def pairs(self, key: str, default: int | None = None) -> tuple[Pads, ...]:
        """Reads cells before and after each axis: one integer, one an axis, or a pair an axis."""
        if not self.has(key):
            one = self.integer(key, default, least=0)
            return self._keep(key, ((one, one),) * self.rank)
        value = _listed(self._values[key])
        if not isinstance(value, list | tuple):
            return self._keep(key, (self._pair(key, value),) * self.rank)
        if self.rank == 1 and len(value) == 2 and not isinstance(value[0], list | tuple):
            value = [value]
        if len(value) != self.rank:
            self._refuse(key, f"one integer, or {self.rank} integers or pairs (one an axis)", value)
        return self._keep(key, tuple(self._pair(key, entry) for entry in value))

    def choice(self, key: str, options: Collection[str], default: str) -> str:
        """Reads one of a few words, whatever its case."""
        if not self.has(key):
            return self._keep(key, default)
        value = self._values[key]
        word = value.lower() if isinstance(value, str) else None
        if word is None or word not in options:
            raise ConvolutionError(
                f"{key} of {self.type_name} must be one of {', '.join(options)}, "
                f"received {value!r}",
                hint=nearest(str(value), options),
                key=key,
            )
        return self._keep(key, word)

    def flag(self, key: str, default: bool) -> bool:
        """Reads true or false."""
        value = self._values[key] if self.has(key) else default
        if not isinstance(value, bool):
            self._refuse(key, "true or false", value)
        return self._keep(key, value)

    def text(self, key: str) -> str | None:
        """Reads a word; None if it is not given."""
        value = self._values[key] if self.has(key) else None
        if value is not None and not isinstance(value, str):
            self._refuse(key, "a name", value)
        return self._keep(key, value)

    def data_format(self) -> str:
        """Reads the position of the channels, `"channels_last"` or `"channels_first"`."""
        return self.choice("data_format", (CHANNELS_LAST, CHANNELS_FIRST), self.default_format)

    def integers(self, key: str, default: tuple[int, ...] | None = None) -> tuple[int, ...]:
        """Reads integers of any sign; a single one counts as a list of one."""
        if not self.has(key):
            if default is None:
                raise ConvolutionError(f"{self.type_name} needs {key!r}", key=key)
            return self._keep(key, default)
        value = _listed(self._values[key])
        entries = value if isinstance(value, list | tuple) else [value]
        return self._keep(key, tuple(self._checked(key, entry, None) for entry in entries))

    def _keep(self, key: str, value: T) -> T:
        self.read[key] = value
        return value

    def _pair(self, key: str, entry: object) -> Pads:
        """Reads one axis' amount, or its amounts before and after."""
        if not isinstance(entry, list | tuple):
            one = self._checked(key, entry, 0)
            return one, one
        if len(entry) != 2:
            self._refuse(key, "pairs of two integers (before, after)", entry)
        return self._checked(key, entry[0], 0), self._checked(key, entry[1], 0)

    def _checked(self, key: str, value: object, least: int | None) -> int:
        """Returns an integer that is not too small; words of digits count as integers."""
        if isinstance(value, str) and value.strip().lstrip("-").isdecimal():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            self._refuse(key, "an integer", value)
        if least is not None and value < least:
            self._refuse(key, f"an integer of at least {least}", value)
        return value

    def _refuse(self, key: str, expected: str, value: object) -> NoReturn:
        raise ConvolutionError(
            f"{key} of {self.type_name} must be {expected}, received {value!r}", key=key
        )


def nearest(word: str, options: Collection[str]) -> str | None:
    """Returns a hint at the option that a mistyped word was meant to be; None if none is near."""
    lowered = {option.lower(): option for option in options}
    matches = get_close_matches(word.lower(), lowered, n=1, cutoff=0.55)
    return f"did you mean {lowered[matches[0]]}?" if matches else None


def _listed(value: object) -> object:
    """Splits `"3,5"` and `"3x5"`."""
    if isinstance(value, str) and ("," in value or "x" in value.lower()):
        return [part.strip() for part in value.lower().replace("x", ",").split(",")]
    return value
