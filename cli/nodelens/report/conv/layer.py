"""One layer of conv-params in figures, in words, and held against Keras."""

from collections.abc import Sequence
from textwrap import wrap

from nodelens.report.conv.pieces import Row, crossed, folded, shape_text, times, window_text
from nodelens.report.quantities import short_bytes, short_count


def layer_text(layer: Row, document: Row, columns: int) -> str:
    """All figures of one layer.

    Args:
        layer: An entry of `layers` of the document.
        document: The document of conv-params.
        columns: Columns of the terminal.
    """
    params, formula = layer["params"], layer["formula"]
    parts = f"kernel {params['kernel']:,}, bias {params['bias']:,}; "
    parts += f"{params['trainable']:,} trainable, {params['non_trainable']:,} not"
    rows = [
        ("input", " and ".join(map(shape_text, layer["input_shapes"]))),
        ("output", shape_text(layer["output_shape"])),
        ("padding", _pads_text(layer)),
    ]
    if formula:
        rows += [("parameters", formula["symbols"]), ("", formula["numbers"])]
    else:
        rows.append(("parameters", f"{params['total']:,}"))
    if params["total"]:
        rows.append(("", parts))
    memory = f"{document['dtype']}, batch of {document['batch_size']}"
    weights = short_bytes(document["totals"]["weight_bytes"]) if _alone(document) else None
    rows += [
        ("MACs", _count(layer["macs"])),
        ("FLOPs", f"{_digits(layer['flops'])}{_flops_note(layer)}"),
        ("memory", f"output {short_bytes(layer['activation_bytes'])} ({memory})"),
        ("", f"weights {weights}" if weights else ""),
        ("receptive field", _field_sentence(layer)),
    ]
    width = max(len(word) for word, _ in rows)
    title = f"{layer['name']}: {layer['type']} {window_text(layer)}".rstrip()
    lines = [f"  {word:<{width}}  {text}" for word, text in rows if text]
    return "\n".join([title, "", *folded(lines, columns, width + 4)])


def words(told: Sequence[tuple[str, Sequence[str]]], width: int) -> str:
    """Layers told in sentences.

    Args:
        told: For each layer its name and its paragraphs.
        width: Columns of the terminal.
    """
    width = min(width, 100)
    blocks = []
    for name, paragraphs in told:
        lines = [name]
        for paragraph in paragraphs:
            lines += wrap(paragraph, width, initial_indent="  - ", subsequent_indent="    ")
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def verification_text(document: Row) -> str:
    """What Keras said.

    Args:
        document: `verification` of the document of conv-params.
    """
    failed = [check for check in document["checks"] if not check["passed"]]
    lines = [f"FAILED  {check['message']}" for check in failed]
    good = len(document["checks"]) - len(failed)
    lines.append(f"verified with {document['reference']}: {good} figures equal, {len(failed)} not")
    return "\n".join(lines)


def _pads_text(layer: Row) -> str:
    """The zeros before and after each axis."""
    pads = layer["pads"]
    if pads is None:
        return ""
    if not any(pad is None or any(pad) for pad in pads):
        return f"{layer['padding']}: none" if layer["padding"] else "none"
    amounts = [
        "unknown" if pad is None else f"{abs(pad[0])} before, {abs(pad[1])} after" for pad in pads
    ]
    verb = "cut off " if any(pad and min(pad) < 0 for pad in pads) else ""
    text = verb + ("; ".join(amounts) if len(set(amounts)) > 1 else f"{amounts[0]} on every axis")
    return f"{layer['padding']}: {text}" if layer["padding"] else text


def _field_sentence(layer: Row) -> str:
    """The receptive field, or why there is none."""
    fields = layer["receptive_field"]
    if not fields:
        kind = "global" if layer["receptive_field_global"] else "none"
        return f"{kind}: {layer['receptive_field_note']}"
    text = f"{crossed([axis['size'] for axis in fields])} cells, "
    text += f"stride {times([axis['stride'] for axis in fields])}"
    if any(axis["padding"] is None for axis in fields):
        return f"{text}, padding unknown as the input's size"
    text += f", padding {times([axis['padding'] for axis in fields])}"
    return text + f", first centre {times([axis['center'] for axis in fields])}"


def _flops_note(layer: Row) -> str:
    """What the FLOPs hold."""
    if not layer["flops"]:
        return ""
    text = " (2·MACs + bias" if layer["use_bias"] else " (2·MACs"
    return text + (f"; {layer['activation']} not counted)" if layer["activation"] else ")")


def _alone(document: Row) -> bool:
    """Whether the document is about one layer."""
    return len(document["layers"]) == 1


def _digits(number: int | None) -> str:
    """All digits of a count."""
    return "?" if number is None else f"{number:,}"


def _count(number: int | None) -> str:
    """All digits of a count, and in short."""
    short = f" ({short_count(number)})" if number is not None and number >= 1_000_000 else ""
    return _digits(number) + short
