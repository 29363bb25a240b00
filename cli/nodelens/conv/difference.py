"""The differences of two networks."""

from difflib import SequenceMatcher
from typing import Any, NamedTuple

from nodelens.conv.accounting import Accounting, LayerAccount
from nodelens.conv.shapes import format_shape

ASPECTS = (
    *("type", "output_shape", "kernel_size", "strides", "padding", "dilation", "groups"),
    *("use_bias", "activation", "params", "macs"),
)
"""The figures of a layer that are compared."""

TOTALS = (
    "params",
    "trainable",
    "non_trainable",
    "macs",
    "flops",
    "weight_bytes",
    "activation_bytes",
)


class Change(NamedTuple):
    """One difference.

    Attributes:
        layer: Name of the layer, `totals` for the sums.
        aspect: What differs; `layer` where the whole layer is only in one network.
        ours: Its value in the first network, `None` if it is not there.
        theirs: Its value in the second network, `None` if it is not there.
    """

    layer: str
    aspect: str
    ours: Any
    theirs: Any


def compare(ours: Accounting, theirs: Accounting) -> list[Change]:
    """Lists the differences of two networks, layer by layer, then those of the totals.

    Layers of the same name belong together; where few names agree, layers are matched in their
    order by type.
    """
    changes = []
    for mine, other in _pairs(ours.layers, theirs.layers):
        if mine is None or other is None:
            present = mine or other
            described = f"{present.type} {format_shape(present.output_shape)}" if present else ""
            name = present.name if present else ""
            changes.append(
                Change(name, "layer", described if mine else None, described if other else None)
            )
            continue
        for aspect in ASPECTS:
            one, two = _aspect(mine, aspect), _aspect(other, aspect)
            if one != two:
                name = mine.name if mine.name == other.name else f"{mine.name} / {other.name}"
                changes.append(Change(name, aspect, one, two))
    for total in TOTALS:
        one, two = getattr(ours.totals, total), getattr(theirs.totals, total)
        if one != two:
            changes.append(Change("totals", total, one, two))
    return changes


def _aspect(layer: LayerAccount, aspect: str) -> Any:
    """Returns one value of a layer, as plain values."""
    if aspect == "params":
        return layer.params.total
    return getattr(layer, aspect)


def _pairs(
    ours: tuple[LayerAccount, ...], theirs: tuple[LayerAccount, ...]
) -> list[tuple[LayerAccount | None, LayerAccount | None]]:
    """Matches the layers of two networks."""
    names = {layer.name for layer in ours} & {layer.name for layer in theirs}
    by_name = 2 * len(names) >= min(len(ours), len(theirs))
    keys = [[layer.name if by_name else layer.type for layer in side] for side in (ours, theirs)]
    pairs: list[tuple[LayerAccount | None, LayerAccount | None]] = []
    matcher = SequenceMatcher(a=keys[0], b=keys[1], autojunk=False)
    for how, a, a_end, b, b_end in matcher.get_opcodes():
        if how == "equal":
            pairs += zip(ours[a:a_end], theirs[b:b_end], strict=True)
        else:
            pairs += [(layer, None) for layer in ours[a:a_end]]
            pairs += [(None, layer) for layer in theirs[b:b_end]]
    return pairs
