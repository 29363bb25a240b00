"""The names of the blocks of a gradient in reports."""

import re
from collections.abc import Iterator

from nodelens.checking.results import Check, GradientReport

_OTHERS = {"states": "z(t)", "dot": "⟨λ, Jv⟩"}


def gradient_name(check: Check, *, with_shape: bool = True) -> str:
    """Returns the name of the block of a check: `dL/dθ.kernel 2×8`.

    Args:
        check: The check.
        with_shape: True to add the shape of a variable.
    """
    name = block_name(check.block)
    if with_shape and check.shape and check.block.startswith("theta."):
        return f"{name} {'×'.join(map(str, check.shape))}"
    return name


def block_name(block: str) -> str:
    """Returns the name of a block: `dL/dθ.kernel`, `∂f/∂z`."""
    if block in _OTHERS:
        return _OTHERS[block]
    if block.startswith("field."):
        return f"∂f/∂{block.removeprefix('field.').replace('theta', 'θ', 1)}"
    if "." in block and not block.startswith("theta."):
        return block
    return f"dL/d{block.replace('theta', 'θ', 1)}"


def explanations(report: GradientReport) -> Iterator[str]:
    """Yields the meaning of the rows of a table that do not speak for themselves."""
    blocks = {check.block for check in report.checks}
    yield "errors and limits are relative: ‖g - g_ref‖ / ‖g_ref‖"
    if any(re.fullmatch(r"t\[\d+\]", block) for block in blocks):
        yield "dL/dt0, dL/dt[i], dL/dt1: the first time observed, the i-th (from 0), the last"
    if "dot" in blocks:
        yield "⟨λ, Jv⟩: forward derivatives in random directions v, against ⟨Jᵀλ, v⟩"
