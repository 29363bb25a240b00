"""A network of conv-params as a table for a terminal.

Plain text, without Rich: importing Rich takes longer than counting.
"""

import re
from collections.abc import Sequence

from nodelens.conv.accounting import BYTES, Accounting, LayerAccount, sum_up
from nodelens.conv.shapes import Shape, crossed, format_shape, split
from nodelens.report.conv.columns import NAME, NARROW, TYPE, WIDE, WINDOW, Column
from nodelens.report.conv.pieces import aligned, folded, plural
from nodelens.report.short_numbers import short_bytes, short_count

WIDE_FROM = 110
"""Columns from which on the table shows types, memory and the first centre too."""

SHORTEST_NAME = 20
"""With less room than this for names, the wide table is too wide."""

_NUMBERED_WORDS = re.compile(r"[^_/]*[a-z]\d+[a-z]?(?:[_/][^_/]*[a-z]\d+[a-z]?)*(?=[_/])")
_WORDS_AND_NUMBERS = re.compile(r".*[_/]\d+(?=[_/])")

FOLD = 45
"""Layers from which on those of a block are folded into one line."""

Block = tuple[str, list[LayerAccount]]
"""The name of a block, and its layers; a layer without a block is one of its own."""


def network_text(accounting: Accounting, width: int, *, every_layer: bool) -> str:
    """Returns a table of all layers with totals.

    Args:
        accounting: The network's figures.
        width: Columns of the terminal.
        every_layer: True if no layers are folded into blocks.
    """
    lines = []
    if width >= WIDE_FROM:
        lines = _table(accounting, width, WIDE, every_layer=every_layer)
    if not lines or max(map(len, lines)) > width:
        lines = _table(accounting, width, NARROW, every_layer=every_layer)
    inputs = accounting.inputs
    shapes = ", ".join(f"{name} {format_shape(shape)}" for name, shape in inputs)
    below = [*_totals_lines(accounting), *_notes(accounting), *_unknown_sizes(inputs)]
    head = f"{plural(len(accounting.layers), 'layer')} on {shapes}"
    return "\n".join([head, "", *lines, "", *folded(below, width)])


def _table(
    accounting: Accounting, width: int, columns: Sequence[Column], *, every_layer: bool
) -> list[str]:
    """Returns the lines of the table: every layer or block, and the totals."""
    layers = accounting.layers
    blocks = group(layers)
    fold = not every_layer and len(layers) >= FOLD and len(blocks) < len(layers)
    rows: list[list[str] | None] = []
    for block in blocks:
        _, members = block
        if fold and len(members) > 1:
            rows.append(_block_row(block, columns, BYTES[accounting.dtype]))
            continue
        if len(members) > 1 and rows and rows[-1] is not None:
            rows.append(None)
        rows += [[column.text(layer) for column in columns] for layer in members]
        if len(members) > 1 and not fold:
            rows.append(None)
    if rows[-1] is None:
        rows.pop()
    head = [column.title for column in columns]
    sums = ["total", *(column.total(accounting.totals) for column in columns[1:])]
    left = [place for place, column in enumerate(columns) if column.left]
    least = SHORTEST_NAME if columns is WIDE else 12
    return aligned([head, None, *rows, None, sums], width, left, least)


def group(layers: Sequence[LayerAccount]) -> list[Block]:
    """Divides layers into blocks of those that follow each other and share a name's beginning."""
    blocks: list[Block] = []
    for layer in layers:
        name = _block(layer)
        if name and blocks and blocks[-1][0] == name:
            blocks[-1][1].append(layer)
        else:
            blocks.append((name or layer.name, [layer]))
    return blocks


def _block_row(block: Block, columns: Sequence[Column], width: int) -> list[str]:
    """Returns a block as one row: its sums, and the last layer's output and field."""
    name, members = block
    sums, count = sum_up(members, width), plural(len(members), "layer")
    own = {NAME: name, WINDOW: "", TYPE: count} if TYPE in columns else {NAME: name, WINDOW: count}
    return [
        column.total(sums) if column.summed else own.get(column, column.text(members[-1]))
        for column in columns
    ]


def _block(layer: LayerAccount) -> str | None:
    """Returns the block that is part of a layer's name.

    It is `conv2_block1` of `conv2_block1_1_conv`, and `stage_0_block_1` of `stage_0_block_1_gelu`.
    """
    if re.split(r"[_/]", layer.name)[0] == layer.type.lower():
        return None
    found = _NUMBERED_WORDS.match(layer.name) or _WORDS_AND_NUMBERS.match(layer.name)
    return found[0] if found else None


def _totals_lines(accounting: Accounting) -> list[str]:
    """Returns the sums in words."""
    totals = accounting.totals
    params = f"parameters   {totals.params:,}"
    if totals.non_trainable:
        params += f" ({totals.trainable:,} trainable, {totals.non_trainable:,} not)"
    return [
        params,
        f"operations   {short_count(totals.macs)} MACs, {short_count(totals.flops)} FLOPs",
        f"memory       {short_bytes(totals.weight_bytes)} weights, "
        f"{short_bytes(totals.activation_bytes)} activations "
        f"({accounting.dtype}, batch of {accounting.batch})",
    ]


def _notes(accounting: Accounting) -> list[str]:
    """Returns notes on the receptive fields: those beyond the input, and missing ones."""
    lines = []
    layers = accounting.layers
    beyond = next((one for one in layers if _exceeds(one, accounting.inputs)), None)
    if beyond and beyond.receptive_field:
        sizes = crossed(axis.size for axis in beyond.receptive_field)
        lines.append(f"beyond       from {beyond.name} on a cell sees more than the input: {sizes}")
    first: dict[str | None, LayerAccount] = {}
    for layer in layers:
        first.setdefault(layer.receptive_field_note, layer)
    for note, layer in first.items():
        if note:
            kind = "global" if layer.receptive_field_global else "no field"
            lines.append(f"{kind:<13}from {layer.name} on: {note}")
    return lines


def _unknown_sizes(inputs: Sequence[tuple[str, Shape]]) -> list[str]:
    """Returns a hint to the figures that depend on sizes which are not known."""
    shape = inputs[0][1]
    if len(inputs) > 1 or None not in shape:
        return []
    example = " ".join(str(size or 224) for size in shape)
    return [f"unknown      ? depends on the input's size: give it, for example {example}"]


def _exceeds(layer: LayerAccount, inputs: Sequence[tuple[str, Shape]]) -> bool:
    """Checks whether a cell's field is larger than the only input along some axis."""
    if not layer.receptive_field or len(inputs) > 1:
        return False
    sizes, _ = split(inputs[0][1], layer.data_format)
    axes = zip(layer.receptive_field, sizes, strict=True)
    return any(size is not None and axis.size > size for axis, size in axes)
