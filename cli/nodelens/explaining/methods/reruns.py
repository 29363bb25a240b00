"""Methods that run the model again, with something taken away or added."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from nodelens.explaining.methods.cam import Combine, add_channels
from nodelens.explaining.model.compiling import compiled
from nodelens.explaining.model.gradients import intercepted, only_call, watched
from nodelens.explaining.model.grids import CHANNELS_LAST, Grid
from nodelens.explaining.model.heads import plain_errors, scores_of_class
from nodelens.explaining.model.targets import ClassScore
from nodelens.explaining.settings import PixelSettings

HEAD_BATCH = 64
IMAGE_BATCH = 16
GRADIENT_BATCH = 8

_TINY = 1e-12


@dataclass(frozen=True)
class Reruns:
    """Runs of the model for one image and one class.

    Attributes:
        image: The preprocessed image, float32 `(height, width, channels)`.
        score_with: From outputs of the layer `(b, h, w, channels)`, put in the place of its own, to
            the class scores `(b,)`. Only what lies above the layer runs.
        probability_of: From preprocessed images `(b, height, width, channels)` to the probabilities
            of the class `(b,)`. The whole model runs.
        gradients_of: From preprocessed images to the outputs of the layer and the gradients of the
            class scores with respect to them, twice `(b, h, w, channels)`.
    """

    image: np.ndarray
    score_with: Callable[[np.ndarray], np.ndarray]
    probability_of: Callable[[np.ndarray], np.ndarray]
    gradients_of: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


def compile_reruns(
    model: keras.Model,
    layer: keras.Layer,
    score: ClassScore,
    *,
    grid: Grid = CHANNELS_LAST,
    output: str | None = None,
) -> Callable[[np.ndarray, int], Reruns]:
    """Compiles the runs for the layer whose output is replaced; each is traced when first used.

    The function takes one preprocessed image and the index of a class.
    """
    scores = scores_of_class(model, score, output)

    @compiled
    def replaced(image: tf.Tensor, activations: tf.Tensor, index: tf.Tensor) -> tf.Tensor:
        # What lies below the layer does not lead to the result: TensorFlow leaves it out.
        images = tf.repeat(image[None], tf.shape(activations)[0], axis=0)

        def replace(made: Any) -> tf.Tensor:
            places = tf.cast(activations, made.dtype)
            return tf.ensure_shape(grid.gather(places, made), made.shape)

        with intercepted(layer, replace):
            return scores(images, index)[0]

    @compiled
    def probability(images: tf.Tensor, index: tf.Tensor) -> tf.Tensor:
        return scores(images, index)[1]

    @compiled
    def gradient(images: tf.Tensor, index: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        tape = tf.GradientTape(watch_accessed_variables=False)
        with tape, watched(layer, tape, grid) as calls:
            explained = scores(images, index)[0]
        activations = only_call(calls, layer)
        gradients = tape.gradient(explained, activations)
        return tf.cast(activations, tf.float32), tf.cast(gradients, tf.float32)

    def reruns(image: np.ndarray, index: int) -> Reruns:
        wanted = tf.constant(index, tf.int32)

        def score_with(activations: np.ndarray) -> np.ndarray:
            with plain_errors():
                return replaced(image, activations, wanted).numpy()

        def probability_of(images: np.ndarray) -> np.ndarray:
            with plain_errors():
                return probability(images, wanted).numpy()

        def gradients_of(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            with plain_errors():
                activations, gradients = gradient(images, wanted)
            return activations.numpy(), gradients.numpy()

        return Reruns(image, score_with, probability_of, gradients_of)

    return reruns


RerunMethod = Callable[[np.ndarray, Reruns, PixelSettings, int, Combine], np.ndarray]
"""`(activations, reruns, settings, seed, combine) -> signed map`.

