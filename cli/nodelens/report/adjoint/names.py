"""What a person calls a block of a gradient, and how bad an error is."""

from collections.abc import Iterable
from typing import Any

_OTHERS = {"states": "z(t)", "dot": "⟨λ, Jv⟩"}


def gradient_name(block: str, shape: Iterable[int] = ()) -> str:
    """What a person calls a block: `dL/dθ.kernel 2×8`.

    Args:
        block: The block.
        shape: Its shape, told for variables.
    """
    if block in _OTHERS:
        return _OTHERS[block]
    if "." in block and not block.startswith("theta."):
        return block
    name = f"dL/d{block.replace('theta', 'θ', 1)}"
    size = tuple(shape)
    if block.startswith("theta.") and size:
        return f"{name} {'×'.join(map(str, size))}"
    return name


def badness(check: dict[str, Any]) -> float:
    """The error of a check in units of its tolerance; infinite for NaN."""
    error, tolerance = check["rel_error"], check["tolerance"]
    if error is None or error != error:
        return float("inf")
    if tolerance > 0:
        return float(error / tolerance)
    return float("inf") if error > 0 else 0.0
