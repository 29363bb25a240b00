"""Measures of maps, and beside them those of the control that any method must beat."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from nodelens.explaining.judging.faithfulness import (
    Faithfulness,
    Plain,
    Trial,
    faithfulness,
    mean_of,
)
from nodelens.explaining.judging.registry import DRAWS
from nodelens.explaining.methods.cam import positive_part, random_weights
from nodelens.explaining.methods.image_score import ImageScore
from nodelens.explaining.methods.pixels import INPUT
from nodelens.explaining.model.classes import Prediction
from nodelens.explaining.model.gradients import Evidence
from nodelens.explaining.model.layers import LayerRow


@dataclass(frozen=True)
class Control:
    """The measures of random maps, which a method must beat.

    Attributes:
        layer: The layer whose channels are weighted at random; `input` for random pixels.
        target: The explained class.
        faithfulness: The mean over several random maps.
    """

    layer: str
    target: Prediction
    faithfulness: Faithfulness


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
        evidence: The evidence of one photo.
        layers: The layers.
        targets: The explained classes.
        views: The view of each class.
        plain: The pixels that replace others.
        steps: Points of the curves.
        pixels: True if there are methods that need no layer.

    Yields:
        For each layer and class, and for the input and each class, the mean over `DRAWS` maps.
    """
    random_maps = [
        (layer.name, [_random_map(activations[0], seed) for seed in range(DRAWS)])
        for layer, activations in zip(layers, evidence.activations, strict=True)
    ]
    if pixels:
        size = views[0].image.shape[:2]
        noise = [np.random.default_rng(seed).random(size, np.float32) for seed in range(DRAWS)]
        random_maps.append((INPUT, noise))
    for where, maps in random_maps:
        for target, view in zip(targets, views, strict=True):
            trials = [Trial(each, view.image, view.probability_of, plain, steps) for each in maps]
            yield Control(where, target, mean_of(list(map(faithfulness, trials))))


def _random_map(activations: np.ndarray, seed: int) -> np.ndarray:
    return positive_part(activations @ random_weights(activations.shape[-1], seed))
