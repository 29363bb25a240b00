"""The JSON document of conv-params, made from the frozen results of the arithmetic."""

from collections.abc import Sequence
from typing import Any

from nodelens.conv.accounting import Accounting, LayerAccount
from nodelens.conv.difference import Change
from nodelens.conv.inverse import Affordable, Way
from nodelens.conv.limits import Check
from nodelens.conv.shapes import Shape
from nodelens.conv.verify.verify import Verification


def to_document(
    accounting: Accounting,
    *,
    checks: Sequence[Check] | None = None,
    changes: Sequence[Change] | None = None,
    verification: Verification | None = None,
) -> dict[str, Any]:
    """Returns an accounting, and what was asked of it, as plain values.

    Args:
        accounting: A network's figures.
        checks: The expectations held against it.
        changes: The differences from another network.
        verification: The comparison with Keras.
    """
    document: dict[str, Any] = {
        "inputs": [{"name": name, "shape": shape} for name, shape in accounting.inputs],
        "dtype": accounting.dtype,
        "batch_size": accounting.batch,
        "layers": [_layer(layer) for layer in accounting.layers],
        "totals": accounting.totals._asdict(),
        "uncounted": accounting.uncounted,
    }
    if checks is not None:
        document["checks"] = [check._asdict() for check in checks]
    if changes is not None:
        document["comparison"] = [change._asdict() for change in changes]
    if verification is not None:
        document["verification"] = {
            "verdict": "pass" if verification.passed else "fail",
            "reference": verification.reference,
            "skipped": verification.skipped,
            "checks": [
                {**one._asdict(), "passed": one.passed, "message": one.message}
                for one in verification.checks
            ],
        }
    return document


def ways_document(shape: Shape, target: Shape, ways: Sequence[Way]) -> dict[str, Any]:
    """Returns the windows that lead from a shape to spatial sizes as plain values."""
    rows = [
        {"kernel_size": w.kernel, "strides": w.stride, "padding": w.padding, "pads": w.pads}
        for w in ways
    ]
    return {"input": shape, "target_output": target, "ways": rows}


def budget_document(shape: Shape, budget: int, found: Affordable) -> dict[str, Any]:
    """Returns the number of filters within a budget as plain values."""
    return {"input": shape, "budget": budget, **found._asdict()}


def _layer(layer: LayerAccount) -> dict[str, Any]:
    seen = layer.receptive_field
    return layer._asdict() | {
        "params": layer.params._asdict(),
        "formula": None if layer.formula is None else layer.formula._asdict(),
        "receptive_field": None if seen is None else [axis._asdict() for axis in seen],
    }
