"""Finding the layers of a model at which a class can be located."""

from dataclasses import dataclass
from difflib import get_close_matches

import keras

from nodelens.errors import UsageError
from nodelens.explain.receptive_field import ReceptiveField, receptive_field


@dataclass(frozen=True)
class LayerRow:
    """One layer of a model, as `--list-layers` shows it.

    Attributes:
        name: Its name.
        type: Its Keras class.
        output_shape: Shape of its output, without the batch axis.
        spatial: Whether the output has a height and a width, so that a map can be made of it.
        receptive_field: What one cell of the output sees of the image; None where it is not a
            plain chain of convolutions and poolings.
    """

    name: str
    type: str
    output_shape: tuple[int | None, ...]
    spatial: bool
    receptive_field: ReceptiveField | None


def list_layers(model: keras.Model) -> tuple[LayerRow, ...]:
    """Describes the layers of a model in order, without its inputs.

    Args:
        model: The model.

    Returns:
        One row a layer.
    """
    return tuple(
        LayerRow(
            name=layer.name,
            type=type(layer).__name__,
            output_shape=tuple(layer.output.shape[1:]),
            spatial=is_spatial(layer),
            receptive_field=receptive_field(layer),
        )
        for layer in model.layers
        if not isinstance(layer, keras.layers.InputLayer)
    )


def find_layer(model: keras.Model, name: str) -> keras.Layer:
    """Finds the layer to explain at.

    Args:
        model: The model.
        name: The name of the layer.

    Returns:
        The layer.

    Raises:
        UsageError: There is no such layer, or its output has no spatial axes.
    """
    layers = {layer.name: layer for layer in model.layers}
    candidates = [layer.name for layer in model.layers if is_spatial(layer)]
    layer = layers.get(name)
    if layer is None:
        near = get_close_matches(name, layers, n=3, cutoff=0.5)
        meant = f"did you mean {' or '.join(near)}? " if near else ""
        raise UsageError(
            f"the model {model.name!r} has no layer {name!r}", hint=meant + _choices(candidates)
        )
    if not is_spatial(layer):
        shape = tuple(layer.output.shape[1:])
        raise UsageError(
            f"the output of the layer {name!r} ({type(layer).__name__}) has the shape {shape}, "
            "and a map needs a layer that computes a height, a width and channels",
            hint=_choices(candidates),
        )
    return layer


def is_spatial(layer: keras.Layer) -> bool:
    """Whether a map can be made of the output of a layer.

    Args:
        layer: The layer.

    Returns:
        True if it is computed and has the shape `(n, height, width, channels)`.
    """
    return not isinstance(layer, keras.layers.InputLayer) and len(layer.output.shape) == 4


def _choices(candidates: list[str]) -> str:
    return f"layers with a height and a width: {', '.join(candidates)}"
