"""The activations of layers and the gradients of class scores with respect to them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from nodelens.explain.targets import ClassSelector, class_scores


@dataclass(frozen=True)
class Evidence:
    """What a batch of `n` images gave, with `k` explained classes for each image.

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


def compile_evidence(
    model: keras.Model, layers: Sequence[keras.Layer], selector: ClassSelector
) -> Callable[[np.ndarray], Evidence]:
    r"""Compiles one function that computes $A$ and $\partial y^c / \partial A$.

    The model runs once, forward, as it is. The tape watches nothing but the outputs of the layers,
    so that only what lies above the lowest of them is recorded: this also holds for a layer inside
    a branch or a nested model, where the model cannot be cut in two.

    Args:
        model: A classifier whose last layer is a `Dense` with a softmax.
        layers: Layers of the model.
        selector: Chooses the classes from the logits.

    Returns:
        A function of preprocessed images, float32 `(n, height, width, channels)`.
    """

    @tf.function(reduce_retracing=True)
    def compute(images: tf.Tensor) -> tuple[Any, ...]:
        tape = tf.GradientTape(persistent=True, watch_accessed_variables=False)
        with tape, ExitStack() as stack:
            outputs = [stack.enter_context(_watched(layer, tape)) for layer in layers]
            preactivations = stack.enter_context(_preactivations(model.layers[-1]))
            probabilities = model(images, training=False)
            logits = preactivations[0]
            classes = selector(logits)
            scores = tf.unstack(class_scores(logits, classes), axis=1)
        activations = [seen[0] for seen in outputs]
        return logits, probabilities, classes, activations, _gradients(tape, scores, activations)

    def evidence(images: np.ndarray) -> Evidence:
        logits, probabilities, classes, activations, gradients = compute(
            tf.convert_to_tensor(images)
        )
        return Evidence(
            logits=logits.numpy(),
            probabilities=probabilities.numpy(),
            classes=classes.numpy(),
            activations=tuple(a.numpy() for a in activations),
            gradients=tuple(g.numpy() for g in gradients),
        )

    return evidence


def _gradients(
    tape: tf.GradientTape, scores: list[tf.Tensor], activations: list[tf.Tensor]
) -> list[tf.Tensor]:
    """One backward pass a class; the images of a batch do not see each other, so sums do."""
    passes = [tape.gradient(score, activations) for score in scores]
    return [tf.stack(of_layer, axis=1) for of_layer in zip(*passes, strict=True)]


@contextmanager
def _watched(layer: keras.Layer, tape: tf.GradientTape) -> Iterator[list[tf.Tensor]]:
    """Lets the tape watch what a layer puts out while the block runs."""
    outputs: list[tf.Tensor] = []
    call = layer.call

    def watching(*args: Any, **kwargs: Any) -> tf.Tensor:
        output = call(*args, **kwargs)
        tape.watch(output)
        outputs.append(output)
        return output

    layer.call = watching
    try:
        yield outputs
    finally:
        del layer.call  # uncovers the method of the class again


@contextmanager
def _preactivations(layer: keras.Layer) -> Iterator[list[tf.Tensor]]:
    """Keeps what the activation function of a layer is given while the block runs."""
    inputs: list[tf.Tensor] = []
    activation = layer.activation

    def keeping(x: tf.Tensor) -> tf.Tensor:
        inputs.append(x)
        return activation(x)

    layer.activation = keeping
    try:
        yield inputs
    finally:
        layer.activation = activation
