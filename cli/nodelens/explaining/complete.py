"""Results of explaining again: all frames of an animation, and maps of shuffled weights."""

from dataclasses import replace
from typing import Any

import numpy as np

from nodelens.explaining.explainer import Explainer
from nodelens.explaining.explanation import Explanation
from nodelens.explaining.judging.sanity import Sanity, copy_of, rank_correlation, shuffle_from_top
from nodelens.explaining.model.classifier import Classifier
from nodelens.explaining.pictures.photo import Photo


def explain_frames(explainer: Explainer, first: Explanation, size: int) -> Explanation:
    """Explains every frame of an animation for the classes that its first frame is explained for.

    Args:
        explainer: The model and the settings.
        first: The explanation of the first frame.
        size: The most frames that the model sees at once.

    Returns:
        The explanation, with the maps of all frames; as it is if the photo does not move.

    Raises:
        OutOfMemoryError: The memory is not enough for so many frames.
    """
    photo = first.photo
    if photo.frames is None:
        return first
    same = _again(explainer, first)
    pictures = photo.frames.pictures
    size = min(size, len(pictures))
    found: list[list[np.ndarray]] = []
    for start in range(0, len(pictures), size):
        part = pictures[start : start + size]
        batch = [same.prepare(Photo(photo.path, photo.sha256, picture)) for picture in part]
        for explanation in same.explain_batch(batch, size):
            found.append([heat_map.values for heat_map in explanation.maps])
    maps = [
        replace(heat_map, frames=np.stack(values))
        for heat_map, values in zip(first.maps, zip(*found, strict=True), strict=True)
    ]
    return replace(first, maps=tuple(maps))


def with_sanity(explainer: Explainer, explanation: Explanation) -> Explanation:
    """Adds to an explanation the change of its maps when the weights are shuffled.

    Cascading randomization (Adebayo et al. 2018, section 3.1): from the top of the network down one
    layer after the other loses what it has learned, and the maps of the same classes are made anew.
    Here the weights of a layer are shuffled, so that they keep their distribution. The maps
    are compared before the ReLU, by Spearman's rank correlation. The model itself is not touched.

    Args:
        explainer: The model and the settings.
        explanation: The explanation.

    Returns:
        The explanation with its `sanity`.

    Raises:
        UsageError: The model cannot be copied.
    """
    copied = copy_of(explainer.classifier)
    again = _again(explainer, explanation, copied, signed=True, region=None, boxes=None)
    before = [each.values for each in again.explain(explanation.photo).maps]
    layers: list[str] = []
    rows: list[list[float | None]] = []
    for layer in shuffle_from_top(copied, explainer.settings.seed):
        layers.append(layer)
        maps = again.explain(explanation.photo).maps
        rows.append(
            [rank_correlation(old, new.values) for old, new in zip(before, maps, strict=True)]
        )
    curves = tuple(tuple(row[number] for row in rows) for number in range(len(before)))
    return replace(explanation, sanity=Sanity(tuple(layers), curves))


def _again(
    explainer: Explainer,
    explanation: Explanation,
    classifier: Classifier | None = None,
    **changes: Any,
) -> Explainer:
    """Makes an explainer of the same classes, without measures, with other settings."""
    classes = tuple(dict.fromkeys(each.target.index for each in explanation.maps))
    changes |= {"classes": classes, "top_k": 1, "metrics": False}
    settings = explainer.settings.model_copy(update=changes)
    return Explainer(classifier or explainer.classifier, settings)
