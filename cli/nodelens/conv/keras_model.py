"""The configuration and the weights of a model that Keras has built, without importing Keras."""

import json
from math import prod
from typing import Any

from nodelens.conv.keras_config import Facts, Reading, read_config
from nodelens.conv.layers.base import Weights


def read_model(model: Any) -> Reading:
    """Reads a functional or sequential `keras.Model`, ready to be assembled.

    Raises:
        ConvolutionError: The model is neither functional nor sequential, or has no input shape.
    """
    return read_config(json.loads(model.to_json()), dict(_facts(model, "")))


def _facts(model: Any, prefix: str) -> list[tuple[str, Facts]]:
    """Collects the shapes and weights of all layers, those in nested models too."""
    found = []
    # The operations of a functional model are its layers and what was called without a layer.
    for layer in getattr(model, "operations", model.layers):
        name = prefix + layer.name
        if hasattr(layer, "layers"):
            found += _facts(layer, f"{name}/")
            continue
        trained = sum(prod(weight.shape) for weight in getattr(layer, "trainable_weights", ()))
        rest = sum(prod(weight.shape) for weight in getattr(layer, "non_trainable_weights", ()))
        found.append((name, Facts(_output_shape(layer), Weights(trained, 0, rest))))
    return found


def _output_shape(layer: Any) -> tuple[int | None, ...] | None:
    """Returns a layer's output shape without the batch, `None` if it has none or several."""
    try:
        return tuple(layer.output.shape[1:])
    except AttributeError:
        return None
