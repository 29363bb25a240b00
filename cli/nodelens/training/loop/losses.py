"""The losses by which a model is compared with its data; their table is `training.registry`."""

import math

import tensorflow as tf

from nodelens.errors import UsageError
from nodelens.training.registry import LOSSES, Loss


def huber(error: tf.Tensor) -> tf.Tensor:
    """Computes e² / 2 for errors |e| < 1 and |e| − 1/2 for larger ones (Huber 1964)."""
    size = tf.abs(error)
    return tf.where(size < 1.0, 0.5 * size * size, size - 0.5)


def log_cosh(error: tf.Tensor) -> tf.Tensor:
    """Computes log cosh e, without overflow."""
    return error + tf.math.softplus(-2.0 * error) - math.log(2.0)


def choose_loss(chosen: str | None, *, labelled: bool) -> Loss:
    """Finds the loss that the settings mean.

    Args:
        chosen: The name in the settings, if there is one.
        labelled: True if labels are compared, and not numbers.

    Raises:
        UsageError: If the loss does not fit what is compared.
    """
    compared = "labels" if labelled else "numbers"
    fitting = [row for row in LOSSES.values() if row.compares == compared]
    if chosen is None:
        return fitting[0]
    if LOSSES[chosen] not in fitting:
        raise UsageError(
            f"the loss {chosen} does not compare {compared}",
            hint=f"training.loss may be {', '.join(row.name for row in fitting)}",
        )
    return LOSSES[chosen]
