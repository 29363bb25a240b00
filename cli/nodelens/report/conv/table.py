"""A network of conv-params as a table for a terminal.

Plain text, without Rich: importing Rich takes longer than counting.
"""

import re
from collections.abc import Iterable, Sequence

from nodelens.report.conv.pieces import (
    Row,
    aligned,
    crossed,
    field_text,
    folded,
    plural,
    shape_text,
    times,
    window_text,
)
from nodelens.report.quantities import short_bytes, short_count

WIDE = 110
"""From this many columns on the table tells types, memory and the first centre too."""

SHORTEST_NAME = 20
"""With less room than this for names, the wide table is too wide."""

_NUMBERED_WORDS = re.compile(r"[^_/]*[a-z]\d+[a-z]?(?:[_/][^_/]*[a-z]\d+[a-z]?)*(?=[_/])")
_WORDS_AND_NUMBERS = re.compile(r".*[_/]\d+(?=[_/])")

FOLD = 45
"""From this many layers on the layers of a block are folded into one line."""


def network_text(document: Row, width: int, *, every_layer: bool) -> str:
    """A table of all layers with totals.

    Args:
        document: The document of conv-params.
        width: Columns of the terminal.
        every_layer: Whether no layers are folded into blocks.
    """
    layers = document["layers"]
    lines = []
    if width >= WIDE:
        lines = _table(document, width, every_layer=every_layer, wide=True)
    if not lines or max(map(len, lines)) > width:
        lines = _table(document, width, every_layer=every_layer, wide=False)
    shapes = ", ".join(f"{i['name']} {shape_text(i['shape'])}" for i in document["inputs"])
    below = [*_totals_lines(document), *_notes(layers, document["inputs"])]
    below += _unknown_sizes(document["inputs"])
    head = f"{plural(len(layers), 'layer')} on {shapes}"
    return "\n".join([head, "", *lines, "", *folded(below, width)])


def _table(document: Row, width: int, *, every_layer: bool, wide: bool) -> list[str]:
    """The lines of the table: every layer or block, and the totals."""
    layers = document["layers"]
    blocks = group(layers)
    fold = not every_layer and len(layers) >= FOLD and len(blocks) < len(layers)
    head = ["layer", "output", "window", "params", "MACs", "field"]
    if wide:
        head = ["layer", "type", "output", "window", "params", "MACs", "memory", "field", "centre"]
    rows: list[list[str] | None] = []
    for name, members in blocks:
        if fold and len(members) > 1:
            rows.append(_block_row(name, members, wide))
            continue
        if len(members) > 1 and rows and rows[-1] is not None:
            rows.append(None)
        rows += [_row(layer, wide) for layer in members]
        if len(members) > 1 and not fold:
            rows.append(None)
    if rows[-1] is None:
        rows.pop()
    totals = document["totals"]
    sums = ["total", "", "", f"{totals['params']:,}", short_count(totals["macs"]), ""]
    if wide:
        memory = short_bytes(totals["activation_bytes"])
        sums = [
            *("total", "", "", "", f"{totals['params']:,}", short_count(totals["macs"])),
            *(memory, "", ""),
        ]
    left = {0, 1, 2, 3} if wide else {0, 1, 2}
    least = SHORTEST_NAME if wide else 12
    return aligned([head, None, *rows, None, sums], width, left, least)


