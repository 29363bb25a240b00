"""The faithfulness of a map to what the model decides by: it is run on changed pictures.

Each measure has a limit: changed pictures are unlike those that the model was trained on, and a low
score may be due to that. What counts is the comparison with the control `random` on the same
pictures.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from nodelens.explaining.judging.imputation import impute
from nodelens.explaining.judging.registry import ROAD_SHARES, faithfulness_measures
from nodelens.explaining.methods.image_score import FORWARD_BATCH
from nodelens.explaining.pictures.scaling import divide_by_maximum, enlarge


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
    """The measures of a map; each of them is an attribute as well, such as `deletion`.

    Attributes:
        values: The value of each measure, by its name in `MEASURES`.
        curves: Their curves, by their names: the probability of the class over changed pixels.
    """

    values: Mapping[str, float]
    curves: Mapping[str, tuple[float, ...]]

    def __getattr__(self, name: str) -> Any:
        for found in ("values", "curves"):
            if name in self.__dict__.get(found, ()):
                return self.__dict__[found][name]
        raise AttributeError(f"no measure or curve is named {name!r}")


@dataclass(frozen=True)
class Trial:
    """A map that is to be measured.

    Attributes:
        values: The map, of any size, `(h, w)`.
        image: The preprocessed picture, `(height, width, channels)`.
        probability_of: From pictures to the probabilities of the class.
        plain: The pixels that replace others.
        steps: Points of the curves of deletion and insertion after the first.
    """

    values: np.ndarray
    image: np.ndarray
    probability_of: Callable[[np.ndarray], np.ndarray]
    plain: Plain
    steps: int

    @cached_property
    def large(self) -> np.ndarray:
        """The map in the size of the picture, `(height, width)`."""
        return enlarge(self.values, (self.image.shape[1], self.image.shape[0]))

    @cached_property
    def ranks(self) -> np.ndarray:
        """The place of each pixel from the largest value to the smallest.

        Pixels of equal value come in a random order, always the same.
        """
        chance = np.random.default_rng(0).random(self.large.size)
        order = np.lexsort((chance, -self.large.ravel()))
        ranks = np.empty(self.large.size, np.int64)
        ranks[order] = np.arange(self.large.size)
        return ranks.reshape(self.large.shape)

    @cached_property
    def shown(self) -> np.ndarray:
        """The positive part of the map, scaled to a maximum of one."""
        return divide_by_maximum(np.maximum(self.large, 0))

    @cached_property
    def before_and_after(self) -> tuple[float, float]:
        """The probability of the picture, and where only what the map marks is shown."""
        masked = self.plain.black + self.shown[..., None] * (self.image - self.plain.black)
        before, after = self.probability_of(np.stack([self.image, masked]))
        return before, after

    def curve(self, start: np.ndarray, end: np.ndarray) -> np.ndarray:
        """Returns the probability while one picture turns into the other, pixel by pixel."""
        counts = np.round(np.linspace(0, self.ranks.size, self.steps + 1)).astype(np.int64)
        parts = []
        for first in range(0, self.steps + 1, FORWARD_BATCH):
            changed = self.ranks < counts[first : first + FORWARD_BATCH, None, None]
            parts.append(self.probability_of(np.where(changed[..., None], end, start)))
        return np.concatenate(parts)


Measured = tuple[float, Sequence[np.ndarray]]
"""The value of a measure, and its curves in the order of its row in `MEASURES`."""


def faithfulness(trial: Trial) -> Faithfulness:
    """Measures a map by what the model says of pictures that are changed by it."""
    values: dict[str, float] = {}
    curves: dict[str, tuple[float, ...]] = {}
    for measure in faithfulness_measures():
        value, found = measure.load()(trial)
        values[measure.name] = float(value)
        names = measure.panel.curves if measure.panel else ()
        for name, curve in zip(names, found, strict=True):
            curves[name] = tuple(map(float, curve))
    return Faithfulness(values, curves)


def deletion(trial: Trial) -> Measured:
    """Measures the area under the deletion curve, 0…1 (Petsiuk et al. 2018, section 4.2).

    Pixels are replaced by grey, most relevant first.
    """
    curve = trial.curve(trial.image, trial.plain.grey)
    return _area(curve), [curve]


def insertion(trial: Trial) -> Measured:
    """Measures the area under the insertion curve, 0…1 (Petsiuk et al. 2018, section 4.2).

    The pixels of a blurred picture are replaced by those of the picture, most relevant first.
    """
    curve = trial.curve(trial.plain.blurred, trial.image)
    return _area(curve), [curve]


def road(trial: Trial) -> Measured:
    r"""Measures ROAD, -0.5…0.5 (Rong et al. 2022).

    The most and the least relevant pixels are taken away and filled in from their neighbours, see
    `impute`; $\frac{1}{2} (p_\mathrm{LeRF} - p_\mathrm{MoRF})$, averaged over `ROAD_SHARES`.
    """
    ranks = trial.ranks
    counts = np.round(np.array(ROAD_SHARES) * ranks.size)
    most, least = (
        trial.probability_of(np.stack([impute(trial.image, places < count) for count in counts]))
        for places in (ranks, ranks.size - 1 - ranks)
    )
    return (least - most).mean() / 2, [most, least]


def drop(trial: Trial) -> Measured:
    r"""Measures the share of the probability that is lost, 0…1 (Chattopadhay et al. 2018, 4.1).

    $\max(0, p(x) - p(L \odot x)) / p(x)$ with the positive part of the map scaled to a maximum of
    one as $L$. Its mean over pictures is the average drop.
    """
    before, after = trial.before_and_after
    return (max(0, before - after) / before if before > 0 else 0.0), []


def increase(trial: Trial) -> Measured:
    """Measures whether the probability rises instead, 0 or 1 (Chattopadhay et al. 2018, 4.1).

    The share of pictures where it does is the increase in confidence.
    """
    before, after = trial.before_and_after
    return float(after > before), []


def sparsity(trial: Trial) -> Measured:
    """Measures the Gini index of the positive part (Chalasani et al. 2020, section 3).

    It is 0 where the map is the same everywhere, and nearly 1 where it marks one pixel.
    """
    return gini(trial.shown), []


def mean_of(found: Sequence[Faithfulness]) -> Faithfulness:
    """Returns the mean of at least one measurement, curves included."""

    def mean(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        return {name: np.mean([part[name] for part in parts], axis=0).tolist() for name in parts[0]}

    curves = mean([each.curves for each in found])
    return Faithfulness(
        mean([each.values for each in found]),
        {name: tuple(curve) for name, curve in curves.items()},
    )


def gini(values: np.ndarray) -> float:
    r"""Computes the Gini index of a map, the inequality of its distribution over the picture.

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
    """Returns the area under a curve over 0…1, by the trapezoidal rule."""
    return float((curve[1:] + curve[:-1]).mean() / 2)
