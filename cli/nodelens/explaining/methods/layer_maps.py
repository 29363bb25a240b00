"""The map of one class at one layer, smoothed if that is asked for."""

from collections.abc import Callable

import numpy as np

from nodelens.explaining.methods.cam import METHODS, add_channels, first_component
from nodelens.explaining.methods.reruns import RERUN_METHODS, Reruns
from nodelens.explaining.question import Question

BRIGHTNESS = (0.9, 1.0, 1.1)
"""By these factors the preprocessed image is multiplied for the smoothing `aug`."""


def layer_map(
    method: str,
    activations: np.ndarray,
    gradients: np.ndarray,
    reruns: Callable[[np.ndarray], Reruns],
    image: np.ndarray,
    question: Question,
) -> np.ndarray:
    """The signed map of a method that looks at a layer.

    Args:
        method: Its name, in `METHODS` or `RERUN_METHODS`.
        activations: Of the image, `(h, w, channels)`.
        gradients: Of the class score, the same shape.
        reruns: From a preprocessed image to runs of the model with it.
        image: The preprocessed image, `(height, width, channels)`.
        question: How the map is made: `smooth`, `counterfactual` and the settings of methods.

    Returns:
        The map, `(h, w)`.
    """
    if question.smooth != "aug":
        return _plain(method, activations, gradients, reruns(image), question)

    def of(changed: np.ndarray) -> np.ndarray:
        runs = reruns(changed)
        its_activations, its_gradients = runs.gradients_of(changed[None])
        return _plain(method, its_activations[0], its_gradients[0], runs, question)

    return mean_over_changes(of, image)


def mean_over_changes(map_of: Callable[[np.ndarray], np.ndarray], image: np.ndarray) -> np.ndarray:
    """The mean of the maps of the image and of its mirror image, each in three brightnesses.

    Test-time augmentation as in pytorch-grad-cam ("aug smoothing", Gildenblat), which however
    scales each map to a maximum of one before the mean; here they keep their magnitudes.

    Args:
        map_of: From an image to its map.
        image: The preprocessed image.

    Returns:
        The map, turned back to the side of the image.
    """
    maps = [map_of(np.float32(factor) * image) for factor in BRIGHTNESS]
    mirrored = [map_of(np.float32(factor) * image[:, ::-1])[:, ::-1] for factor in BRIGHTNESS]
    return np.mean([*maps, *mirrored], axis=0)


def _plain(
    method: str,
    activations: np.ndarray,
    gradients: np.ndarray,
    reruns: Reruns,
    question: Question,
) -> np.ndarray:
    combine = first_component if question.smooth == "eigen" else add_channels
    if method in RERUN_METHODS:
        return RERUN_METHODS[method](activations, reruns, question.pixels, combine)
    wanted = -gradients if question.counterfactual else gradients
    return METHODS[method](activations, wanted, combine)
