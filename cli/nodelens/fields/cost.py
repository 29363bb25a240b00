"""The size of a field as its settings give it, before any data is read."""

from itertools import pairwise

from nodelens.fields.settings import FieldSettings

SMALL = 300_000
"""Multiplications of one evaluation of a batch below which a CPU is expected to be faster.

A GPU starts the kernels of each evaluation from the host, at tens of microseconds; a CPU core does
about this many multiplications meanwhile.
"""

_COMPONENTS = 8  # of the state, assumed: few beside the hidden layers


def is_small(settings: FieldSettings, batch_size: int) -> bool:
    """Finds whether a batch is evaluated faster on a CPU than on a GPU.

    Args:
        settings: The settings of a field of vectors with dense layers, or of any other.
        batch_size: The states that are evaluated together.

    Returns:
        True if it has dense layers, or none, of fewer than `SMALL` multiplications in all; False
        if it is larger, or its size is not in its settings.
    """
    if settings.kind == "linear":
        hidden: tuple[int, ...] = ()
    elif hasattr(settings, "hidden"):
        hidden = settings.hidden
    else:
        return False
    widths = (_COMPONENTS, *hidden, _COMPONENTS)
    return batch_size * sum(a * b for a, b in pairwise(widths)) < SMALL
