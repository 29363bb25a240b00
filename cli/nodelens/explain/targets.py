"""Which classes are explained, and the score whose gradient explains them.

A selector turns the logits of a batch into the classes that are explained: small callables, so
that "what the model predicts", "the five best" and "class 281" are the same kind of thing.
"""

from collections.abc import Callable, Sequence

import tensorflow as tf

ClassSelector = Callable[[tf.Tensor], tf.Tensor]
"""`logits (n, classes) -> indices (n, k)`, int32."""


def top_k(k: int) -> ClassSelector:
    """Selects the `k` classes of the highest score, best first; with 1 the predicted class.

    Args:
        k: How many.

    Returns:
        The selector.
    """
    return lambda logits: tf.math.top_k(logits, k).indices


def these_classes(indices: Sequence[int]) -> ClassSelector:
    """Selects the same classes for every image.

    Args:
        indices: The classes.

    Returns:
        The selector.
    """
    return lambda logits: tf.tile(tf.constant([list(indices)], tf.int32), [tf.shape(logits)[0], 1])


def class_scores(logits: tf.Tensor, indices: tf.Tensor) -> tf.Tensor:
    r"""The class scores $y^c$: the logits, before the softmax.

    The probability would be the wrong score: where the softmax is saturated its gradient vanishes,
    and everywhere it mixes in what speaks against the other classes.

    Args:
        logits: Shape `(n, classes)`.
        indices: The classes of each image, shape `(n, k)`.

    Returns:
        Shape `(n, k)`.
    """
    return tf.gather(logits, indices, batch_dims=1)
