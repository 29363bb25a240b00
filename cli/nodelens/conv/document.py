"""An accounting as plain values: the JSON document, from which tables and pictures are made too."""

from dataclasses import asdict
from typing import Any

from nodelens.conv.accounting import Accounting, LayerAccount
from nodelens.conv.explanation import formula, symbols
from nodelens.conv.receptive_field import AxisField


def to_document(accounting: Accounting) -> dict[str, Any]:
    """Put an accounting into plain values.

    Args:
        accounting: A network's figures.

    Returns:
        Mappings, lists, integers and texts.
    """
    return {
        "inputs": [{"name": name, "shape": list(shape)} for name, shape in accounting.inputs],
        "dtype": accounting.dtype,
        "batch_size": accounting.batch,
        "layers": [_layer(layer) for layer in accounting.layers],
        "totals": asdict(accounting.totals),
        "uncounted": list(accounting.uncounted),
    }


def _layer(layer: LayerAccount) -> dict[str, Any]:
    """Put one layer into plain values."""
    fields, params = layer.receptive_field, layer.params
    return {
        "name": layer.name,
        "type": layer.type,
        "inputs": list(layer.inputs),
        "input_shape": list(layer.input_shape),
        "input_shapes": [list(shape) for shape in layer.input_shapes],
        "output_shape": list(layer.output_shape),
        "kernel_size": _list(layer.kernel_size),
        "strides": _list(layer.strides),
        "padding": layer.padding,
        "pads": None if layer.pads is None else [_list(pad) for pad in layer.pads],
        "dilation": _list(layer.dilation),
        "groups": layer.groups,
        "use_bias": layer.use_bias,
        "activation": layer.activation,
        "data_format": layer.data_format,
        "shares": layer.shares,
        "params": {
            "kernel": params.kernel,
            "bias": params.bias,
            "trainable": params.trainable,
            "non_trainable": params.non_trainable,
            "total": params.total,
        },
        "formula": _formula(layer),
        "macs": layer.macs,
        "flops": layer.flops,
        "activation_bytes": layer.activation_bytes,
        "receptive_field": None if fields is None else [_field(axis) for axis in fields],
        "receptive_field_global": layer.receptive_field_global,
        "receptive_field_note": layer.receptive_field_note,
    }


def _formula(layer: LayerAccount) -> dict[str, str] | None:
    """Write the formula of the parameters in letters and in numbers."""
    letters, numbers = symbols(layer), formula(layer)
    return {"symbols": letters, "numbers": numbers} if letters and numbers else None


def _field(axis: AxisField) -> dict[str, Any]:
    """Put one axis of a receptive field into plain values."""
    return {
        "size": axis.size,
        "stride": axis.stride,
        "padding": axis.padding,
        "center": axis.center,
        "smallest_size": axis.smallest_size,
    }


def _list(values: tuple[int, ...] | None) -> list[int] | None:
    """Turn a tuple into a list."""
    return None if values is None else list(values)
