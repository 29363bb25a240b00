"""One layer in words: how its shape, its parameters and its padding come about."""

from nodelens.conv.accounting import LayerAccount
from nodelens.conv.axes import span
from nodelens.conv.shapes import Size, format_shape, split

ORDINALS = {
    1: ("length",),
    2: ("height", "width"),
    3: ("depth", "height", "width"),
}
"""What the spatial axes are called."""


DEEDS = {
    "BatchNormalization": "brings each channel to the mean and variance that training found, then "
    "scales it by γ and shifts it by β; γ and β are trained, mean and variance are kept",
    "LayerNormalization": "brings each sample to mean 0 and variance 1, then scales it by γ and "
    "shifts it by β",
    "Normalization": "takes away a mean and divides by a deviation that were measured beforehand",
    "GlobalMax": "keeps the largest value of each channel",
    "GlobalAverage": "keeps the mean of each channel",
    "ZeroPadding": "puts zeros around it",
    "Cropping": "cuts its borders off",
    "UpSampling": "makes several cells of each",
    "Flatten": "puts all values into one axis",
    "Reshape": "gives the same values another shape",
    "Activation": "applies a function to every value",
    "Dropout": "sets values to zero at random while training",
    "Concatenate": "puts its inputs one after another",
    "Add": "adds its inputs",
    "Multiply": "multiplies its inputs",
}
"""What layers without a kernel do, by the beginning of their type."""


def formula(layer: LayerAccount) -> str | None:
    """Write the parameter count as a formula with its numbers put in.

    Args:
        layer: A layer's figures.

    Returns:
        For example `5·5·3·10 + 10 = 760`; `None` for a layer without a kernel of weights.
    """
    terms = None if layer.shares else _kernel_terms(layer)
    if terms is None:
        return None
    bias = f" + {layer.params.bias:,}" if layer.params.bias else ""
    return f"{terms}{bias} = {layer.params.total:,}"


def symbols(layer: LayerAccount) -> str | None:
    """Write the same formula in letters.

    Args:
        layer: A layer's figures.

    Returns:
        For example `N = K₁·K₂·C·F + F`; `None` for a layer without a kernel of weights.
    """
    rank = len(layer.kernel_size or ())
    kernel = "·".join(f"K{'₁₂₃'[axis]}" for axis in range(rank))
    family = _family(layer)
    bias = {"Depthwise": " + C·M"}.get(family, " + F") if layer.use_bias else ""
    channels = "(C / G)" if (layer.groups or 1) > 1 else "C"
    letters = {
        "Conv": f"{kernel}·{channels}·F",
        "Transpose": f"{kernel}·C·F",
        "Depthwise": f"{kernel}·C·M",
        "Separable": f"{kernel}·C·M + C·M·F",
        "Dense": "C·F",
    }
    return f"N = {letters[family]}{bias}" if family in letters else None


def explain(layer: LayerAccount) -> list[str]:
    """Tell a layer in sentences.

    Args:
        layer: A layer's figures.

    Returns:
        Paragraphs: what it does, its output's shape, its padding, its parameters, its operations,
        what a cell sees.
    """
    family = _family(layer)
    paragraphs = [_deed(layer, family)]
    if layer.kernel_size is not None and family != "Transpose":
        paragraphs += [_length(layer, axis) for axis in range(len(layer.kernel_size))]
        paragraphs.append(_padding(layer))
    elif family == "Transpose":
        paragraphs += [_spread(layer, axis) for axis in range(len(layer.kernel_size or ()))]
    paragraphs.append(f"The output's shape is {format_shape(layer.output_shape)}.")
    terms, letters = formula(layer), symbols(layer)
    if terms is not None and letters is not None:
        paragraphs.append(f"Parameters: {letters}, that is {terms}. {_weights(layer, family)}")
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
        paragraphs.append(_operations(layer, family))
    if layer.activation_bytes is not None:
        paragraphs.append(f"Its output takes {layer.activation_bytes:,} bytes for the batch.")
    paragraphs.append(_field(layer))
    return paragraphs


def _family(layer: LayerAccount) -> str:
    """Return the family of layers that are told in the same words."""
    for family in ("Transpose", "Depthwise", "Separable", "Conv", "MaxPooling", "AveragePooling"):
        if family in layer.type and not layer.type.startswith("Global"):
            return family
    return layer.type


def _kernel_terms(layer: LayerAccount) -> str | None:
    """Write the numbers that are multiplied to the size of the kernel."""
    family = _family(layer)
    channels, filters = _channels(layer)
    kernel = "·".join(map(str, layer.kernel_size or ()))
    if family == "Conv":
        return f"{kernel}·{(channels or 0) // (layer.groups or 1)}·{filters}"
    if family == "Transpose":
        return f"{kernel}·{channels}·{filters}"
    if family == "Depthwise":
        return f"{kernel}·{channels}·{(filters or 0) // (channels or 1)}"
    if family == "Separable":
        cells = 1
        for size in layer.kernel_size or ():
            cells *= size
        between = layer.params.kernel // (cells + (filters or 0))
        multiplier = between // (channels or 1)
        return f"{kernel}·{channels}·{multiplier} + {between}·{filters}"
    if family == "Dense":
        return f"{layer.input_shape[-1]}·{layer.output_shape[-1]}"
    return None


def _channels(layer: LayerAccount) -> tuple[Size, Size]:
    """Return the numbers of input and output channels."""
    return (
        split(layer.input_shape, layer.data_format)[1],
        split(layer.output_shape, layer.data_format)[1],
    )


