"""One layer in words: how its shape, its parameters and its padding come about."""

from nodelens.conv.accounting import LayerAccount
from nodelens.conv.axes import span
from nodelens.conv.kinds import description
from nodelens.conv.shapes import Size, crossed, format_shape, split, times

AXES = {1: ("Length",), 2: ("Height", "Width"), 3: ("Depth", "Height", "Width")}
"""Names of the spatial axes."""


def window_text(layer: LayerAccount) -> str:
    """Returns kernel, stride, padding, dilation and groups of a layer, in short: `5×5 /2 same`."""
    kernel, strides, dilation = layer.kernel_size, layer.strides or (), layer.dilation or ()
    if kernel is None:
        return _border(layer)
    words = [crossed(kernel)]
    if any(stride != 1 for stride in strides):
        words.append(f"/{times(strides)}")
    if layer.padding and layer.padding != "valid":
        words.append(layer.padding)
    if any(step != 1 for step in dilation):
        words.append(f"d{times(dilation)}")
    if (layer.groups or 1) > 1:
        words.append(f"g{layer.groups}")
    return " ".join(words)


def _border(layer: LayerAccount) -> str:
    """Returns the cells that a layer without a window adds around its input, or cuts off."""
    pads = [pad for pad in layer.pads or () if pad is not None]
    if not pads:
        return ""
    amounts = ["+".join(str(abs(amount)) for amount in sorted(set(pad))) for pad in pads]
    return ("crop " if min(map(min, pads)) < 0 else "pad ") + times(amounts)


def explain(layer: LayerAccount) -> list[str]:
    """Explains a layer in sentences.

    Args:
        layer: A layer's figures.

    Returns:
        Paragraphs: what it does, its output's shape, its padding, its parameters, its operations,
        what a cell sees.
    """
    paragraphs = [_summary(layer)]
    if _transposed(layer):
        paragraphs += [_spread(layer, axis) for axis in range(len(layer.kernel_size or ()))]
    elif layer.kernel_size is not None:
        paragraphs += [_length(layer, axis) for axis in range(len(layer.kernel_size))]
        paragraphs.append(_padding(layer))
    paragraphs.append(f"The output's shape is {format_shape(layer.output_shape)}.")
    if layer.formula is not None:
        letters, numbers = layer.formula.symbols, layer.formula.numbers
        paragraphs.append(f"Parameters: {letters}, that is {numbers}. {_bias(layer)}")
    elif layer.params.total:
        paragraphs.append(
            f"Parameters: {layer.params.total:,}, of which {layer.params.non_trainable:,} are not "
            "changed by training."
        )
    elif layer.shares:
        paragraphs.append(f"It uses the parameters of {layer.shares} again.")
    else:
        paragraphs.append("It has no parameters.")
    if layer.macs:
        paragraphs.append(_operations(layer))
    if layer.activation_bytes is not None:
        paragraphs.append(f"Its output takes {layer.activation_bytes:,} bytes for the batch.")
    paragraphs.append(_field(layer))
    return paragraphs


def _transposed(layer: LayerAccount) -> bool:
    """Checks whether the layer is a transposed convolution, which is explained the other way."""
    return layer.type.endswith("Transpose")


def _summary(layer: LayerAccount) -> str:
    """Describes what the layer does, in the words of its kind."""
    channels = split(layer.input_shape, layer.data_format)[1]
    groups = layer.groups or 1
    does = description(layer.type).format(
        kernel=crossed(layer.kernel_size or ()),
        channels=channels,
        filters=split(layer.output_shape, layer.data_format)[1],
        seen="all" if groups == 1 else f"{(channels or 0) // groups} of the",
        units=layer.output_shape[-1],
    )
    taken = f"{layer.type} takes an input of shape {format_shape(layer.input_shape)}"
    return f"{taken} and {does}." if does else f"{taken}."


def _axis(layer: LayerAccount, axis: int) -> tuple[str, Size, Size, int, int]:
    """Returns name, input length, output length, kernel's extent and stride of an axis."""
    spatial, _ = split(layer.input_shape, layer.data_format)
    results, _ = split(layer.output_shape, layer.data_format)
    extent = span((layer.kernel_size or ())[axis], (layer.dilation or ())[axis])
    stride = (layer.strides or ())[axis]
    return AXES[len(spatial)][axis], spatial[axis], results[axis], extent, stride


