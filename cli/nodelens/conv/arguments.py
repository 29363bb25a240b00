"""Reading the settings of one layer: types, ranges, defaults, and names that do not exist."""

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import NoReturn

from nodelens.conv.axes import Pads
from nodelens.conv.errors import ConvolutionError
from nodelens.conv.shapes import CHANNELS_FIRST, CHANNELS_LAST

KERAS_NAMES = {"pool_size": "kernel_size", "dilation_rate": "dilation", "bias": "use_bias"}
"""Names of Keras (and habits) for what has one name here."""


class Arguments:
    """The settings of one layer, handed out one by one to the layer that reads them.

    Args:
        values: Names and values as written by the user.
        type_name: The layer's type, for messages.
        rank: Number of spatial axes of the layer.
        default_format: Where the channels stand if the layer does not say.
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
        self._values = values
        self._known: dict[str, None] = {}

    def finish(self) -> None:
        """Refuse what no one has asked for.

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
        """Tell whether a setting is given and is not null.

        Args:
            key: Name of the setting.

        Returns:
            True if so.
        """
        self._known[key] = None
        return self._values.get(key) is not None

    def integer(self, key: str, default: int | None = None, *, least: int | None = 1) -> int:
        """Read one integer.

        Args:
            key: Name of the setting.
            default: Used if it is not given; `None` makes it required.
            least: The smallest value that makes sense, `None` for any.

        Returns:
            The value.

        Raises:
            ConvolutionError: It is missing, no integer, or too small.
        """
        if not self.has(key):
            if default is None:
                raise ConvolutionError(
                    f"{self.type_name} needs {key!r}", hint=f"add {key}: a number", key=key
                )
            return default
        return self._checked(key, self._values[key], least)

    def sizes(
        self, key: str, default: int | tuple[int, ...] | None = None, *, least: int = 1
    ) -> tuple[int, ...]:
        """Read an integer for each axis: `5`, `[3, 5]`, `"3,5"` or `"3x5"`.

        Args:
            key: Name of the setting.
            default: Used if it is not given; `None` makes it required.
            least: The smallest value that makes sense.

        Returns:
            An integer for each spatial axis.

        Raises:
            ConvolutionError: It is missing, or not one integer or one an axis.
        """
        if not self.has(key):
            if isinstance(default, tuple):
                return default
            return (self.integer(key, default, least=least),) * self.rank
        value = _listed(self._values[key])
        if not isinstance(value, list | tuple):
            return (self._checked(key, value, least),) * self.rank
        if len(value) == 1:
            return (self._checked(key, value[0], least),) * self.rank
        if len(value) != self.rank:
            self._refuse(key, f"one integer, or {self.rank} integers (one an axis)", value)
        return tuple(self._checked(key, entry, least) for entry in value)

    def pairs(self, key: str, default: int | None = None) -> tuple[Pads, ...]:
        """Read what is added or cut before and after each axis.

        Args:
            key: Name of the setting.
            default: Used if it is not given; `None` makes it required.

        Returns:
            A pair for each spatial axis, from one integer, one an axis, or one pair an axis.

        Raises:
            ConvolutionError: It is none of these.
        """
        if not self.has(key):
            one = self.integer(key, default, least=0)
            return ((one, one),) * self.rank
        value = _listed(self._values[key])
        if not isinstance(value, list | tuple):
            one = self._checked(key, value, 0)
            return ((one, one),) * self.rank
        if self.rank == 1 and len(value) == 2 and not isinstance(value[0], list | tuple):
            return ((self._checked(key, value[0], 0), self._checked(key, value[1], 0)),)
        if len(value) != self.rank:
            self._refuse(key, f"one integer, or {self.rank} integers or pairs (one an axis)", value)
        return tuple(self._pair(key, entry) for entry in value)

    def choice(self, key: str, options: Collection[str], default: str) -> str:
        """Read one of a few words, whatever its case.

        Args:
            key: Name of the setting.
            options: The words allowed.
            default: Used if it is not given.

        Returns:
            One of the options.

        Raises:
            ConvolutionError: It is another word.
        """
        if not self.has(key):
            return default
        value = self._values[key]
        word = value.lower() if isinstance(value, str) else None
        if word is None or word not in options:
            raise ConvolutionError(
                f"{key} of {self.type_name} must be one of {', '.join(options)}, "
                f"received {value!r}",
                hint=nearest(str(value), options),
                key=key,
            )
        return word

    def flag(self, key: str, default: bool) -> bool:
        """Read true or false.

        Args:
            key: Name of the setting.
            default: Used if it is not given.

        Returns:
            The value.

        Raises:
            ConvolutionError: It is neither.
        """
        if not self.has(key):
            return default
        value = self._values[key]
        if not isinstance(value, bool):
            self._refuse(key, "true or false", value)
        return value

    def text(self, key: str) -> str | None:
        """Read a word, or nothing.

        Args:
            key: Name of the setting.

        Returns:
            The word, `None` if it is not given.

        Raises:
            ConvolutionError: It is no word.
        """
        if not self.has(key):
            return None
        value = self._values[key]
        if not isinstance(value, str):
            self._refuse(key, "a name", value)
        return value

    def data_format(self) -> str:
        """Read where the channels stand.

        Returns:
            `"channels_last"` or `"channels_first"`.

        Raises:
            ConvolutionError: It is something else.
        """
        return self.choice("data_format", (CHANNELS_LAST, CHANNELS_FIRST), self.default_format)

    def integers(self, key: str, default: tuple[int, ...] | None = None) -> tuple[int, ...]:
        """Read a list of integers of any sign.

        Args:
            key: Name of the setting.
            default: Used if it is not given; `None` makes it required.

        Returns:
            The integers; a single one counts as a list of one.

        Raises:
            ConvolutionError: It is missing, or holds something else.
        """
        if not self.has(key):
            if default is None:
                raise ConvolutionError(f"{self.type_name} needs {key!r}", key=key)
            return default
        value = _listed(self._values[key])
        entries = value if isinstance(value, list | tuple) else [value]
        return tuple(self._checked(key, entry, None) for entry in entries)

    def _pair(self, key: str, entry: object) -> Pads:
        """Read one axis' amount, or its amounts before and after."""
        if not isinstance(entry, list | tuple):
            one = self._checked(key, entry, 0)
            return one, one
        if len(entry) != 2:
            self._refuse(key, "pairs of two integers (before, after)", entry)
        return self._checked(key, entry[0], 0), self._checked(key, entry[1], 0)

    def _checked(self, key: str, value: object, least: int | None) -> int:
        """Return an integer that is not too small; words of digits count as integers."""
        if isinstance(value, str) and value.strip().lstrip("-").isdecimal():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            self._refuse(key, "an integer", value)
        if least is not None and value < least:
            self._refuse(key, f"an integer of at least {least}", value)
        return value

    def _refuse(self, key: str, expected: str, value: object) -> NoReturn:
        """Say that a setting is not what it must be."""
        raise ConvolutionError(
            f"{key} of {self.type_name} must be {expected}, received {value!r}", key=key
        )


def nearest(word: str, options: Collection[str]) -> str | None:
    """Suggest the option that a mistyped word was meant to be.

    Args:
        word: What was received.
        options: What there is.

    Returns:
        A hint, `None` if nothing is near.
    """
    lowered = {option.lower(): option for option in options}
    matches = get_close_matches(word.lower(), lowered, n=1, cutoff=0.55)
    return f"did you mean {lowered[matches[0]]}?" if matches else None


def _listed(value: object) -> object:
    """Take `"3,5"` and `"3x5"` apart."""
    if isinstance(value, str) and ("," in value or "x" in value.lower()):
        return [part.strip() for part in value.lower().replace("x", ",").split(",")]
    return value
