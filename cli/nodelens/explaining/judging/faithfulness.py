"""Does a map mark what the model decides by? The model is asked about changed pictures.

Each measure has a limit: changed pictures are unlike those that the model was trained on, and a low
score may be due to that. What counts is the comparison with the control `random` on the same
pictures.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from nodelens.explaining.judging.imputation import impute
from nodelens.explaining.methods.image_score import FORWARD_BATCH
from nodelens.figures.overlay import divide_by_maximum, enlarge

ROAD_SHARES = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Shares of the pixels that ROAD takes away."""


@dataclass(frozen=True)
class Plain:
    """Pictures with nothing to see, preprocessed `(height, width, channels)`.

    Attributes:
        blurred: The picture blurred.
        grey: Middle grey everywhere.
        black: Black everywhere.
    """

    blurred: np.ndarray
    grey: np.ndarray
    black: np.ndarray


@dataclass(frozen=True)
class Faithfulness:
    """How a map stands the test.

    Attributes:
        deletion: Area under the deletion curve, 0…1; low is good.
        insertion: Area under the insertion curve, 0…1; high is good.
        road: By how much more of the probability is left without the least relevant pixels than
            without the most relevant ones, halved and averaged over `ROAD_SHARES`, -0.5…0.5; high
            is good.
        drop: Share of the probability that is lost when only what the map marks is shown, 0…1; low
            is good. Its mean over pictures is the average drop.
        increase: Whether the probability rises instead, 0 or 1. The share of pictures where it does
            is the increase in confidence.
        sparsity: Gini index of the map, from 0 where it is the same everywhere to nearly 1 where
            it marks one pixel.
        deletion_curve: Probability of the class with 0, 1/n, … of the pixels deleted.
        insertion_curve: The same with so many inserted.
        road_most_curve: The same without `ROAD_SHARES` of the pixels, most relevant first.
        road_least_curve: Least relevant first.
    """

    deletion: float
    insertion: float
    road: float
    drop: float
    increase: float
    sparsity: float
    deletion_curve: tuple[float, ...]
    insertion_curve: tuple[float, ...]
    road_most_curve: tuple[float, ...]
    road_least_curve: tuple[float, ...]


def faithfulness(
    values: np.ndarray,
    image: np.ndarray,
    probability_of: Callable[[np.ndarray], np.ndarray],
    plain: Plain,
    *,
    steps: int,
) -> Faithfulness:
    r"""Measures a map by what the model says of pictures that are changed by it.

    Deletion and insertion (Petsiuk et al. 2018, section 4.2): in the order of the map, pixels are
    replaced by grey, or those of a blurred picture by the pixels. Pixels of equal value come in a
    random order, always the same.

    ROAD (Rong et al. 2022): the most and the least relevant pixels are taken away and filled in
    from their neighbours, see `impute`; $\frac{1}{2} (p_\mathrm{LeRF} - p_\mathrm{MoRF})$.

    Drop (Chattopadhay et al. 2018, section 4.1): $\max(0, p(x) - p(L \odot x)) / p(x)$, with the
    positive part of the map scaled to a maximum of one as $L$.

    Sparsity: the Gini index of the positive part (Chalasani et al. 2020, section 3).

    Args:
        values: The map, of any size, `(h, w)`.
        image: The preprocessed picture, `(height, width, channels)`.
        probability_of: From pictures to the probabilities of the class.
        plain: What pixels are replaced by.
        steps: Points of the curves of deletion and insertion after the first.

    Returns:
        The measures.
    """
    height, width = image.shape[:2]
    large = enlarge(values, (width, height))
    ranks = _ranks(large)
    deletion = _curve(probability_of, image, plain.grey, ranks, steps)
    insertion = _curve(probability_of, plain.blurred, image, ranks, steps)
    counts = np.round(np.array(ROAD_SHARES) * ranks.size)
    most, least = (
        probability_of(np.stack([impute(image, places < count) for count in counts]))
        for places in (ranks, ranks.size - 1 - ranks)
    )
    shown = divide_by_maximum(np.maximum(large, 0))
    masked = plain.black + shown[..., None] * (image - plain.black)
    before, after = probability_of(np.stack([image, masked]))
    return Faithfulness(
        deletion=_area(deletion),
        insertion=_area(insertion),
        road=float((least - most).mean() / 2),
        drop=float(max(0, before - after) / before) if before > 0 else 0.0,
        increase=float(after > before),
        sparsity=gini(shown),
        deletion_curve=tuple(map(float, deletion)),
        insertion_curve=tuple(map(float, insertion)),
        road_most_curve=tuple(map(float, most)),
        road_least_curve=tuple(map(float, least)),
    )


def mean_of(found: Sequence[Faithfulness]) -> Faithfulness:
    """The mean of several measurements, curves included.

    Args:
        found: At least one.

    Returns:
        The means.
    """
    means: dict[str, Any] = {}
    for field in fields(Faithfulness):
        mean = np.mean([getattr(each, field.name) for each in found], axis=0).tolist()
        means[field.name] = tuple(mean) if isinstance(mean, list) else mean
    return Faithfulness(**means)


def gini(values: np.ndarray) -> float:
    r"""The Gini index: how unequally a map is distributed over the picture.

    $1 - 2 \sum_k \frac{v_{(k)}}{\lVert v \rVert_1} \frac{N - k + 1/2}{N}$ with the values in
    ascending order (Hurley & Rickard 2009, table 1).

    Args:
        values: Nowhere negative, any shape.

    Returns:
        From 0 to 1.
    """
    ordered = np.sort(values, axis=None).astype(float)
    total, count = ordered.sum(), ordered.size
    if total == 0:
        return 0.0
    return float(1 - 2 * (ordered / total) @ ((count - np.arange(1, count + 1) + 0.5) / count))


def _area(curve: np.ndarray) -> float:
    """Under a curve over 0…1, by the trapezoidal rule."""
    return float((curve[1:] + curve[:-1]).mean() / 2)


def _ranks(values: np.ndarray) -> np.ndarray:
    """The place of each pixel in the order from the largest value to the smallest."""
    chance = np.random.default_rng(0).random(values.size)
    order = np.lexsort((chance, -values.ravel()))
    ranks = np.empty(values.size, np.int64)
    ranks[order] = np.arange(values.size)
    return ranks.reshape(values.shape)


def _curve(
    probability_of: Callable[[np.ndarray], np.ndarray],
    start: np.ndarray,
    end: np.ndarray,
    ranks: np.ndarray,
    steps: int,
) -> np.ndarray:
    """The probability while one picture turns into the other, pixel by pixel."""
    counts = np.round(np.linspace(0, ranks.size, steps + 1)).astype(np.int64)
    parts = []
    for first in range(0, steps + 1, FORWARD_BATCH):
        changed = ranks < counts[first : first + FORWARD_BATCH, None, None]
        parts.append(probability_of(np.where(changed[..., None], end, start)))
    return np.concatenate(parts)
