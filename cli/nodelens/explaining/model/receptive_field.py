"""The receptive fields of the layers in the image, by the arithmetic of `nodelens.conv`."""

from dataclasses import dataclass

import keras

from nodelens.conv.errors import ConvolutionError
from nodelens.conv.keras_config import data_format
from nodelens.conv.keras_model import read_model
from nodelens.conv.layers.base import NoField
from nodelens.conv.network import assemble
from nodelens.conv.receptive_field import AxisField, describe
from nodelens.conv.receptive_field import receptive_fields as follow


@dataclass(frozen=True)
class ReceptiveField:
    """The receptive field along both axes, in pixels of the model's input."""

    height: AxisField
    width: AxisField


def receptive_fields(model: keras.Model, input_size: tuple[int, int]) -> dict[str, ReceptiveField]:
    """Computes the receptive field of every layer, through branches and nested models.

    The names of layers of nested models are `outer/inner`. Layers without a field of one size and
    place are left out: behind branches that look at different places, behind a pooling over
    everything, and in models that are no graph of layers.
    """
    try:
        reading = read_model(model)
        inputs = {name: _sized(shape, input_size) for name, shape in reading.inputs.items()}
        network = assemble(inputs, reading.specs, data_format(reading))
        fields = [describe(geometry) for geometry in follow(network)]
    except (ConvolutionError, NotImplementedError, TypeError, ValueError):
        # Keras raises any of the last three for a model whose configuration cannot be written.
        return {}
    return {
        node.name: ReceptiveField(*field)
        for node, field in zip(network.nodes, fields, strict=True)
        if not isinstance(field, NoField) and len(field) == 2
    }


def _sized(shape: tuple[int | None, ...], input_size: tuple[int, int]) -> tuple[int | None, ...]:
    """Returns the shape of the image, with the size in use where the model takes any."""
    if len(shape) != 3 or None not in shape[:2]:
        return shape
    return (*input_size, shape[-1])
