"""Counting a layer's multiplications by other means: TensorFlow's profiler, and ones.

The profiler counts 2 operations for a multiplication with its addition, but does not know
transposed, grouped, dilated and three-dimensional convolutions as Keras runs them. For those there
is an experiment: a kernel of ones over an input of ones adds up, in every output value, as many
ones as it multiplies, so the sum over the output is the number of multiplications. The border's
zeros are multiplied too, so they are ones as well, and nothing is cropped. A separable convolution
takes two such runs, one for each of its kernels.
"""

from math import prod
from typing import Any

import keras
import tensorflow as tf

from nodelens.conv.axes import VALID
from nodelens.conv.layers.base import Layer
from nodelens.conv.layers.convolution import Conv, DepthwiseConv, SeparableConv
from nodelens.conv.layers.dense import Dense
from nodelens.conv.layers.transposed import ConvTranspose
from nodelens.conv.shapes import CHANNELS_LAST, Shape, join, split
from nodelens.conv.verify.layers import arguments

MOST_MACS = 200_000_000
"""Layers with more are not run."""

MOST_WEIGHTS = 50_000_000
"""Layers with more are not built."""


def reference_macs(layer: Layer, shape: Shape, macs: int) -> int | None:
    """Counts the multiplications of a layer, for one sample.

    Args:
        layer: The layer.
        shape: Shape of its input, without the batch.
        macs: The approximate number, so that nothing huge is run.

    Returns:
        The count, or None if neither method can count it.
    """
    sizes = tuple(size for size in shape if size is not None)
    if len(sizes) < len(shape) or layer.weights(shape).kernel > MOST_WEIGHTS:
        return None
    if _profiler_knows(layer):
        return _profiled(layer, sizes)
    if macs > MOST_MACS:
        return None
    if isinstance(layer, SeparableConv):
        return _added_up_twice(layer, sizes)
    if isinstance(layer, (Conv, DepthwiseConv, ConvTranspose)):
        return _added_up(layer, sizes)
    return None


def _profiler_knows(layer: Layer) -> bool:
    if layer.data_format != CHANNELS_LAST or any(step > 1 for step in layer.dilation or ()):
        return False
    if isinstance(layer, Conv):
        return layer.rank < 3 and layer.groups == 1
    return isinstance(layer, (DepthwiseConv, SeparableConv, Dense))


def _profiled(layer: Layer, sizes: tuple[int, ...]) -> int:
    """Asks TensorFlow's profiler, without the bias and the activation."""
    plain = {**arguments(layer), "use_bias": False, "activation": None}
    built = getattr(keras.layers, layer.type)(**plain)
    built.build((1, *sizes))

    @tf.function(autograph=False)
    def run(x: Any) -> Any:
        return built(x)

    graph = run.get_concrete_function(tf.TensorSpec((1, *sizes))).graph
    options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
    options["output"] = "none"
    profile = tf.compat.v1.profiler.profile(graph, cmd="op", options=options)
    return int(profile.total_float_ops // 2)


def _added_up(layer: Conv | DepthwiseConv | ConvTranspose, sizes: tuple[int, ...]) -> int:
    """Runs the layer with ones for weights and values, borders included, and adds up."""
    kernel = "depthwise" if isinstance(layer, DepthwiseConv) else "kernel"
    return _sum(layer, sizes, {f"{kernel}_initializer": "ones"})


def _added_up_twice(layer: SeparableConv, sizes: tuple[int, ...]) -> int:
    """Runs the layer once for each of its kernels.

    With ones everywhere each of the F sums at a place holds all products of the depthwise kernel;
    with a single one in the depthwise kernel only those of the pointwise kernel are left.
    """

    def single(shape: tuple[int, ...], dtype: str) -> Any:
        first = tf.reshape(tf.one_hot(0, prod(layer.kernel_size)), layer.kernel_size)
        return tf.cast(tf.broadcast_to(first[..., None, None], shape), dtype)

    ones = {"pointwise_initializer": "ones"}
    depthwise = _sum(layer, sizes, {**ones, "depthwise_initializer": "ones"}) // layer.filters
    return depthwise + _sum(layer, sizes, {**ones, "depthwise_initializer": single})


def _sum(
    layer: Conv | DepthwiseConv | SeparableConv | ConvTranspose,
    sizes: tuple[int, ...],
    initializers: dict[str, Any],
) -> int:
    """Runs the layer over ones, borders included, and adds up its output."""
    plain = {**arguments(layer), "use_bias": False, "activation": None, "padding": VALID}
    plain |= {"data_format": CHANNELS_LAST, "dtype": "float64"}
    plain.pop("output_padding", None)
    built = getattr(keras.layers, layer.type)(**plain, **initializers)
    spatial, channels = split(sizes, layer.data_format)
    if not isinstance(layer, ConvTranspose):
        pads = [pad or (0, 0) for pad in layer.pads(sizes)]
        spatial = tuple((n or 0) + sum(pad) for n, pad in zip(spatial, pads, strict=True))
    ones = tf.ones((1, *join(spatial, channels, CHANNELS_LAST)), "float64")
    return round(float(tf.reduce_sum(built(ones))))
