"""The compilation of functions of tensors."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf


def compiled(function: Callable[..., Any]) -> Any:
    """Compiles a function of tensors as a `tf.function`.

    Without AutoGraph, as Keras itself runs models: rewriting the source of everything that is
    called takes four times as long as tracing it.
    """
    return tf.function(function, reduce_retracing=True, autograph=False)
