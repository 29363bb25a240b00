"""The comparison of methods over many pictures: means, and their confidence intervals."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, stdev

from nodelens.explaining.judging.measuring import Control
from nodelens.explaining.judging.registry import MEASURES
from nodelens.explaining.result import MapResult, PictureResult

CONFIDENCE = 0.95

Interval = tuple[float, float]
Found = dict[str, dict[int, list[float]]]
"""For each measure and the number of each picture the values of its maps."""


@dataclass(frozen=True)
class Mean:
    """The mean of one measure over pictures.

    Attributes:
        value: The mean.
        interval: Its confidence interval; None where there is but one picture.
        gap: The mean difference to the random maps of the same pictures, and its interval; None
            for random maps themselves, and where there are none.
    """

    value: float
    interval: Interval | None
    gap: tuple[float, Interval | None] | None = None


@dataclass(frozen=True)
class MethodMeans:
    """The means of one method at one layer.

    Attributes:
        method: Name of the method.
        layer: Name of the layer.
        maps: The number of maps; empty ones are not measured.
        pictures: The number of pictures.
        means: The means that there are, by the names `Measure.mean`.
    """

    method: str
    layer: str
    maps: int
    pictures: int
    means: Mapping[str, Mean]


def compare_methods(pictures: Sequence[PictureResult]) -> list[MethodMeans]:
    """Averages the measures of each method at each layer, and beside them those of random maps.

    The maps of one picture are averaged first: they are not independent of each other. Intervals
    are Student's, of shares Wilson's, of 95 % confidence, over the pictures. The mean difference to
    the random maps of the same pictures is surer than the difference of the means.

    Args:
        pictures: The pictures.

    Returns:
        One row for each method and layer; none if nothing was measured.
    """
    found: dict[tuple[str, str], Found] = {}
    for number, picture in enumerate(pictures):
        for method, each in _measured(picture):
            values = found.setdefault((method, each.layer), {})
            for name, value in _values(each).items():
                values.setdefault(name, {}).setdefault(number, []).append(value)
    return [
        _row(method, layer, values, found.get(("random", layer), {}))
        for (method, layer), values in found.items()
    ]


def wilson(share: float, count: int) -> Interval:
    r"""Computes Wilson's confidence interval of a share.

    $\frac{p + z^2 / 2n \pm z \sqrt{p (1 - p) / n + z^2 / 4n^2}}{1 + z^2 / n}$ (Wilson 1927).

    Args:
        share: From 0 to 1.
        count: The number of cases of which it is a share.

    Returns:
        Its ends, from 0 to 1.
    """
    from scipy.stats import norm

    z = float(norm.ppf((1 + CONFIDENCE) / 2))
    middle = share + z**2 / (2 * count)
    half = z * (share * (1 - share) / count + z**2 / (4 * count**2)) ** 0.5
    below = 1 + z**2 / count
    return max((middle - half) / below, 0.0), min((middle + half) / below, 1.0)


def interval(values: Sequence[float]) -> Interval | None:
    r"""Computes Student's confidence interval of a mean, $\bar x \pm t_{n-1} s / \sqrt n$.

    Args:
        values: The values.

    Returns:
        Its ends; None for fewer than two values.
    """
    from scipy.stats import t

    if len(values) < 2:
        return None
    half = float(t.ppf((1 + CONFIDENCE) / 2, len(values) - 1)) * stdev(values) / len(values) ** 0.5
    return mean(values) - half, mean(values) + half


def _measured(picture: PictureResult) -> Iterator[tuple[str, MapResult | Control]]:
    """Yields what was measured; a control only where `random` was not requested itself."""
    measured = [each for each in picture.maps if each.faithfulness or each.localisation]
    yield from ((each.method, each) for each in measured)
    random = {(each.layer, each.target.index) for each in measured if each.method == "random"}
    for control in picture.controls:
        if (control.layer, control.target.index) not in random:
            yield "random", control


def _values(each: MapResult | Control) -> dict[str, float]:
    located = each.localisation if isinstance(each, MapResult) else None
    there = {
        **(each.faithfulness.values if each.faithfulness else {}),
        **(vars(located) if located else {}),
    }
    return {row.mean: float(there[name]) for name, row in MEASURES.items() if name in there}


def _interval(name: str, means: Sequence[float]) -> Interval | None:
    shares = {row.mean for row in MEASURES.values() if row.is_share}
    if name in shares and len(means) > 1:
        return wilson(mean(means), len(means))
    return interval(means)


def _row(method: str, layer: str, values: Found, control: Found) -> MethodMeans:
    means = {}
    for name, its in values.items():
        random = {} if method == "random" else control.get(name, {})
        gaps = [mean(its[number]) - mean(random[number]) for number in its if number in random]
        gap = (mean(gaps), interval(gaps)) if gaps else None
        pictures = [mean(maps) for maps in its.values()]
        means[name] = Mean(mean(pictures), _interval(name, pictures), gap)
    first = next(iter(values.values()))
    return MethodMeans(method, layer, sum(map(len, first.values())), len(first), means)
