"""The scores of a classifier before and after its last activation function, whatever its head is.

While a model is traced its output is a node of a graph. The softmax or sigmoid is looked for
there and not among the layers: so a `Dense` with an activation, an `Activation` or `Softmax`
layer, a function called in a subclassed model and a nested model are all the same case, and
nothing in the model is touched.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import tensorflow as tf

from nodelens.errors import NodelensError, UsageError
from nodelens.explaining.model.compiling import compiled
from nodelens.explaining.model.grids import run_model
from nodelens.explaining.model.targets import ClassScore

_SHAPE_ONLY = {"Identity", "Reshape", "Squeeze", "Cast", "StopGradient"}


@contextmanager
def plain_errors() -> Iterator[None]:
    """Raises errors of nodelens as they are, where tracing a function has wrapped them."""
    try:
        yield
    except Exception as error:
        inner: BaseException | None = error
        while inner is not None and not isinstance(inner, NodelensError):
            inner = inner.__context__
        if inner is None:
            raise
        raise inner from None


def _select_output(result: Any, names: list[str], wanted: str | None) -> tf.Tensor:
    """Chooses one output of what a model returned: a tensor, a list or a dictionary."""
    if isinstance(result, dict):
        outputs = dict(result)
    elif isinstance(result, (list, tuple)):
        known = names if len(names) == len(result) else [str(n) for n in range(len(result))]
        outputs = dict(zip(known, result, strict=True))
    else:
        outputs = {names[0] if names else "output": result}
    if wanted is None and len(outputs) == 1:
        return next(iter(outputs.values()))
    if wanted not in outputs:
        reason = "none was chosen" if wanted is None else f"{wanted!r} is none of them"
        raise UsageError(
            f"the model has the outputs {', '.join(outputs)}, and {reason}",
            hint="choose one in `model.output`",
        )
    return outputs[wanted]


def run_scores(
    model: keras.Model, images: tf.Tensor, output: str | None
) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns logits and probabilities, in a graph that is being built.

    Both are float32 `(n, classes)`, of two classes for a single output.

    Raises:
        UsageError: The output is unknown, or that of no classifier, or there are several and none
            is chosen.
    """
    names = list(getattr(model, "output_names", None) or [])
    return _read_scores(_select_output(run_model(model, images), names, output))


def scores_of_class(
    model: keras.Model, score: ClassScore, output: str | None
) -> Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]:
    """Returns a function of images and the index of a class, for a graph that is being built.

    It computes the scores and the probabilities of that class, both float32 `(n,)`.
    """

    def scores(images: tf.Tensor, index: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        logits, probabilities = run_scores(model, images, output)
        indices = tf.fill([tf.shape(logits)[0], 1], index)
        return score(logits, probabilities, indices)[:, 0], probabilities[:, index]

    return scores


def count_classes(model: keras.Model, image_shape: tuple[int, ...], output: str | None) -> int:
    """Counts the classes of a model without running it; two for a single output.

    Raises:
        UsageError: The output is that of no classifier.
    """

    @compiled
    def logits(images: tf.Tensor) -> tf.Tensor:
        return run_scores(model, images, output)[0]

    with plain_errors():
        traced = logits.get_concrete_function(tf.TensorSpec((1, *image_shape), tf.float32))
    return traced.output_shapes[1]


def before_head(output: tf.Tensor) -> tuple[tf.Tensor | None, str]:
    """Finds the input of the softmax or sigmoid that a symbolic tensor is the output of.

    It is None if there is no softmax or sigmoid; the kind of the operation comes with it.
    """
    operation = output.op
    while operation.type in _SHAPE_ONLY:
        operation = operation.inputs[0].op
    kind = operation.type
    return (operation.inputs[0] if kind in {"Softmax", "Sigmoid"} else None), kind


def _read_scores(output: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Finds the logits behind the output of a classifier.

    Softmax: the logits are what goes into it. Sigmoid: the same, each class for itself; a single
    output $z$ is a decision between two classes with the logits $-z$ and $z$. Neither: the output
    is taken for the logits, of a softmax if there are several and of a sigmoid if there is one.
    """
    if output.shape.rank != 2:
        raise UsageError(
            f"the output of a classifier has the shape (images, classes), this one {output.shape}",
            hint="a model that ends before its classes (include_top=False) cannot be explained",
        )
    before, kind = before_head(output)
    single = output.shape[1] == 1
    logits = output if before is None else before
    logits = tf.cast(tf.reshape(logits, tf.shape(output)), tf.float32)
    logits = tf.ensure_shape(logits, output.shape)
    if single:
        logits = tf.concat([-logits, logits], axis=1)
        return logits, tf.sigmoid(logits)
    return logits, tf.sigmoid(logits) if kind == "Sigmoid" else tf.nn.softmax(logits)
