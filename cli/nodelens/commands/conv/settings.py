"""Settings of `conv-params`; the layers themselves are checked by the arithmetic."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, PlainValidator, PositiveInt

from nodelens.conv.accounting import BYTES
from nodelens.settings.base import Settings
from nodelens.settings.choices import name_in

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


def _quantity(value: object) -> object:
    if value is not None and type(value) not in (int, str):
        raise ValueError(f"a count such as 760 or 5M was expected, not {value!r}")
    return value


Shape = Annotated[tuple[int | None, ...], PlainValidator(_shape)]
Quantity = Annotated[int | str | None, PlainValidator(_quantity)]


class Expectations(Settings):
    """Settings of what the network shall be; exit 3 if it is not.

    Attributes:
        params: The number of parameters.
        output: The shape of the last output, without the batch.
        max_params: The most parameters, such as `5M`.
        max_macs: The most multiply-accumulate operations for one sample, such as `1G`.
        max_activation: The most memory of all activations, such as `100MB`.
    """

    params: Quantity = None
    output: Shape | None = None
    max_params: Quantity = None
    max_macs: Quantity = None
    max_activation: Quantity = None


class ConvParamsSettings(Settings):
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

    input: Annotated[Mapping[str, Shape], BeforeValidator(_inputs)] = {}
    layers: Annotated[tuple[Any, ...], PlainValidator(_layers)] = ()
    model: str | None = None
    data_format: Literal["channels_last", "channels_first"] = "channels_last"
    dtype: Annotated[str, name_in(BYTES)] = "float32"
    batch_size: PositiveInt = 1
    expect: Annotated[
        Expectations, BeforeValidator(lambda value: {} if value is None else value)
    ] = Expectations()
