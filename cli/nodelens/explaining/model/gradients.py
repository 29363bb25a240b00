"""The activations of layers and the gradients of class scores with respect to them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from nodelens.errors import UsageError
from nodelens.explaining.model.compiling import compiled
from nodelens.explaining.model.grids import CHANNELS_LAST, Grid
from nodelens.explaining.model.heads import plain_errors, run_scores
from nodelens.explaining.model.targets import ClassScore, ClassSelector, logit


@dataclass(frozen=True)
class Evidence:
    """The results of a batch of `n` images, with `k` explained classes for each image.

    Attributes:
        logits: Shape `(n, classes)`.
        probabilities: Shape `(n, classes)`.
        classes: Indices of the explained classes, shape `(n, k)`.
        activations: For each layer, shape `(n, h, w, channels)`.
        gradients: For each layer, of each class score, shape `(n, k, h, w, channels)`.
    """

    logits: np.ndarray
    probabilities: np.ndarray
    classes: np.ndarray
    activations: tuple[np.ndarray, ...]
    gradients: tuple[np.ndarray, ...]

    def of(self, number: int) -> "Evidence":
        """Returns the results of one of the images, as a batch of one."""
        one = slice(number, number + 1)
        return Evidence(
            logits=self.logits[one],
            probabilities=self.probabilities[one],
            classes=self.classes[one],
            activations=tuple(each[one] for each in self.activations),
            gradients=tuple(each[one] for each in self.gradients),
        )


def compile_evidence(
    model: keras.Model,
    layers: Sequence[keras.Layer],
    selector: ClassSelector,
    *,
    grids: Sequence[Grid] = (),
    score: ClassScore = logit,
    output: str | None = None,
) -> Callable[[np.ndarray], Evidence]:
    r"""Compiles a function that computes $A$ and $\partial y^c / \partial A$.

    The model runs once, forward, as it is. The tape watches nothing but the outputs of the layers,
    so that only what lies above the lowest of them is recorded: this also holds for a layer inside
    a branch, a nested or a subclassed model, where the model cannot be cut in two. The selector
    chooses the classes from the logits. Channels come last unless grids of the layers are given.
    """

    @compiled
    def compute(images: tf.Tensor) -> tuple[Any, ...]:
        tape = tf.GradientTape(persistent=True, watch_accessed_variables=False)
        with tape, ExitStack() as stack:
            calls = [
                stack.enter_context(watched(layer, tape, grid))
                for layer, grid in zip(layers, grids or [CHANNELS_LAST] * len(layers), strict=True)
            ]
            logits, probabilities = run_scores(model, images, output)
            classes = selector(logits)
            scores = tf.unstack(score(logits, probabilities, classes), axis=1)
        activations = [only_call(seen, layer) for seen, layer in zip(calls, layers, strict=True)]
        gradients = _gradients(tape, scores, activations, layers)
        as_float = [tf.cast(activation, tf.float32) for activation in activations]
        return logits, probabilities, classes, as_float, gradients

    def evidence(images: np.ndarray) -> Evidence:
        with plain_errors():
            found = compute(tf.convert_to_tensor(images))
        logits, probabilities, classes, activations, gradients = found
        return Evidence(
            logits=logits.numpy(),
            probabilities=probabilities.numpy(),
            classes=classes.numpy(),
            activations=tuple(a.numpy() for a in activations),
            gradients=tuple(g.numpy() for g in gradients),
        )

    return evidence


def _gradients(
    tape: tf.GradientTape,
    scores: list[tf.Tensor],
    activations: list[tf.Tensor],
    layers: Sequence[keras.Layer],
) -> list[tf.Tensor]:
    """Makes one backward pass for each class: the gradient of a sum, as images are independent."""
    passes = [tape.gradient(score, activations) for score in scores]
    for layer, gradient in zip(layers, passes[0], strict=True):
        if gradient is None:
            raise UsageError(f"the classes do not depend on the layer {layer.name!r}")
    return [
        tf.stack([tf.cast(gradient, tf.float32) for gradient in of_layer], axis=1)
        for of_layer in zip(*passes, strict=True)
    ]


def only_call(calls: list[tf.Tensor], layer: keras.Layer) -> tf.Tensor:
    """Returns the output of a layer that is used once, of the outputs of all its calls.

    Raises:
        UsageError: It is used more than once, or never.
    """
    if len(calls) != 1:
        raise UsageError(
            f"the layer {layer.name!r} is used {len(calls)} times in the model, and a map needs "
            "a layer that is used once",
            hint="choose a layer behind the place where its outputs come together",
        )
    return calls[0]


@contextmanager
def watched(
    layer: keras.Layer, tape: tf.GradientTape, grid: Grid = CHANNELS_LAST
) -> Iterator[list[tf.Tensor]]:
    """Lets a tape watch the outputs of a layer, laid out by a grid, while the block runs.

    Yields:
        The outputs, a tensor `(n, h, w, channels)` for each call.
    """
    outputs: list[tf.Tensor] = []

    def watch(output: tf.Tensor) -> tf.Tensor:
        places = grid.spread(output)
        tape.watch(places)
        outputs.append(places)
        return grid.gather(places, output)

    with intercepted(layer, watch):
        yield outputs


@contextmanager
def intercepted(layer: keras.Layer, change: Callable[[Any], Any]) -> Iterator[None]:
    """Changes each output of a layer by a function while the block runs."""
    with surrounded(layer, lambda call, *args, **kwargs: change(call(*args, **kwargs))):
        yield


@contextmanager
def surrounded(layer: keras.Layer, instead: Callable[..., Any]) -> Iterator[None]:
    """Calls a function in place of a layer while the block runs.

    The function gets the call of the layer and its arguments, and returns the output. The method of
    the class is covered by one of the instance, and uncovered at the end.
    """
    covered = vars(layer).get("call")
    layer.call = partial(instead, layer.call)
    try:
        yield
    finally:
        if covered is None:
            del layer.call
        else:
            layer.call = covered
