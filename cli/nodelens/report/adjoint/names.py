"""The names of the blocks of a gradient in reports."""

from nodelens.checking.results import Check

_OTHERS = {"states": "z(t)", "dot": "⟨λ, Jv⟩"}


def gradient_name(check: Check, *, with_shape: bool = True) -> str:
    """Returns the name of the block of a check: `dL/dθ.kernel 2×8`.

    Args:
        check: The check.
        with_shape: True to add the shape of a variable.
    """
    block = check.block
    if block in _OTHERS:
        return _OTHERS[block]
    if "." in block and not block.startswith("theta."):
        return block
    name = f"dL/d{block.replace('theta', 'θ', 1)}"
    if with_shape and check.shape and block.startswith("theta."):
        return f"{name} {'×'.join(map(str, check.shape))}"
    return name
