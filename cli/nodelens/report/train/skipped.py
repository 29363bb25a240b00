"""Steps of a training that were left out, in words."""

from collections.abc import Mapping
from typing import Any


def skipped_in_words(document: Mapping[str, Any]) -> str:
    """How many steps failed or were not finite, and what became of the learning rate.

    Args:
        document: The JSON document of `train-ode`.
    """
    steps, scale = document["skipped"]["steps"], document["skipped"]["rate_scale"]
    what = "1 step that was" if steps == 1 else f"{steps:,} steps that were"
    return f"{what} not finite; the learning rate was multiplied by {scale:.3g}"
