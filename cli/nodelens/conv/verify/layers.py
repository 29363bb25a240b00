"""The Keras layers that conv-params' layers describe."""

from math import prod
from typing import Any

import keras

from nodelens.conv.layers.base import Layer
from nodelens.conv.layers.convolution import Conv, DepthwiseConv, SeparableConv
from nodelens.conv.layers.dense import Dense, Flatten, Reshape
from nodelens.conv.layers.merging import Concatenate
from nodelens.conv.layers.pointwise import Activation, Dropout, Normalization, Scaling
from nodelens.conv.layers.pooling import GlobalPooling, Pooling
from nodelens.conv.layers.resizing import Cropping, UpSampling, ZeroPadding
from nodelens.conv.layers.transposed import ConvTranspose
from nodelens.conv.shapes import Shape


def build_layer(layer: Layer) -> Any:
    """Makes the Keras layer that a layer describes.

    Args:
        layer: The layer, of any kind that is computed here.

    Raises:
        ValueError: Keras refuses the settings.
    """
    return getattr(keras.layers, layer.type)(**arguments(layer))


def keras_figures(layer: Layer, shapes: tuple[Shape, ...]) -> tuple[Shape, int, int]:
    """Output shape, parameters and those not trained, as Keras computes them.

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
    """The arguments of the Keras class that make the same layer."""
    formatted = {"data_format": layer.data_format}
    if isinstance(layer, (Conv, DepthwiseConv, SeparableConv, ConvTranspose)):
        return _kernel_arguments(layer) | formatted
    if isinstance(layer, Pooling):
        window = {"pool_size": layer.kernel_size, "strides": layer.strides}
        return window | {"padding": layer.padding} | formatted
    if isinstance(layer, GlobalPooling):
        return {"keepdims": layer.keepdims} | formatted
    if isinstance(layer, (ZeroPadding, Cropping)):
        amounts = layer.amounts if layer.rank > 1 else layer.amounts[0]
        if isinstance(layer, Cropping):
            return {"cropping": amounts} | ({} if layer.rank == 1 else formatted)
        return {"padding": amounts} | formatted
    if isinstance(layer, UpSampling):
        size = layer.size if layer.rank > 1 else layer.size[0]
        way = {"interpolation": layer.interpolation} if layer.rank == 2 else {}
        return {"size": size} | way | ({} if layer.rank == 1 else formatted)
    return _plain_arguments(layer)


def _plain_arguments(layer: Layer) -> dict[str, Any]:
    """The arguments of the classes without a window."""
    if isinstance(layer, Dense):
        return {"units": layer.units, "use_bias": layer.use_bias, "activation": layer.activation}
    if isinstance(layer, Flatten):
        return {"data_format": layer.data_format}
    if isinstance(layer, Reshape):
        return {"target_shape": layer.target_shape}
    if isinstance(layer, Normalization):
        return {"axis": layer.axis}
    if isinstance(layer, Scaling):
        axis = layer.axis[0] if len(layer.axis) == 1 else list(layer.axis)
        return {"axis": axis, "scale": layer.scale, "center": layer.center}
    if isinstance(layer, Activation):
        return {"activation": layer.activation}
    if isinstance(layer, Concatenate):
        return {"axis": layer.axis}
    if isinstance(layer, Dropout):
        return {"rate": 0.5}
    return {"scale": 1.0} if layer.type == "Rescaling" else {}


def _kernel_arguments(
    layer: Conv | DepthwiseConv | SeparableConv | ConvTranspose,
) -> dict[str, Any]:
    """The arguments of the convolutions."""
    arguments: dict[str, Any] = {
        "kernel_size": layer.kernel_size,
        "strides": layer.strides,
        "padding": layer.padding,
        "dilation_rate": layer.dilation,
        "use_bias": layer.use_bias,
        "activation": layer.activation,
    }
    for name in ("filters", "groups", "depth_multiplier", "output_padding"):
        if getattr(layer, name, None) is not None:
            arguments[name] = getattr(layer, name)
    return arguments
