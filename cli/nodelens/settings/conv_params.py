"""What a user may set for conv-params.

Checked here, without pydantic: importing it takes a tenth of a second, about as long as everything
else in a call of conv-params. Places, messages and precedence are those of the other commands. The
layers themselves are checked by the arithmetic, which knows them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from nodelens.settings.errors import (
    KeyPath,
    Place,
    Problem,
    SettingsError,
    dotted,
    nearest_place,
)
from nodelens.settings.merge import merge, origins

DATA_FORMATS = ("channels_last", "channels_first")
DTYPES = ("float32", "float64", "bfloat16", "float16", "int8")
UNKNOWN = "?"

Shape = tuple[int | None, ...]


@dataclass(frozen=True)
class Expectations:
    """What the network shall be; exit 3 if it is not.

    Attributes:
        params: The number of parameters.
        output: The shape of the last output, without the batch.
        max_params: The most parameters, such as `5M`.
        max_macs: The most multiply-accumulate operations for one sample, such as `1G`.
        max_activation: The most memory of all activations, such as `100MB`.
    """

    params: int | str | None = None
    output: Shape | None = None
    max_params: int | str | None = None
    max_macs: int | str | None = None
    max_activation: int | str | None = None


@dataclass(frozen=True)
class ConvParamsSettings:
    """The settings of conv-params.

    Attributes:
        input: Shapes of the inputs without the batch, under their names.
        layers: The layers: mappings with `type` and settings, or one-line texts.
        model: A network of keras.applications or a saved model, instead of `input` and `layers`.
        data_format: Where the channels stand if a layer does not say.
        dtype: Number format in which memory is counted.
        batch_size: Samples at once, for the activations' memory.
        expect: What the network shall be.
    """

    input: Mapping[str, Shape] = field(default_factory=dict)
    layers: tuple[Any, ...] = ()
    model: str | None = None
    data_format: str = DATA_FORMATS[0]
    dtype: str = DTYPES[0]
    batch_size: int = 1
    expect: Expectations = field(default_factory=Expectations)


@dataclass(frozen=True)
class Located:
    """Settings in force, and where each was written.

    Attributes:
        settings: The settings.
        places: The place of each value that was written, by its path of keys.
        source: The file, or the command line.
    """

    settings: ConvParamsSettings
    places: Mapping[KeyPath, Place]
    source: str

    def error(self, found: Sequence[tuple[KeyPath, str]], hint: str | None = None) -> SettingsError:
        """Makes the error of some values, each told at its place.

        Args:
            found: For each wrong value its path of keys and what is wrong.
            hint: What to do next.
        """
        problems = [Problem(self._place(path), dotted(path), text) for path, text in found]
        error = SettingsError(problems)
        error.hint = hint or error.hint
        return error

    def _place(self, path: KeyPath) -> Place:
        """Where a value was written, or else what holds it."""
        return nearest_place(path, self.places) or Place(self.source)

    def document(self) -> dict[str, Any]:
        """The settings as plain values."""
        return asdict(self.settings)

    def origins(self) -> dict[str, str]:
        """For each dotted key where its value came from, `default` where no one wrote it."""
        return origins(self.document(), self.places)


def resolve(
    file: Path | None,
    overrides: Sequence[str],
    flags: Mapping[str, tuple[str, Any]],
) -> Located:
    """Merges defaults, file, `--set` and flags, and checks the result.

    Args:
        file: A YAML file.
        overrides: Assignments `a.b=value`; the last one wins.
        flags: For each dotted key the flag's name and its value; None means not given.

    Raises:
        SettingsError: Naming everything that is wrong.
    """
    merged = merge(file, overrides, flags, {})
    values, places = merged.values, merged.places
    checker = _Checker(places, str(file or "command line"))
    settings = checker.settings(values)
    if problems := merged.problems + checker.problems:
        raise SettingsError(problems)
    return Located(settings, places, checker.source)


class _Checker:
    """Turns merged values into settings, and notes everything that is wrong."""

    def __init__(self, places: Mapping[KeyPath, Place], source: str) -> None:
        self.places = places
        self.source = source
        self.problems: list[Problem] = []

    def settings(self, values: dict[str, Any]) -> ConvParamsSettings:
        """Checks the top level."""
        self._keys((), values, ConvParamsSettings)
        expect = values.get("expect")
        layers = values.get("layers")
        if layers is not None and not isinstance(layers, list):
            self._note(("layers",), f"a list of layers was expected, {layers!r} was given")
            layers = None
        return ConvParamsSettings(
            input=self._inputs(values.get("input")),
            layers=tuple(layers or ()),
            model=self._text(("model",), values.get("model")),
            data_format=self._choice(values, "data_format", DATA_FORMATS),
            dtype=self._choice(values, "dtype", DTYPES),
            batch_size=self._count(("batch_size",), values.get("batch_size", 1)),
            expect=self._expectations({} if expect is None else expect),
        )

    def _expectations(self, values: Any) -> Expectations:
        if not isinstance(values, dict):
            self._note(("expect",), f"a mapping was expected, {values!r} was given")
            return Expectations()
        self._keys(("expect",), values, Expectations)
        quantities = {}
        for key in ("params", "max_params", "max_macs", "max_activation"):
            value = values.get(key)
            if value is not None and (isinstance(value, bool) or not isinstance(value, (int, str))):
                self._note(
                    ("expect", key), f"a count such as 760 or 5M was expected, not {value!r}"
                )
                value = None
            quantities[key] = value
        output = values.get("output")
        shape = None if output is None else self._shape(("expect", "output"), output)
        return Expectations(output=shape, **quantities)

    def _inputs(self, value: Any) -> dict[str, Shape]:
        if value is None:
            return {}
        if not isinstance(value, dict):
            return {"input": self._shape(("input",), value)}
        return {str(name): self._shape(("input", name), shape) for name, shape in value.items()}

    def _shape(self, path: KeyPath, value: Any) -> Shape:
        """Reads a list of sizes, `?` or null for one that is not known."""
        if not isinstance(value, list) or not value:
            self._note(path, f"a list of sizes such as [200, 200, 3] was expected, not {value!r}")
            return ()
        return tuple(self._size(path, size) for size in value)

    def _size(self, path: KeyPath, size: Any) -> int | None:
        if size is None or size == UNKNOWN:
            return None
        if isinstance(size, str) and size.lstrip("-").isdecimal():
            size = int(size)
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            self._note(path, f"sizes are whole numbers from 1, or '?'; {size!r} was given")
            return None
        return size

    def _count(self, path: KeyPath, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            self._note(path, f"a whole number from 1 was expected, {value!r} was given")
            return 1
        return value

    def _text(self, path: KeyPath, value: Any) -> str | None:
        if value is not None and not isinstance(value, str):
            self._note(path, f"a text was expected, {value!r} was given")
            return None
        return value

    def _choice(self, values: dict[str, Any], key: str, choices: tuple[str, ...]) -> str:
        value = values.get(key, choices[0])
        if value not in choices:
            self._note((key,), f"{value!r} is not a choice{_suggestion(str(value), choices)}")
            return choices[0]
        return str(value)

    def _keys(self, path: KeyPath, values: dict[str, Any], model: type[Any]) -> None:
        known = tuple(model.__dataclass_fields__)
        for key in values:
            if key not in known:
                self._note((*path, key), f"unknown key{_suggestion(str(key), known)}")

    def _note(self, path: KeyPath, message: str) -> None:
        place = nearest_place(path, self.places) or Place(self.source)
        self.problems.append(Problem(place, dotted(path), message))


def _suggestion(word: str, choices: tuple[str, ...]) -> str:
    close = get_close_matches(word, choices, n=1, cutoff=0.6)
    return f"; did you mean `{close[0]}`?" if close else f"; possible: {', '.join(choices)}"