def _deed(layer: LayerAccount, family: str) -> str:
    """Say what the layer does."""
    channels, filters = _channels(layer)
    kernel = "×".join(map(str, layer.kernel_size or ()))
    taken = f"{layer.type} takes an input of shape {format_shape(layer.input_shape)}"
    if family == "Conv":
        group = (channels or 0) // (layer.groups or 1)
        seen = "all" if (layer.groups or 1) == 1 else f"{group} of the"
        return (
            f"{taken} and slides {filters} filters over it. Each filter covers {kernel} cells in "
            f"{seen} {channels} channels, multiplies every value under it with a weight of its "
            "own, and the sum is one value of its output channel."
        )
    if family == "Depthwise":
        return (
            f"{taken} and slides filters of {kernel} cells over each of its {channels} channels "
            f"on its own, which gives {filters} channels."
        )
    if family == "Separable":
        return (
            f"{taken}, slides filters of {kernel} cells over each channel on its own, and then "
            f"mixes the channels of every cell into {filters}."
        )
    if family == "Transpose":
        return (
            f"{taken} and turns a convolution round: every input cell, multiplied with {filters} "
            f"filters of {kernel} cells, is laid onto the output, one stride after the other, and "
            "where patches overlap they are added."
        )
    if family in {"MaxPooling", "AveragePooling"}:
        what = "the largest value" if family == "MaxPooling" else "the mean"
        return f"{taken} and keeps, channel by channel, {what} of every {kernel} window."
    if family == "Dense":
        return f"{taken} and multiplies it with a matrix into {layer.output_shape[-1]} values."
    deed = next((words for start, words in DEEDS.items() if layer.type.startswith(start)), None)
    return f"{taken}{' and ' + deed if deed else ''}."


def _length(layer: LayerAccount, axis: int) -> str:
    """Derive the output's length on one axis of a sliding window."""
    spatial, _ = split(layer.input_shape, layer.data_format)
    results, _ = split(layer.output_shape, layer.data_format)
    kernel, stride = (layer.kernel_size or ())[axis], (layer.strides or ())[axis]
    dilation = (layer.dilation or ())[axis]
    name = ORDINALS[len(spatial)][axis].capitalize()
    length, result = spatial[axis], results[axis]
    if length is None:
        return f"{name}: unknown, as that of the input."
    extent = span(kernel, dilation)
    spread = f" (a kernel of {kernel} with dilation {dilation})" if dilation > 1 else ""
    if layer.padding == "valid":
        return (
            f"{name}: the window of {extent} cells{spread} has {length} - {extent} = "
            f"{length - extent} cells to move, in strides of {stride}: "
            f"⌊{length - extent} / {stride}⌋ + 1 = {result} positions."
        )
    return f"{name}: one position every {stride}, ⌈{length} / {stride}⌉ = {result} positions."


def _spread(layer: LayerAccount, axis: int) -> str:
    """Derive the output's length on one axis of a transposed convolution."""
    spatial, _ = split(layer.input_shape, layer.data_format)
    results, _ = split(layer.output_shape, layer.data_format)
    kernel, stride = (layer.kernel_size or ())[axis], (layer.strides or ())[axis]
    extent = span(kernel, (layer.dilation or ())[axis])
    name = ORDINALS[len(spatial)][axis].capitalize()
    length, result = spatial[axis], results[axis]
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
    """Say what is padded, and what that does."""
    if layer.padding == "valid":
        lost = " It stops where it would fall over the edge, so the output is smaller."
        whole = all(size == 1 for size in layer.kernel_size or ())
        return "Padding 'valid' means none: the window stays inside." + ("" if whole else lost)
    pads = layer.pads or ()
    told = []
    for name, pad in zip(ORDINALS[len(pads)], pads, strict=True):
        amount = (
            "not known before the size is" if pad is None else f"{pad[0]} before, {pad[1]} after"
        )
        told.append(f"{name} {amount}")
    if layer.padding == "causal":
        return f"Padding 'causal' adds zeros only before, so nothing later is seen: {told[0]}."
    uneven = any(pad is not None and pad[0] != pad[1] for pad in pads)
    note = " An odd number puts the extra zero after." if uneven else ""
    return f"Padding 'same' adds zeros around the input: {'; '.join(told)}.{note}"


def _weights(layer: LayerAccount, family: str) -> str:
    """Say what the terms of the formula are."""
    if not layer.use_bias:
        return "There is no bias."
    each = "output channel" if family in {"Depthwise", "Transpose"} else "filter"
    each = "output value" if family == "Dense" else each
    return f"The last term is the bias, one number for each {each}."


def _operations(layer: LayerAccount, family: str) -> str:
    """Say where the operations come from."""
    where = "input cell" if family == "Transpose" else "output value"
    text = f"Operations: {layer.macs:,} multiplications with an addition (MACs), the kernel's "
    text += f"work for every {where}. FLOPs: 2·{layer.macs:,}"
    if layer.use_bias and layer.flops is not None and layer.macs is not None:
        text += f" + {layer.flops - 2 * layer.macs:,} for the bias"
    text += f" = {layer.flops:,}."
    if layer.activation:
        text += f" The activation {layer.activation} is not counted."
    return text


def _field(layer: LayerAccount) -> str:
    """Say what a cell sees."""
    fields = layer.receptive_field
    if fields is None:
        kind = "global" if layer.receptive_field_global else "none"
        return f"Receptive field: {kind}, because {layer.receptive_field_note}."
    size = "×".join(str(axis.size) for axis in fields)
    strides = {f"{axis.stride:g}": None for axis in fields}
    stride = "×".join(strides)
    text = f"Receptive field: one output cell sees {size} cells of the network's input, "
    text += f"its neighbour the same {stride} further on"
    if all(axis.center is not None for axis in fields):
        text += f"; the first is centred on {', '.join(f'{axis.center:g}' for axis in fields)}"
    return text + "."
