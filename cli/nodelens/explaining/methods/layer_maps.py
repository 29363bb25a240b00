"""The map of one class at one layer, with or without smoothing."""

from collections.abc import Callable

import numpy as np

from nodelens.explaining.methods.cam import add_channels, first_component
from nodelens.explaining.methods.registry import Method
from nodelens.explaining.methods.reruns import Reruns
from nodelens.explaining.settings import GradcamSettings

BRIGHTNESS = (0.9, 1.0, 1.1)
"""By these factors the preprocessed image is multiplied for the smoothing `aug`."""


def layer_map(
    method: Method,
    activations: np.ndarray,
    gradients: np.ndarray,
    reruns: Callable[[np.ndarray], Reruns],
    image: np.ndarray,
    settings: GradcamSettings,
) -> np.ndarray:
    """Computes the signed map `(h, w)` of a method of the kind `cam` or `rerun`.

    Activations and gradients `(h, w, channels)` are those of the preprocessed image; `reruns` makes
    runs of the model with another one. Of the settings `smooth`, `counterfactual`, `seed` and
    `pixels` are used.
    """
    if settings.smooth != "aug":
        return _plain(method, activations, gradients, reruns(image), settings)

    def of(changed: np.ndarray) -> np.ndarray:
        runs = reruns(changed)
        its_activations, its_gradients = runs.gradients_of(changed[None])
        return _plain(method, its_activations[0], its_gradients[0], runs, settings)

    return mean_over_changes(of, image)


def mean_over_changes(map_of: Callable[[np.ndarray], np.ndarray], image: np.ndarray) -> np.ndarray:
    """Averages the maps of the image and of its mirror image, each in three brightnesses.

    Test-time augmentation as in pytorch-grad-cam ("aug smoothing", Gildenblat), which however
    scales each map to a maximum of one before the mean; here they keep their magnitudes. The maps
    of the mirror image are mirrored back.
    """
    maps = [map_of(np.float32(factor) * image) for factor in BRIGHTNESS]
    mirrored = [map_of(np.float32(factor) * image[:, ::-1])[:, ::-1] for factor in BRIGHTNESS]
    return np.mean([*maps, *mirrored], axis=0)


def _plain(
    method: Method,
    activations: np.ndarray,
    gradients: np.ndarray,
    reruns: Reruns,
    settings: GradcamSettings,
) -> np.ndarray:
    combine = first_component if settings.smooth == "eigen" else add_channels
    function = method.load()
    if method.kind == "rerun":
        return function(activations, reruns, settings.pixels, settings.seed, combine)
    return function(activations, -gradients if settings.counterfactual else gradients, combine)
