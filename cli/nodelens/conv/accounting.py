"""The costs of a network: parameters, operations, memory, layer by layer and in total.

Definitions. A MAC is one multiplication and one addition into a sum; the bias is not counted.
FLOPs = 2·MACs + one addition for each output value that has a bias. Both are for one sample.
Activation functions, pooling, normalisation and merging are not counted. Memory: every layer's
output once, for the whole batch, and every weight once, in the chosen number format. Whatever
depends on an unknown size is None.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from nodelens.conv.axes import Pads
from nodelens.conv.errors import ConvolutionError
from nodelens.conv.layers.base import Layer, NoField, Weights
from nodelens.conv.layers.given import Given
from nodelens.conv.network import Network, Node
from nodelens.conv.receptive_field import AxisField, Fields, describe, receptive_fields
from nodelens.conv.shapes import Shape, Size, product, total

BYTES = {
    "float64": 8,
    "float32": 4,
    "bfloat16": 2,
    "float16": 2,
    "int8": 1,
}
"""Bytes of a value in each number format."""


class ParameterCount(NamedTuple):
    """Numbers that a layer holds.

    Attributes:
        kernel: Weights that multiply (a normalisation's scale among them).
        bias: Weights that are added (a normalisation's shift among them).
        trainable: Weights changed by training.
        non_trainable: The rest: frozen weights, moving averages.
        total: All of them.
    """

    kernel: int
    bias: int
    trainable: int
    non_trainable: int
    total: int


class Formula(NamedTuple):
    """A parameter count as a formula.

    Attributes:
        symbols: The formula in letters, such as `N = K₁·K₂·C·F + F`.
        numbers: The same in numbers, such as `5·5·3·10 + 10 = 760`.
    """

    symbols: str
    numbers: str


class LayerAccount(NamedTuple):
    """All figures of one layer; see `Layer` for those that are not listed here.

    Attributes:
        name: Its name in the network.
        inputs: Names of the layers it takes its inputs from.
        input_shape: Shape of its (first) input, without the batch.
        pads: Zeros before and after each axis (negative: cells cut off), None if it pads nothing.
        shares: Name of the layer whose weights it uses again, None if it has its own.
        params: Its numbers.
        formula: The formula of its numbers, None without a kernel of its own.
        macs: Multiply-accumulate operations for one sample.
        flops: Floating-point operations for one sample.
        activation_bytes: Memory of its output for the batch.
        receptive_field: The input that one output cell sees, an entry an axis, or None.
        receptive_field_global: True if every cell sees the network's whole input.
        receptive_field_note: The reason why there is no receptive field, or None.
    """

    name: str
    type: str
    inputs: tuple[str, ...]
    input_shape: Shape
    input_shapes: tuple[Shape, ...]
    output_shape: Shape
    kernel_size: tuple[int, ...] | None
    strides: tuple[int, ...] | None
    padding: str | None
    pads: tuple[Pads | None, ...] | None
    dilation: tuple[int, ...] | None
    groups: int | None
    use_bias: bool
    activation: str | None
    data_format: str
    shares: str | None
    params: ParameterCount
    formula: Formula | None
    macs: Size
    flops: Size
    activation_bytes: Size
    receptive_field: tuple[AxisField, ...] | None
    receptive_field_global: bool
    receptive_field_note: str | None


class Totals(NamedTuple):
    """Sums over layers: numbers held, operations for one sample, and bytes.

    The memory of the activations is that of all layers' outputs for the batch.
    """

    params: int
    trainable: int
    non_trainable: int
    macs: Size
    flops: Size
    weight_bytes: int
    activation_bytes: Size


class Accounting(NamedTuple):
    """A network's figures.

    Attributes:
        inputs: Names and shapes of its inputs.
        layers: Its layers, in the order of computation.
        totals: Their sums.
        dtype: Number format in which memory is counted.
        batch: Samples at once, for the activations' memory.
        uncounted: Names of layers of kinds not known here, whose operations are not counted.
    """

    inputs: tuple[tuple[str, Shape], ...]
    layers: tuple[LayerAccount, ...]
    totals: Totals
    dtype: str
    batch: int
    uncounted: tuple[str, ...] = ()


def account(network: Network, *, dtype: str = "float32", batch: int = 1) -> Accounting:
    """Counts everything in a network, exactly.

    Args:
        network: The network.
        dtype: Number format in which memory is counted, a key of `BYTES`.
        batch: Samples at once.

    Raises:
        ConvolutionError: The weights of a layer depend on an unknown size.
    """
    width = BYTES[dtype]
    layers = []
    places = enumerate(zip(network.nodes, receptive_fields(network), strict=True))
    for place, (node, geometry) in places:
        try:
            layers.append(_layer(node, width * batch, describe(geometry)))
        except ConvolutionError as error:
            raise error.at(place, node.name) from None
    inputs = tuple(network.inputs.items())
    uncounted = tuple(
        node.name
        for node in network.nodes
        if isinstance(node.layer, Given) and not node.layer.pointwise
    )
    return Accounting(inputs, tuple(layers), sum_up(layers, width), dtype, batch, uncounted)


def sum_up(layers: Sequence[LayerAccount], width: int) -> Totals:
    """Returns the sums of layers whose weights take `width` bytes each."""
    params = sum(layer.params.total for layer in layers)
    trainable = sum(layer.params.trainable for layer in layers)
    return Totals(
        params=params,
        trainable=trainable,
        non_trainable=params - trainable,
        macs=total(layer.macs for layer in layers),
        flops=total(layer.flops for layer in layers),
        weight_bytes=params * width,
        activation_bytes=total(layer.activation_bytes for layer in layers),
    )


class _Costs(NamedTuple):
    """The costs of a layer wherever it is."""

    params: ParameterCount
    formula: Formula | None
    pads: tuple[Pads | None, ...] | None
    values: Size
    macs: Size
    flops: Size


@lru_cache(maxsize=1024)  # deep networks repeat the same few layers
def _costs(
    layer: Layer, output: Shape, inputs: tuple[Shape, ...], *, trainable: bool, shared: bool
) -> _Costs:
    """Counts what does not depend on a layer's place in the network."""
    weights = layer.weights(*inputs)
    values = product(output)
    macs = layer.macs(output, *inputs)
    flops = None
    if macs is not None:
        flops = total((2 * macs, values if layer.use_bias else 0))
    params = _count(Weights() if shared else weights, trainable)
    formula = None if shared else _formula(layer, inputs, params)
    return _Costs(params, formula, layer.pads(inputs[0]), values, macs, flops)


def _formula(layer: Layer, inputs: tuple[Shape, ...], params: ParameterCount) -> Formula | None:
    terms = layer.terms(*inputs)
    if terms is None:
        return None
    letters, numbers = terms
    if params.bias:
        letters, numbers = f"{letters} + {layer.bias_letters}", f"{numbers} + {params.bias:,}"
    return Formula(f"N = {letters}", f"{numbers} = {params.total:,}")


def _layer(node: Node, bytes_per_value: int, field: Fields) -> LayerAccount:
    """Returns the figures of one layer."""
    layer = node.layer
    costs = _costs(
        layer,
        node.output_shape,
        node.input_shapes,
        trainable=node.trainable,
        shared=node.shares is not None,
    )
    return LayerAccount(
        name=node.name,
        type=layer.type,
        inputs=node.inputs,
        input_shape=node.input_shapes[0],
        input_shapes=node.input_shapes,
        output_shape=node.output_shape,
        kernel_size=layer.kernel_size,
        strides=layer.strides,
        padding=layer.padding,
        pads=costs.pads,
        dilation=layer.dilation,
        groups=layer.groups,
        use_bias=layer.use_bias,
        activation=layer.activation,
        data_format=layer.data_format,
        shares=node.shares,
        params=costs.params,
        formula=costs.formula,
        macs=costs.macs,
        flops=costs.flops,
        activation_bytes=product((costs.values, bytes_per_value)),
        receptive_field=None if isinstance(field, NoField) else field,
        receptive_field_global=isinstance(field, NoField) and field.everywhere,
        receptive_field_note=field.reason if isinstance(field, NoField) else None,
    )


def _count(weights: Weights, trainable: bool) -> ParameterCount:
    """Splits the weights into those that training changes and the rest."""
    trained = weights.kernel + weights.bias if trainable else 0
    everything = weights.kernel + weights.bias + weights.statistics
    return ParameterCount(weights.kernel, weights.bias, trained, everything - trained, everything)
