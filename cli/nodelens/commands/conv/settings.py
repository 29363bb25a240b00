"""Settings of `conv-params`; the layers themselves are checked by the arithmetic."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from nodelens.conv.accounting import BYTES
from nodelens.settings.checks import Check, name_in
from nodelens.settings.light import LightSettings

DATA_FORMATS = ("channels_last", "channels_first")
UNKNOWN = "?"


def _shape(value: object) -> tuple[int | None, ...]:
    """Reads a list of sizes, `?` or null for one that is not known."""
    if not isinstance(value, list) or not value:
        raise ValueError(f"a list of sizes such as [200, 200, 3] was expected, not {value!r}")
    sizes = [
        int(size) if isinstance(size, str) and size.lstrip("-").isdecimal() else size
        for size in value
    ]
    known = [size for size in sizes if size not in (None, UNKNOWN)]
    wrong = [size for size in known if type(size) is not int or size < 1]
    if wrong:
        given = ", ".join(map(repr, wrong))
        raise ValueError(f"sizes are whole numbers from 1, or '?'; {given} was given")
    return tuple(None if size == UNKNOWN else size for size in sizes)


def _inputs(value: object) -> object:
    """Reads the shape of a single input, or shapes by name."""
    if value is None:
        return {}
    return value if isinstance(value, dict) else {"input": value}


def _layers(value: object) -> tuple[object, ...]:
    if value is not None and not isinstance(value, list):
        raise ValueError(f"a list of layers was expected, {value!r} was given")
    return tuple(value or ())


def _output(value: object) -> object:
    return None if value is None else _shape(value)


def _positive(value: object) -> object:
    if type(value) is int and value < 1:
        raise ValueError(f"a number greater than 0 was expected, {value} was given")
    return value


def _group(value: object) -> object:
    return {} if value is None else value


def _quantity(value: object) -> object:
    if value is not None and type(value) not in (int, str):
        raise ValueError(f"a count such as 760 or 5M was expected, not {value!r}")
    return value


Shape = Annotated[tuple[int | None, ...], Check(_shape)]
Quantity = Annotated[int | str | None, Check(_quantity)]


@dataclass(frozen=True)
class Expectations(LightSettings):
    """Settings of what the network shall be; exit 3 if it is not.

    Attributes:
        params: The number of parameters.
        output: The shape of the last output, without the batch.
        max_params: The most parameters, such as `5M`.
        max_macs: The most multiply-accumulate operations for one sample, such as `1G`.
        max_activation: The most memory of all activations, such as `100MB`.
    """

    params: Quantity = None
    output: Annotated[tuple[int | None, ...] | None, Check(_output)] = None
    max_params: Quantity = None
    max_macs: Quantity = None
    max_activation: Quantity = None


@dataclass(frozen=True)
class ConvParamsSettings(LightSettings):
    """Everything that may be set for `conv-params`.

    Attributes:
        input: Shapes of the inputs without the batch, by name.
        layers: The layers: mappings with `type` and settings, or one-line texts.
        model: A network of keras.applications or a saved model, instead of `input` and `layers`.
        data_format: The position of the channels where a layer does not give it.
        dtype: The number format of the memory.
        batch_size: Samples in a batch, for the memory of the activations.
        expect: The expectations.
    """

    input: Annotated[Mapping[str, Shape], Check(_inputs)] = field(default_factory=dict)
    layers: Annotated[tuple[Any, ...], Check(_layers)] = ()
    model: str | None = None
    data_format: Annotated[str, name_in(DATA_FORMATS)] = DATA_FORMATS[0]
    dtype: Annotated[str, name_in(BYTES)] = "float32"
    batch_size: Annotated[int, Check(_positive, lambda: "whole number ≥ 1")] = 1
    expect: Annotated[Expectations, Check(_group)] = Expectations()
