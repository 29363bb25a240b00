"""Measuring maps, and beside them the control that any method must beat."""

from collections.abc import Iterator, Sequence

import numpy as np

from nodelens.explaining.judging.faithfulness import Faithfulness, Plain, faithfulness, mean_of
from nodelens.explaining.methods.cam import positive_part, random_weights
from nodelens.explaining.methods.image_score import ImageScore
from nodelens.explaining.methods.pixels import INPUT
from nodelens.explaining.model.gradients import Evidence
from nodelens.explaining.model.layers import LayerRow
from nodelens.explaining.result import Control, Prediction

DRAWS = 3
"""So many random maps make one control: a single one may be good by chance."""


def measure(values: np.ndarray, view: ImageScore, plain: Plain, steps: int) -> Faithfulness:
    """Measures one map of a photo.

    Args:
        values: The map.
        view: The model's view of the photo and the class.
        plain: What pixels are replaced by.
        steps: Points of the curves.

    Returns:
        The measures.
    """
    return faithfulness(values, view.image, view.probability_of, plain, steps=steps)


def controls_of(
    evidence: Evidence,
    layers: Sequence[LayerRow],
    targets: Sequence[Prediction],
    views: Sequence[ImageScore],
    plain: Plain,
    steps: int,
    *,
    pixels: bool,
) -> Iterator[Control]:
    """Measures random maps: for each layer its channels with random weights, for the input noise.

    Args:
        evidence: Of one photo.
        layers: The layers.
        targets: The explained classes.
        views: Of each class.
        plain: What pixels are replaced by.
        steps: Points of the curves.
        pixels: Whether there are methods that need no layer.

    Yields:
        For each layer and class, and for the input and each class, the mean over `DRAWS` maps.
    """
    for layer, activations in zip(layers, evidence.activations, strict=True):
        channels = activations.shape[-1]
        maps = [
            positive_part(activations[0] @ random_weights(channels, seed)) for seed in range(DRAWS)
        ]
        yield from _measured(layer.name, maps, targets, views, plain, steps)
    if pixels:
        size = views[0].image.shape[:2]
        noise = [np.random.default_rng(seed).random(size, np.float32) for seed in range(DRAWS)]
        yield from _measured(INPUT, noise, targets, views, plain, steps)


def _measured(
    where: str,
    maps: Sequence[np.ndarray],
    targets: Sequence[Prediction],
    views: Sequence[ImageScore],
    plain: Plain,
    steps: int,
) -> Iterator[Control]:
    for target, view in zip(targets, views, strict=True):
        found = mean_of([measure(values, view, plain, steps) for values in maps])
        yield Control(where, target, found)
