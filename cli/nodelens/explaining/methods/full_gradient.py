"""The full gradient of a class score: the terms of the input and of every bias of the network."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from nodelens.errors import UsageError
from nodelens.explaining.model.compiling import compiled
from nodelens.explaining.model.gradients import surrounded
from nodelens.explaining.model.grids import computes_channels_first
from nodelens.explaining.model.heads import before_head, plain_errors, run_scores
from nodelens.explaining.model.targets import ClassScore

ROUNDING = 4
"""A bias below so many units of rounding of what a layer puts out is taken for zero."""
EPSILON = {tf.bfloat16: 2**-7, tf.float16: 2**-10, tf.float32: 2**-23, tf.float64: 2**-52}
"""These units, as shares; NumPy does not know that of bfloat16."""


@dataclass(frozen=True)
class FullGradient:
    """The terms that add up to a class score.

    Attributes:
        score: The class score of the picture.
        input_part: Gradient times input, `(height, width, channels)`.
        bias_parts: Gradient times bias, `(h, w, channels)` for each layer that has a bias, a height
            and a width.
        input_sum: The sum of `input_part`.
        bias_sum: The sum of gradient times bias over all layers, with space or without.
    """

    score: float
    input_part: np.ndarray
    bias_parts: tuple[np.ndarray, ...]
    input_sum: float
    bias_sum: float


def compile_full_gradient(
    model: keras.Model, score: ClassScore, *, output: str | None = None
) -> Callable[[np.ndarray, int], FullGradient]:
    r"""Compiles the full gradient of a model.

    The bias of a layer $g$ is what its linear part leaves over, $b = g(x) - J_g(x) x$: for a
    convolution its bias, for batch normalization $\beta - \gamma \mu / \sigma$, for a ReLU nothing,
    and for any other function its implicit bias (Srinivas & Fleuret 2019, section 3.2). So for
    every network that is made of layers
    $y = \partial y / \partial x \cdot x + \sum_l \partial y / \partial z_l \cdot b_l$.

    The function takes a preprocessed picture and the index of a class.
    """

    @compiled
    def compute(images: tf.Tensor, index: tf.Tensor) -> tuple[Any, ...]:
        if computes_channels_first(model):
            raise UsageError("fullgrad is made for networks whose channels come last")
        terms: list[_Term] = []
        with ExitStack() as stack:
            for layer in _parts(model):
                stack.enter_context(surrounded(layer, _noting(terms)))
            logits, probabilities = run_scores(model, images, output)
        indices = tf.fill([tf.shape(logits)[0], 1], index)
        value = score(logits, probabilities, indices)[:, 0]
        places = [images, logits, *(place for term in terms for place in term.places)]
        # All at once: each call would build a way back of its own.
        gradients = dict(zip(map(id, places), tf.gradients(value, places), strict=True))
        input_part = gradients[id(images)] * images
        found = [term.times(gradients) for term in terms]
        parts = [part for part in found if part is not None]
        spatial = [part[0] for part in parts if part.shape.rank == 4]
        # The logit is linear in the logits; the probability leaves something over.
        own = value[0] - tf.reduce_sum(gradients[id(logits)] * logits)
        total = tf.add_n([own, *(tf.reduce_sum(part) for part in parts)])
        return value[0], input_part[0], spatial, total

    def full_gradient(image: np.ndarray, index: int) -> FullGradient:
        with plain_errors():
            value, input_part, spatial, total = compute(
                tf.convert_to_tensor(image[None]), tf.constant(index, tf.int32)
            )
        parts = [part.numpy() for part in spatial]
        return FullGradient(
            score=float(value),
            input_part=input_part.numpy(),
            bias_parts=tuple(part for part in parts if part.any()),
            input_sum=float(input_part.numpy().sum(dtype=float)),
            bias_sum=float(total),
        )

    return full_gradient


@dataclass(frozen=True)
class _Term:
    """The output of one layer, and the part of it that is not linear in the input.

    Where the layer ends in the softmax or sigmoid of the model, the score stands before that; then
    so does the term.
    """

    places: tuple[tf.Tensor, ...]
    biases: tuple[tf.Tensor, ...]

    def times(self, gradients: dict[int, tf.Tensor | None]) -> tf.Tensor | None:
        for place, bias in zip(self.places, self.biases, strict=True):
            gradient = gradients[id(place)]
            if gradient is not None:
                return tf.cast(gradient * bias, tf.float32)
        return None


def _parts(model: keras.Model) -> Iterator[keras.Layer]:
    """Yields the layers of a model at any depth; a layer that holds others is one part."""
    for layer in model._flatten_layers(include_self=False, recursive=False):
        if isinstance(layer, keras.Model):
            yield from _parts(layer)
        elif not isinstance(layer, keras.layers.InputLayer):
            yield layer


def _noting(terms: list[_Term]) -> Callable[..., Any]:
    def instead(call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        given = _floating((args, kwargs))
        result = call(*args, **kwargs)
        for each in _floating(result):
            before, _ = before_head(each)
            places = (each,) if before is None else (each, before)
            terms.append(_Term(places, tuple(_left_over(place, given) for place in places)))
        return result

    return instead


def _floating(nest: Any) -> list[tf.Tensor]:
    return [x for x in tf.nest.flatten(nest) if tf.is_tensor(x) and x.dtype.is_floating]


def _left_over(result: tf.Tensor, given: list[tf.Tensor]) -> tf.Tensor:
    r"""Computes the bias of a layer: its result minus its Jacobian times its input.

    The product $J x$ is the derivative of $u \mapsto J^T u$, which is linear, times $x$.
    """
    probe = tf.zeros_like(result)
    # One of those given may be made from another: the way between them lies below the layer.
    pulled = tf.gradients(result, given, probe, stop_gradients=given)
    pairs = [(back, x) for back, x in zip(pulled, given, strict=True) if back is not None]
    if not pairs:
        return result
    linear = tf.gradients([back for back, _ in pairs], probe, [x for _, x in pairs])[0]
    bias = result if linear is None else result - linear
    least = ROUNDING * EPSILON[result.dtype] * tf.reduce_max(tf.abs(result))
    return tf.where(tf.reduce_max(tf.abs(bias)) > least, bias, tf.zeros_like(bias))