def _length(layer: LayerAccount, axis: int) -> str:
    """Derives the output's length on one axis of a sliding window."""
    name, length, result, extent, stride = _axis(layer, axis)
    if length is None:
        return f"{name}: unknown, as that of the input."
    kernel, dilation = (layer.kernel_size or ())[axis], (layer.dilation or ())[axis]
    spread = f" (a kernel of {kernel} with dilation {dilation})" if dilation > 1 else ""
    if layer.padding == "valid":
        return (
            f"{name}: the window of {extent} cells{spread} has {length} - {extent} = "
            f"{length - extent} cells to move, in strides of {stride}: "
            f"⌊{length - extent} / {stride}⌋ + 1 = {result} positions."
        )
    return f"{name}: one position every {stride}, ⌈{length} / {stride}⌉ = {result} positions."


def _spread(layer: LayerAccount, axis: int) -> str:
    """Derives the output's length on one axis of a transposed convolution."""
    name, length, result, extent, stride = _axis(layer, axis)
    if length is None or result is None:
        return f"{name}: unknown, as that of the input."
    full = (length - 1) * stride + extent
    before, after = ((layer.pads or ())[axis]) or (0, 0)
    words = f"{name}: ({length} - 1)·{stride} + {extent} = {full} cells are reached"
    if result == full:
        return f"{words}."
    verb = f"{-before} before and {-after} after are cut off" if after <= 0 else "zeros are added"
    return f"{words}; {verb}, {result} remain."


def _padding(layer: LayerAccount) -> str:
    """Describes the padding and its effect."""
    if layer.padding == "valid":
        lost = " It stops where it would fall over the edge, so the output is smaller."
        whole = all(size == 1 for size in layer.kernel_size or ())
        return "Padding 'valid' means none: the window stays inside." + ("" if whole else lost)
    pads = layer.pads or ()
    amounts = []
    for name, pad in zip(AXES[len(pads)], pads, strict=True):
        amount = (
            "not known before the size is" if pad is None else f"{pad[0]} before, {pad[1]} after"
        )
        amounts.append(f"{name.lower()} {amount}")
    if layer.padding == "causal":
        return f"Padding 'causal' adds zeros only before, so nothing later is seen: {amounts[0]}."
    uneven = any(pad is not None and pad[0] != pad[1] for pad in pads)
    note = " An odd number puts the extra zero after." if uneven else ""
    return f"Padding 'same' adds zeros around the input: {'; '.join(amounts)}.{note}"


def _bias(layer: LayerAccount) -> str:
    """Describes the last term of the formula."""
    if not layer.use_bias:
        return "There is no bias."
    each = "filter"
    if _transposed(layer) or layer.type.startswith("Depthwise"):
        each = "output channel"
    if layer.kernel_size is None:
        each = "output value"
    return f"The last term is the bias, one number for each {each}."


def _operations(layer: LayerAccount) -> str:
    """Describes where the operations come from."""
    where = "input cell" if _transposed(layer) else "output value"
    text = f"Operations: {layer.macs:,} multiplications with an addition (MACs), the kernel's "
    text += f"work for every {where}. FLOPs: 2·{layer.macs:,}"
    if layer.use_bias and layer.flops is not None and layer.macs is not None:
        text += f" + {layer.flops - 2 * layer.macs:,} for the bias"
    text += f" = {layer.flops:,}."
    if layer.activation:
        text += f" The activation {layer.activation} is not counted."
    return text


def _field(layer: LayerAccount) -> str:
    """Describes what a cell sees."""
    fields = layer.receptive_field
    if fields is None:
        kind = "global" if layer.receptive_field_global else "none"
        return f"Receptive field: {kind}, because {layer.receptive_field_note}."
    size = crossed(axis.size for axis in fields)
    strides = {f"{axis.stride:g}": None for axis in fields}
    stride = "×".join(strides)
    text = f"Receptive field: one output cell sees {size} cells of the network's input, "
    text += f"its neighbour the same {stride} further on"
    if all(axis.center is not None for axis in fields):
        text += f"; the first is centred on {', '.join(f'{axis.center:g}' for axis in fields)}"
    return text + "."
