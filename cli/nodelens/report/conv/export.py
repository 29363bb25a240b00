"""The figures of conv-params for other programs: CSV and Markdown."""

import csv
import io
from collections.abc import Sequence
from typing import Any

from nodelens.report.conv.pieces import field_text, shape_text

COLUMNS = (
    *("name", "type", "inputs", "input_shape", "output_shape", "kernel_size", "strides"),
    *("padding", "pads", "dilation", "groups", "kernel", "bias", "trainable", "non_trainable"),
    *("params", "macs", "flops", "activation_bytes", "receptive_field_size"),
    *("receptive_field_stride", "receptive_field_padding", "receptive_field_center"),
)


def csv_text(document: dict[str, Any]) -> str:
    """A line for each layer, with every figure; axes are joined by `x`, unknown is empty.

    Args:
        document: The document of conv-params.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    for layer in document["layers"]:
        params, fields = layer["params"], layer["receptive_field"] or []
        pads = layer["pads"] and [
            "?" if pad is None else f"{pad[0]}:{pad[1]}" for pad in layer["pads"]
        ]
        writer.writerow(
            [
                *(layer["name"], layer["type"], "+".join(layer["inputs"])),
                *(_joined(layer[key]) for key in ("input_shape", "output_shape")),
                *(_joined(layer[key]) for key in ("kernel_size", "strides")),
                *(layer["padding"], _joined(pads), _joined(layer["dilation"]), layer["groups"]),
                *(params[key] for key in ("kernel", "bias", "trainable", "non_trainable", "total")),
                *(layer["macs"], layer["flops"], layer["activation_bytes"]),
                *(
                    _joined([axis[key] for axis in fields] or None)
                    for key in ("size", "stride", "padding", "center")
                ),
            ]
        )
    return buffer.getvalue()


def markdown_text(document: dict[str, Any]) -> str:
    """A table in Markdown, with the totals in its last line.

    Args:
        document: The document of conv-params.
    """
    lines = [
        "| layer | type | output | params | MACs | receptive field |",
        "|:--|:--|:--|--:|--:|:--|",
    ]
    for layer in document["layers"]:
        macs = "?" if layer["macs"] is None else f"{layer['macs']:,}"
        cells = (
            f"`{layer['name']}`",
            layer["type"],
            shape_text(layer["output_shape"]),
            f"{layer['params']['total']:,}",
            macs,
            field_text(layer),
        )
        lines.append(f"| {' | '.join(cells)} |")
    totals = document["totals"]
    macs = "?" if totals["macs"] is None else f"{totals['macs']:,}"
    lines.append(f"| **total** | | | **{totals['params']:,}** | **{macs}** | |")
    return "\n".join(lines) + "\n"


def _joined(values: Sequence[Any] | None) -> str:
    """Values of the axes in one cell."""
    if values is None:
        return ""
    return "x".join("?" if value is None else str(value) for value in values)
