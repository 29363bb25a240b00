"""Does a map mark what the model decides by? The model is asked about changed pictures.

Each measure has a limit: changed pictures are unlike those that the model was trained on, and a low
score may be due to that. What counts is the comparison with the control `random` on the same
pictures.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nodelens.explain.image_score import FORWARD_BATCH
from nodelens.report.figures.overlay import divide_by_maximum, enlarge


@dataclass(frozen=True)
class Faithfulness:
    """How a map stands the test.

    Attributes:
        deletion: Area under the deletion curve, 0…1; low is good.
        insertion: Area under the insertion curve, 0…1; high is good.
        drop: Share of the probability that is lost when only what the map marks is shown, 0…1; low
            is good. Its mean over pictures is the average drop.
        increase: Whether the probability rises instead. The share of pictures where it does is the
            increase in confidence.
        deletion_curve: Probability of the class with 0, 1/n, … of the pixels deleted.
        insertion_curve: The same with so many inserted.
    """

    deletion: float
    insertion: float
    drop: float
    increase: bool
    deletion_curve: tuple[float, ...]
    insertion_curve: tuple[float, ...]


def faithfulness(
    values: np.ndarray,
    image: np.ndarray,
    probability_of: Callable[[np.ndarray], np.ndarray],
    *,
    blurred: np.ndarray,
    black: np.ndarray,
    steps: int,
) -> Faithfulness:
    r"""Measures a map by deletion, insertion and the drop of confidence.

    Deletion and insertion (Petsiuk et al. 2018, section 4.2): the pixels, in the order of the map,
    are replaced by those of the blurred picture, or those of the blurred picture by them. (There
    the deleted pixels are grey; blurred ones tear no edges into the picture.) Pixels of equal value
    come in a random order, always the same.

    Drop (Chattopadhay et al. 2018, section 4.1): $\max(0, p(x) - p(L \odot x)) / p(x)$, with the
    positive part of the map scaled to a maximum of one as $L$.

    Args:
        values: The map, of any size, `(h, w)`.
        image: The preprocessed picture, `(height, width, channels)`.
        probability_of: From pictures to the probabilities of the class.
        blurred: The picture blurred, preprocessed.
        black: A black picture, preprocessed.
        steps: Points of the curves after the first.

    Returns:
        The measures.
    """
    height, width = image.shape[:2]
    large = enlarge(values, (width, height))
    ranks = _ranks(large)
    deletion = _curve(probability_of, image, blurred, ranks, steps)
    insertion = _curve(probability_of, blurred, image, ranks, steps)
    shown = divide_by_maximum(np.maximum(large, 0))[..., None]
    before, after = probability_of(np.stack([image, black + shown * (image - black)]))
    return Faithfulness(
        deletion=_area(deletion),
        insertion=_area(insertion),
        drop=float(max(0, before - after) / before) if before > 0 else 0.0,
        increase=bool(after > before),
        deletion_curve=tuple(map(float, deletion)),
        insertion_curve=tuple(map(float, insertion)),
    )


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
