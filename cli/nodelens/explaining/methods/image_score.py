"""The score of a class as a function of the picture: its values and its gradients."""

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf
from PIL import Image, ImageFilter

from nodelens.errors import UsageError
from nodelens.explaining.methods.full_gradient import FullGradient, compile_full_gradient
from nodelens.explaining.model.compiling import compiled
from nodelens.explaining.model.heads import plain_errors, scores_of_class
from nodelens.explaining.model.targets import ClassScore
from nodelens.explaining.settings import Baseline

FORWARD_BATCH = 16
GRADIENT_BATCH = 4
"""The activations of every picture of a batch are kept for the way back: some 100 MB for VGG19."""
BLUR = 1 / 10
"""Standard deviation of the blurred baseline, as a share of the shorter side."""

_GUIDED = "NodelensGuidedRelu"
_RELUS = ("Relu", "Relu6")


@dataclass(frozen=True)
class ImageScore:
    """The scores and gradients of one class, for one picture and for others like it.

    Pictures are preprocessed, float32 `(b, height, width, channels)`.

    Attributes:
        image: The picture, `(height, width, channels)`.
        baseline: The picture with nothing to see, of the same shape.
        score_of: From pictures to the class scores `(b,)`.
        gradient_of: From pictures to the gradients of these scores, of the shape of the pictures.
        guided_gradient_of: The same, with the ReLUs of guided backpropagation.
        probability_of: From pictures to the probabilities of the class `(b,)`.
        full_gradient_of: From one picture to the full gradient of its score.
    """

    image: np.ndarray
    baseline: np.ndarray
    score_of: Callable[[np.ndarray], np.ndarray]
    gradient_of: Callable[[np.ndarray], np.ndarray]
    guided_gradient_of: Callable[[np.ndarray], np.ndarray]
    probability_of: Callable[[np.ndarray], np.ndarray]
    full_gradient_of: Callable[[np.ndarray], FullGradient]


def compile_image_score(
    model: keras.Model, score: ClassScore, *, output: str | None = None
) -> Callable[[np.ndarray, np.ndarray, int], ImageScore]:
    """Compiles the scores and gradients of a model; each is traced when it is first used.

    The function takes a preprocessed picture, its baseline and the index of a class.
    """
    full_gradient = compile_full_gradient(model, score, output=output)
    both = scores_of_class(model, score, output)

    @compiled
    def value(images: tf.Tensor, index: tf.Tensor) -> tf.Tensor:
        return both(images, index)[0]

    @compiled
    def probability(images: tf.Tensor, index: tf.Tensor) -> tf.Tensor:
        return both(images, index)[1]

    @compiled
    def gradient(images: tf.Tensor, index: tf.Tensor) -> tf.Tensor:
        # The pictures of a batch do not see each other: one pass gives the gradients of all.
        return _known(tf.gradients(both(images, index)[0], images)[0])

    @compiled
    def guided_gradient(images: tf.Tensor, index: tf.Tensor) -> tf.Tensor:
        graph = tf.compat.v1.get_default_graph()
        with graph.gradient_override_map(dict.fromkeys(_RELUS, _GUIDED)):
            scores = both(images, index)[0]
        _refuse_unguided(graph)
        return _known(tf.gradients(scores, images)[0])

    def image_score(image: np.ndarray, baseline: np.ndarray, index: int) -> ImageScore:
        wanted = tf.constant(index, tf.int32)

        def batched(
            function: Callable[[tf.Tensor, tf.Tensor], tf.Tensor], size: int
        ) -> Callable[[np.ndarray], np.ndarray]:
            def ask(images: np.ndarray) -> np.ndarray:
                parts = [images[start : start + size] for start in range(0, len(images), size)]
                with plain_errors():
                    return np.concatenate(
                        [function(tf.convert_to_tensor(part), wanted).numpy() for part in parts]
                    )

            return ask

        return ImageScore(
            image,
            baseline,
            score_of=batched(value, FORWARD_BATCH),
            gradient_of=batched(gradient, GRADIENT_BATCH),
            guided_gradient_of=batched(guided_gradient, GRADIENT_BATCH),
            probability_of=batched(probability, FORWARD_BATCH),
            full_gradient_of=lambda picture: full_gradient(picture, index),
        )

    return image_score


def baseline_pixels(pixels: np.ndarray, kind: Baseline) -> np.ndarray:
    """Makes the picture with nothing to see, `uint8` RGB `(height, width, 3)` of such a picture.

    It is `black`; `mean`, the average colour of the picture everywhere; or `blur`, the picture
    blurred until no object is left.
    """
    if kind == "black":
        return np.zeros_like(pixels)
    if kind == "mean":
        mean = np.round(pixels.mean(axis=(0, 1))).astype(np.uint8)
        return np.broadcast_to(mean, pixels.shape)
    blur = ImageFilter.GaussianBlur(BLUR * min(pixels.shape[:2]))
    return np.asarray(Image.fromarray(pixels).filter(blur))


@tf.RegisterGradient(_GUIDED)
def _guided_relu(operation: tf.Operation, gradient: tf.Tensor) -> tf.Tensor:
    """Lets the gradient pass where the ReLU is open and the gradient positive.

    Springenberg et al. 2015, equation in section 3.4: $R_i = [f_i > 0] [R_{i+1} > 0] R_{i+1}$.
    """
    passed, output = tf.nn.relu(gradient), operation.outputs[0]
    is_open = output > 0
    if operation.type == "Relu6":
        is_open = tf.logical_and(is_open, output < 6)
    return tf.where(is_open, passed, tf.zeros_like(passed))


def _refuse_unguided(graph: tf.Graph) -> None:
    """Refuses a model without ReLUs, or with some that keep their own gradient."""
    hint = "saliency, smoothgrad and integrated-gradients explain any network"
    definition = graph.as_graph_def()
    inner = [node.op for function in definition.library.function for node in function.node_def]
    if any(operation in _RELUS for operation in inner):
        raise UsageError(
            "guided backpropagation does not reach the ReLUs inside a tf.function of the model",
            hint=hint,
        )
    if not any(node.op in _RELUS for node in definition.node):
        raise UsageError(
            "guided backpropagation is made for networks with ReLUs, and this one has none",
            hint=hint,
        )


def _known(gradient: tf.Tensor | None) -> tf.Tensor:
    if gradient is None:
        raise UsageError(
            "the classes have no gradient with respect to the picture",
            hint="the method occlusion needs none, nor do those that look at a layer",
        )
    return gradient