The activations, shape `(n, m, channels)`, are the output of the layer for the picture as it is, the
map has the shape `(n, m)`. `seed` is that of the noise, `combine` as in `cam.CamMethod`.
"""


def ablationcam(
    activations: np.ndarray,
    reruns: Reruns,
    settings: PixelSettings,
    seed: int = 0,
    combine: Combine = add_channels,
) -> np.ndarray:
    r"""Computes Ablation-CAM: channels weighted by the fall of the score without them.

    $w_k = y - y_k$, where $y_k$ is the score with the channel $k$ set to zero (Desai &
    Ramaswamy 2020, equation 4, without the division by $y$: it is the same for all channels, and
    would turn the map over where the score is negative).
    """
    channels = activations.shape[-1]
    full = reruns.score_with(activations[None])[0]
    weights = np.empty(channels, np.float32)
    for start in range(0, channels, HEAD_BATCH):
        some = np.arange(start, min(start + HEAD_BATCH, channels))
        without = np.repeat(activations[None], len(some), axis=0)
        without[np.arange(len(some)), :, :, some] = 0
        weights[some] = full - reruns.score_with(without)
    return combine(activations * weights)


def scorecam(
    activations: np.ndarray,
    reruns: Reruns,
    settings: PixelSettings,
    seed: int = 0,
    combine: Combine = add_channels,
) -> np.ndarray:
    r"""Computes Score-CAM: channels weighted by the confidence in the image seen through them.

    $w_k = p^c(X \odot H_k) - p^c(0)$, where $H_k$ is the channel enlarged to the image and scaled
    to 0…1 (Wang et al. 2020, equations 4 to 6: the increase of confidence). The whole model runs
    once for every channel.
    """
    height, width = reruns.image.shape[:2]
    channels = activations.shape[-1]
    nothing = reruns.probability_of(np.zeros_like(reruns.image)[None])[0]
    weights = np.empty(channels, np.float32)
    for start in range(0, channels, IMAGE_BATCH):
        some = slice(start, min(start + IMAGE_BATCH, channels))
        masks = tf.image.resize(activations[..., some], (height, width)).numpy()
        low, high = masks.min(axis=(0, 1)), masks.max(axis=(0, 1))
        masks = (masks - low) / np.where(high > low, high - low, 1)
        seen = reruns.image[None] * masks.transpose(2, 0, 1)[..., None]
        weights[some] = reruns.probability_of(seen) - nothing
    return combine(activations * weights)


def smooth_gradcam_plus_plus(
    activations: np.ndarray,
    reruns: Reruns,
    settings: PixelSettings,
    seed: int = 0,
    combine: Combine = add_channels,
) -> np.ndarray:
    r"""Computes Smooth Grad-CAM++: Grad-CAM++ with derivatives averaged over noisy images.

    $w_k = \sum_{ij} a^k_{ij} \mathrm{ReLU}(\bar g^k_{ij})$ with
    $a = \overline{g^2} / (2 \overline{g^2} + \overline{g^3} \sum A^k)$ and the means taken over
    the images $X + \epsilon$ (Omeiza et al. 2019, equations 8 to 11; as in Grad-CAM++ the powers
    of $g = \partial y^c / \partial A$ stand for the higher derivatives of $\exp(y^c)$). Without
    noise it is Grad-CAM++.
    """
    image = reruns.image
    generator = np.random.default_rng(seed)
    deviation = np.float32(settings.noise * (image.max() - image.min()))
    powers = np.zeros((3, *activations.shape))
    for start in range(0, settings.samples, GRADIENT_BATCH):
        count = min(GRADIENT_BATCH, settings.samples - start)
        noise = generator.standard_normal((count, *image.shape), np.float32)
        gradients = reruns.gradients_of(image + deviation * noise)[1].astype(float)
        powers += [(gradients**power).sum(axis=0) for power in (1, 2, 3)]
    first, second, third = powers / settings.samples
    below = 2 * second + activations.sum(axis=(0, 1)) * third
    counts = (first > 0) & (np.abs(below) > _TINY * second)
    shares = np.divide(first * second, below, out=np.zeros_like(first), where=counts)
    return combine(activations * shares.sum(axis=(0, 1)).astype(activations.dtype))
