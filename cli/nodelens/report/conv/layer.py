"""One layer of conv-params: its figures, its explanation, and its comparison with Keras."""

from collections.abc import Sequence
from textwrap import wrap

from nodelens.conv.accounting import Accounting, LayerAccount
from nodelens.conv.explanation import window_text
from nodelens.conv.limits import Check
from nodelens.conv.shapes import crossed, format_shape, times
from nodelens.conv.verify.verify import Verification
from nodelens.report.conv.pieces import digits, folded
from nodelens.report.short_numbers import short_bytes, short_count


def layer_text(layer: LayerAccount, accounting: Accounting, columns: int) -> str:
    """Returns all figures of one layer.

    Args:
        layer: The layer.
        accounting: The network that it belongs to.
        columns: Columns of the terminal.
    """
    params, formula = layer.params, layer.formula
    parts = f"kernel {params.kernel:,}, bias {params.bias:,}; "
    parts += f"{params.trainable:,} trainable, {params.non_trainable:,} not"
    alone = len(accounting.layers) == 1
    weights = f"weights {short_bytes(accounting.totals.weight_bytes)}" if alone else ""
    memory = f"{accounting.dtype}, batch of {accounting.batch}"
    rows = [
        ("input", " and ".join(map(format_shape, layer.input_shapes))),
        ("output", format_shape(layer.output_shape)),
        ("padding", _pads_text(layer)),
        ("parameters", formula.symbols if formula else f"{params.total:,}"),
        ("", formula.numbers if formula else ""),
        ("", parts if params.total else ""),
        ("MACs", _count(layer.macs)),
        ("FLOPs", f"{digits(layer.flops)}{_flops_note(layer)}"),
        ("memory", f"output {short_bytes(layer.activation_bytes)} ({memory})"),
        ("", weights),
        ("receptive field", _field_sentence(layer)),
    ]
    width = max(len(word) for word, _ in rows)
    title = f"{layer.name}: {layer.type} {window_text(layer)}".rstrip()
    lines = [f"  {word:<{width}}  {text}" for word, text in rows if text]
    return "\n".join([title, "", *folded(lines, columns, width + 4)])


def words(explained: Sequence[tuple[str, Sequence[str]]], width: int) -> str:
    """Returns layers explained in sentences.

    Args:
        explained: For each layer its name and its paragraphs.
        width: Columns of the terminal.
    """
    width = min(width, 100)
    blocks = []
    for name, paragraphs in explained:
        lines = [name]
        for paragraph in paragraphs:
            lines += wrap(paragraph, width, initial_indent="  - ", subsequent_indent="    ")
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def checks_text(checks: Sequence[Check]) -> str:
    """Returns a line for each expectation."""
    return "\n".join(f"{'ok    ' if one.passed else 'FAILED'}  {one.message}" for one in checks)


def verification_text(verification: Verification) -> str:
    """Returns the differences from Keras, and the numbers of equal and different figures."""
    failed = [check for check in verification.checks if not check.passed]
    lines = [f"FAILED  {check.message}" for check in failed]
    good = len(verification.checks) - len(failed)
    lines.append(f"verified with {verification.reference}: {good} figures equal, {len(failed)} not")
    return "\n".join(lines)


def _pads_text(layer: LayerAccount) -> str:
    """Returns the zeros before and after each axis."""
    pads = layer.pads
    if pads is None:
        return ""
    if not any(pad is None or any(pad) for pad in pads):
        return f"{layer.padding}: none" if layer.padding else "none"
    amounts = [
        "unknown" if pad is None else f"{abs(pad[0])} before, {abs(pad[1])} after" for pad in pads
    ]
    verb = "cut off " if any(pad and min(pad) < 0 for pad in pads) else ""
    text = verb + ("; ".join(amounts) if len(set(amounts)) > 1 else f"{amounts[0]} on every axis")
    return f"{layer.padding}: {text}" if layer.padding else text


def _field_sentence(layer: LayerAccount) -> str:
    """Returns the receptive field, or the reason why there is none."""
    fields = layer.receptive_field
    if not fields:
        kind = "global" if layer.receptive_field_global else "none"
        return f"{kind}: {layer.receptive_field_note}"
    text = f"{crossed(axis.size for axis in fields)} cells, "
    text += f"stride {times(axis.stride for axis in fields)}"
    if any(axis.padding is None for axis in fields):
        return f"{text}, padding unknown as the input's size"
    text += f", padding {times(axis.padding for axis in fields)}"
    return text + f", first centre {times(axis.center for axis in fields)}"


def _flops_note(layer: LayerAccount) -> str:
    """Returns what is part of the FLOPs."""
    if not layer.flops:
        return ""
    text = " (2·MACs + bias" if layer.use_bias else " (2·MACs"
    return text + (f"; {layer.activation} not counted)" if layer.activation else ")")


def _count(number: int | None) -> str:
    """Returns all digits of a count, and the count in short."""
    short = f" ({short_count(number)})" if number is not None and number >= 1_000_000 else ""
    return digits(number) + short
