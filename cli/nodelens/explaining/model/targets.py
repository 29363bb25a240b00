"""The choice of the explained classes, and the score whose gradient explains them.

A selector turns the logits of a batch into the classes that are explained: small callables, so
that "what the model predicts", "the five best" and "class 281" are the same kind of thing. A score
turns logits and probabilities into one number for each of these classes.
"""

from collections.abc import Callable, Sequence

import tensorflow as tf

ClassSelector = Callable[[tf.Tensor], tf.Tensor]
"""`logits (n, classes) -> indices (n, k)`, int32."""

ClassScore = Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor]
"""`logits (n, classes), probabilities (n, classes), indices (n, k) -> scores (n, k)`."""


def score_of(target: str, against: int | None = None) -> ClassScore:
    """Returns the score of a name: `logit`, `prob`, or `margin` over the class `against`."""
    return {"logit": logit, "prob": probability, "margin": margin(against)}[target]


def top_k(k: int) -> ClassSelector:
    """Selects the `k` classes of the highest score, best first; with 1 the predicted class."""
    return lambda logits: tf.math.top_k(logits, k).indices


def these_classes(indices: Sequence[int]) -> ClassSelector:
    """Selects the same classes for every image."""
    return lambda logits: tf.tile(tf.constant([list(indices)], tf.int32), [tf.shape(logits)[0], 1])


def logit(logits: tf.Tensor, probabilities: tf.Tensor, indices: tf.Tensor) -> tf.Tensor:
    r"""Returns the class scores $y^c$ of Grad-CAM: before the softmax.

    The probability is the wrong score for most questions: where the softmax is saturated its
    gradient vanishes, and everywhere it mixes in what speaks against the other classes.
    """
    return tf.gather(logits, indices, batch_dims=1)


def probability(logits: tf.Tensor, probabilities: tf.Tensor, indices: tf.Tensor) -> tf.Tensor:
    """Returns the probabilities $p^c$."""
    return tf.gather(probabilities, indices, batch_dims=1)


def margin(against: int | None) -> ClassScore:
    """Makes the score that sets a class apart from another: the difference of their logits.

    Without `against` the other one is the best class other than the explained one.
    """

    def score(logits: tf.Tensor, probabilities: tf.Tensor, indices: tf.Tensor) -> tf.Tensor:
        own = tf.gather(logits, indices, batch_dims=1)
        if against is not None:
            return own - logits[:, against, None]
        itself = tf.one_hot(indices, tf.shape(logits)[1], on_value=logits.dtype.max)
        return own - tf.reduce_max(logits[:, None] - itself, axis=2)

    return score
