"""The Keras layers that conv-params' layers describe."""

from math import prod
from typing import Any

import keras

from nodelens.conv.layers.base import Layer
from nodelens.conv.shapes import Shape

NEEDED: dict[str, dict[str, Any]] = {"Dropout": {"rate": 0.5}, "Rescaling": {"scale": 1.0}}
"""Arguments that the Keras class needs, and that change no figure."""

WITHOUT_FORMAT = ("Cropping1D", "UpSampling1D")
"""Keras classes that take no `data_format`."""


def build_layer(layer: Layer) -> Any:
    """Makes the Keras layer of a layer; Keras raises a `ValueError` for wrong settings."""
    return getattr(keras.layers, layer.type)(**arguments(layer))


def keras_figures(layer: Layer, shapes: tuple[Shape, ...]) -> tuple[Shape, int, int]:
    """Returns output shape, parameters and those not trained, as Keras computes them.

    Args:
        layer: The layer.
        shapes: Shapes of its inputs, without the batch.

    Raises:
        ValueError: Keras refuses the settings or the inputs.
    """
    built = build_layer(layer)
    batched: Any = [(None, *shape) for shape in shapes]
    if not layer.merges:
        batched = batched[0]
    with keras.StatelessScope():
        # Variables made in this scope are never given values: huge layers cost nothing.
        built.build(batched)
    output = tuple(built.compute_output_shape(batched))[1:]
    total = sum(prod(weight.shape) for weight in built.weights)
    trained = sum(prod(weight.shape) for weight in built.trainable_weights)
    return output, total, total - trained


def arguments(layer: Layer) -> dict[str, Any]:
    """Returns the arguments of the Keras class that make the same layer."""
    found = dict(NEEDED.get(layer.type, {}))
    for key, value in layer.settings.items():
        if key == "data_format" and layer.type in WITHOUT_FORMAT:
            continue
        single = isinstance(value, tuple) and len(value) == 1 and key != "target_shape"
        found[layer.keras_names.get(key, key)] = value[0] if single else value
    return found
