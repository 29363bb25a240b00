"""How what a model computes is compared with what it should."""

import math
from collections.abc import Callable

import tensorflow as tf

from nodelens.errors import UsageError
from nodelens.training.settings import LossName


def _huber(error: tf.Tensor) -> tf.Tensor:
    size = tf.abs(error)
    return tf.where(size < 1.0, 0.5 * size * size, size - 0.5)


def _log_cosh(error: tf.Tensor) -> tf.Tensor:
    return error + tf.math.softplus(-2.0 * error) - math.log(2.0)


# Of the error of each component in units of its scale.
LOSSES: dict[str, Callable[[tf.Tensor], tf.Tensor]] = {
    "mean_absolute_error": tf.abs,
    "mean_squared_error": tf.square,
    "huber": _huber,
    "log_cosh": _log_cosh,
}


def loss_name(chosen: LossName | None, *, labelled: bool) -> str:
    """The loss that the settings mean.

    Args:
        chosen: The name in the settings, if there is one.
        labelled: Whether labels are compared, not numbers.

    Raises:
        UsageError: If the loss does not fit what is compared.
    """
    if chosen is None:
        return "cross_entropy" if labelled else "mean_absolute_error"
    if labelled != (chosen == "cross_entropy"):
        what, fits = ("labels", "cross_entropy") if labelled else ("numbers", ", ".join(LOSSES))
        raise UsageError(
            f"the loss {chosen} does not compare {what}", hint=f"training.loss may be {fits}"
        )
    return chosen