def group(layers: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    """Layers that follow each other and whose names begin with the same block.

    Args:
        layers: Entries of `layers` of the document.

    Returns:
        Names of blocks and their layers; a layer without a block stands alone.
    """
    blocks: list[tuple[str, list[Row]]] = []
    for layer in layers:
        name = _block(layer)
        if name and blocks and blocks[-1][0] == name:
            blocks[-1][1].append(layer)
        else:
            blocks.append((name or layer["name"], [layer]))
    return blocks


def _row(layer: Row, wide: bool) -> list[str]:
    """One layer as a row."""
    params, macs = f"{layer['params']['total']:,}", short_count(layer["macs"])
    output = shape_text(layer["output_shape"])
    if not wide:
        return [layer["name"], output, window_text(layer), params, macs, field_text(layer)]
    memory = short_bytes(layer["activation_bytes"])
    fields = layer["receptive_field"]
    centres = [axis["center"] for axis in fields] if fields else []
    centre = times(["?" if c is None else f"{c:g}" for c in centres])
    return [
        *(layer["name"], layer["type"], output, window_text(layer), params, macs, memory),
        *(field_text(layer), centre),
    ]


def _block_row(name: str, members: Sequence[Row], wide: bool) -> list[str]:
    """The layers of a block as one row: their sums, and the last one's output and field."""
    row = _row(members[-1], wide)
    row[0], count = name, plural(len(members), "layer")
    sums = [
        f"{sum(layer['params']['total'] for layer in members):,}",
        short_count(_sum(layer["macs"] for layer in members)),
    ]
    if wide:
        row[1], row[3], row[4:6] = count, "", sums
        row[6] = short_bytes(_sum(layer["activation_bytes"] for layer in members))
    else:
        row[2], row[3:5] = count, sums
    return row


def _block(layer: Row) -> str | None:
    """The block that a layer's name tells.

    It is `conv2_block1` of `conv2_block1_1_conv`, and `stage_0_block_1` of `stage_0_block_1_gelu`.
    """
    name = layer["name"]
    if re.split(r"[_/]", name)[0] == layer["type"].lower():
        return None
    found = _NUMBERED_WORDS.match(name) or _WORDS_AND_NUMBERS.match(name)
    return found[0] if found else None


def _totals_lines(document: Row) -> list[str]:
    """The sums in words."""
    totals = document["totals"]
    params = f"parameters   {totals['params']:,}"
    if totals["non_trainable"]:
        params += f" ({totals['trainable']:,} trainable, {totals['non_trainable']:,} not)"
    memory = f"{document['dtype']}, batch of {document['batch_size']}"
    return [
        params,
        f"operations   {short_count(totals['macs'])} MACs, {short_count(totals['flops'])} FLOPs",
        f"memory       {short_bytes(totals['weight_bytes'])} weights, "
        f"{short_bytes(totals['activation_bytes'])} activations ({memory})",
    ]


def _notes(layers: Sequence[Row], inputs: Sequence[Row]) -> list[str]:
    """What is to be said of the receptive fields: fields beyond the input, and missing ones."""
    lines = []
    seen: set[str] = set()
    beyond = next((one for one in layers if _exceeds(one, inputs)), None)
    if beyond:
        sizes = crossed([axis["size"] for axis in beyond["receptive_field"]])
        lines.append(
            f"beyond       from {beyond['name']} on a cell sees more than the input: {sizes}"
        )
    for layer in layers:
        note = layer["receptive_field_note"]
        if note and note not in seen:
            seen.add(note)
            kind = "global" if layer["receptive_field_global"] else "no field"
            lines.append(f"{kind:<13}from {layer['name']} on: {note}")
    return lines


def _unknown_sizes(inputs: Sequence[Row]) -> list[str]:
    """How to get the figures that depend on sizes which are not known."""
    if len(inputs) > 1 or None not in inputs[0]["shape"]:
        return []
    example = " ".join(str(size or 224) for size in inputs[0]["shape"])
    return [f"unknown      ? depends on the input's size: give it, for example {example}"]


def _exceeds(layer: Row, inputs: Sequence[Row]) -> bool:
    """Whether a cell's field is larger than the only input along some axis."""
    fields, shape = layer["receptive_field"], inputs[0]["shape"]
    if not fields or len(inputs) > 1:
        return False
    sizes = shape[1:] if layer["data_format"] == "channels_first" else shape[:-1]
    axes = zip(fields, sizes, strict=True)
    return any(size is not None and axis["size"] > size for axis, size in axes)


def _sum(values: Iterable[int | None]) -> int | None:
    """A sum, unknown if a part of it is."""
    known = list(values)
    return None if None in known else sum(value for value in known if value is not None)
