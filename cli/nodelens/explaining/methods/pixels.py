"""Attributions: the part of each pixel of the model's input in the score of a class.

These methods need no layer. Every one is a pure function of the score as a function of the picture,
and returns one signed value for each pixel.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from nodelens.explaining.methods.image_score import FORWARD_BATCH, GRADIENT_BATCH, ImageScore
from nodelens.explaining.pictures.scaling import enlarge
from nodelens.explaining.settings import PixelSettings

INPUT = "input"
"""The name in place of that of a layer."""

WINDOWS = 7
"""The number of windows along the shorter side where their size is not given."""


@dataclass(frozen=True)
class Attribution:
    """The result of a method.

    Attributes:
        values: One for each pixel of the model's input, signed, float32 `(height, width)`.
        details: Numbers that are reported with the map.
    """

    values: np.ndarray
    details: Mapping[str, float] = field(default_factory=dict)


PixelMethod = Callable[[ImageScore, PixelSettings, int], Attribution]
"""`(view, settings, seed) -> attribution`, from the score as a function of the picture.

A magnitude is nowhere negative; where the docstring says nothing of it, the map is signed.
"""

GuidedMethod = Callable[[np.ndarray, ImageScore], np.ndarray]
"""`(cam, view) -> map`, from the map of Grad-CAM after its ReLU, `(h, w)`, and the score as a
function of the picture, to a map of the size of the picture, float32."""


def saliency(view: ImageScore, settings: PixelSettings, seed: int = 0) -> Attribution:
    r"""Computes saliency: the sensitivity of the score to a change of each pixel.

    $\max_c |\partial y / \partial x_c|$ over the channels (Simonyan et al. 2014, section 3.1). It
    has no sign: it shows neither for nor against.
    """
    return Attribution(_magnitude(view.gradient_of(view.image[None])[0]))


def smoothgrad(view: ImageScore, settings: PixelSettings, seed: int = 0) -> Attribution:
    r"""Computes SmoothGrad: saliency of the gradient averaged over noisy copies of the picture.

    $\frac{1}{n} \sum_i \partial y / \partial x (x + \epsilon_i)$ with
    $\epsilon_i \sim N(0, \sigma^2)$ and $\sigma$ a share of $\max x - \min x$ (Smilkov et al. 2017,
    section 3), then its magnitude as in saliency.
    """
    image = view.image
    generator = np.random.default_rng(seed)
    deviation = np.float32(settings.noise * (image.max() - image.min()))
    total = np.zeros(image.shape)
    for some in _batches(settings.samples, GRADIENT_BATCH):
        noise = generator.standard_normal((len(some), *image.shape), np.float32)
        total += view.gradient_of(image + deviation * noise).sum(axis=0)
    return Attribution(_magnitude(total / settings.samples))


def integrated_gradients(view: ImageScore, settings: PixelSettings, seed: int = 0) -> Attribution:
    r"""Computes integrated gradients: what each pixel adds on the straight path from the baseline.

    $(x - x_0) \int_0^1 \partial y / \partial x (x_0 + t (x - x_0))\, dt$ (Sundararajan et al. 2017,
    equation 1), summed over the channels; the integral by Gauss-Legendre quadrature. All pixels
    together add up to $y(x) - y(x_0)$ (completeness), as far as the quadrature is exact.

    Returns:
        The signed map. Its details are both scores and the completeness gap, the sum of the map
        minus their difference.
    """
    nodes, weights = np.polynomial.legendre.leggauss(settings.steps)
    along, weights = ((nodes + 1) / 2).astype(np.float32), weights / 2
    path = view.image - view.baseline
    mean = np.zeros(path.shape)
    for some in _batches(settings.steps, GRADIENT_BATCH):
        places = view.baseline + along[some, None, None, None] * path
        mean += np.tensordot(weights[some], view.gradient_of(places), axes=1)
    values = (path * mean).sum(axis=-1)
    score, of_baseline = view.score_of(np.stack([view.image, view.baseline]))
    details = {
        "score": float(score),
        "baseline_score": float(of_baseline),
        "completeness_gap": float(values.sum() - (score - of_baseline)),
    }
    return Attribution(values.astype(np.float32), details)


def occlusion(view: ImageScore, settings: PixelSettings, seed: int = 0) -> Attribution:
    r"""Computes occlusion: the fall of the score when a window of the picture is covered.

    Each pixel gets the mean of $y(x) - y(x_W)$ over the windows $W$ that cover it; under a window
    lies the baseline (Zeiler & Fergus 2014, section 4.2). The model runs once for every window.
    """
    height, width = view.image.shape[:2]
    side = settings.window or -(-min(height, width) // WINDOWS)
    stride = settings.stride or -(-side // 2)
    windows = [
        (slice(top, top + side), slice(left, left + side))
        for top in _starts(height, side, stride)
        for left in _starts(width, side, stride)
    ]
    full = view.score_of(view.image[None])[0]
    total, count = np.zeros((height, width)), np.zeros((height, width))
    for some in _batches(len(windows), FORWARD_BATCH):
        covered = np.repeat(view.image[None], len(some), axis=0)
        for number, picture in zip(some, covered, strict=True):
            picture[windows[number]] = view.baseline[windows[number]]
        for number, score in zip(some, view.score_of(covered), strict=True):
            total[windows[number]] += full - score
            count[windows[number]] += 1
    return Attribution((total / count).astype(np.float32), {"windows": len(windows)})


def guided_backprop(view: ImageScore, settings: PixelSettings, seed: int = 0) -> Attribution:
    r"""Computes guided backpropagation: saliency with ReLUs that also cut off negative gradients.

    Springenberg et al. 2015, section 3.4. Adebayo et al. 2018 found that it hardly depends on the
    trained weights or on the class: it shows edges rather than reasons.
    """
    return Attribution(_magnitude(view.guided_gradient_of(view.image[None])[0]))


def fullgrad(view: ImageScore, settings: PixelSettings, seed: int = 0) -> Attribution:
    r"""Computes FullGrad: what the input and every bias of the network add to the score.

    $y = \partial y / \partial x \cdot x + \sum_l \partial y / \partial z_l \cdot b_l$, exactly
    (completeness); the map is $\psi(\partial y / \partial x \odot x) + \sum_l \sum_c
    \psi(\partial y / \partial z_l \odot b_l)_c$ over the layers $l$ that have a height and a width,
    where $\psi$ takes the magnitude, scales it to 0…1 over the whole layer and enlarges it
    (Srinivas & Fleuret 2019, equations 3 and 8, scaled as in the authors' code). It has no sign.

    Returns:
        The map, nowhere negative. Its details are the score, the sums of both terms and the
        completeness gap, their sum minus the score.
    """
    found = view.full_gradient_of(view.image)
    height, width = view.image.shape[:2]
    parts = [found.input_part, *found.bias_parts]
    values = sum(enlarge(_rescaled(np.abs(part)).sum(axis=-1), (width, height)) for part in parts)
    details = {
        "score": found.score,
        "input_sum": found.input_sum,
        "bias_sum": found.bias_sum,
        "completeness_gap": found.input_sum + found.bias_sum - found.score,
    }
    return Attribution(np.asarray(values, np.float32), details)


def guided_gradcam(cam: np.ndarray, view: ImageScore) -> np.ndarray:
    """Computes Guided Grad-CAM: guided backpropagation where Grad-CAM finds evidence.

    The product of both, pixel by pixel (Selvaraju et al. 2017, section 3.2). Where the warning at
    `guided_backprop` holds, the fine detail does not depend on the class.
    """
    height, width = view.image.shape[:2]
    guided = _magnitude(view.guided_gradient_of(view.image[None])[0])
    return guided * enlarge(cam, (width, height))


def _magnitude(gradient: np.ndarray) -> np.ndarray:
    return np.abs(gradient).max(axis=-1).astype(np.float32)


def _rescaled(values: np.ndarray) -> np.ndarray:
    lowest, highest = values.min(), values.max()
    return (values - lowest) / (highest - lowest) if highest > lowest else np.zeros_like(values)


def _batches(count: int, size: int) -> Iterator[range]:
    for start in range(0, count, size):
        yield range(start, min(start + size, count))


def _starts(length: int, side: int, stride: int) -> list[int]:
    """Returns the starts of windows; the last one ends at the border: every pixel is covered."""
    last = max(length - side, 0)
    return [*range(0, last, stride), last]
