"""The comparison of methods over many pictures: means, and how sure they are."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import mean, stdev
from typing import Any

MEASURES = {
    "deletion": "deletion",
    "insertion": "insertion",
    "road": "road",
    "average_drop": "drop",
    "increase_in_confidence": "increase",
    "sparsity": "sparsity",
}
"""The means by their names, and what they are means of."""
LOCATED = {"pointing_game": "hit", "share_in_boxes": "share", "area_of_boxes": "area"}
"""The same where boxes are given."""
YES_OR_NO = ("increase_in_confidence", "pointing_game")
"""Those that are shares of maps of which something is true."""
CONFIDENCE = 0.95

Found = dict[str, dict[str, list[float]]]
"""For each measure and each picture the values of its maps."""


def metrics_document(images: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The means of each method at each layer, and beside them those of random maps.

    The maps of one picture are averaged first: they are not independent of each other. Intervals
    are Student's, of shares Wilson's, of 95 % confidence, over the pictures. `against_random` is
    the mean difference to the random maps of the same pictures, which is surer than the difference
    of the means.

    Args:
        images: The documents of the pictures.

    Returns:
        Plain data; nothing if nothing was measured. `maps` and `pictures` tell over how many the
        means go; empty maps are not measured.
    """
    found: dict[tuple[str, str], Found] = {}
    for image in images:
        for each in _rows(image):
            values = found.setdefault((each["method"], each["layer"]), {})
            for name, value in _values(each).items():
                values.setdefault(name, {}).setdefault(image["path"], []).append(value)
    return [
        _row(method, layer, values, found.get(("random", layer), {}))
        for (method, layer), values in found.items()
    ]


def wilson(share: float, count: int) -> tuple[float, float]:
    r"""Wilson's confidence interval of a share.

    $\frac{p + z^2 / 2n \pm z \sqrt{p (1 - p) / n + z^2 / 4n^2}}{1 + z^2 / n}$ (Wilson 1927).

    Args:
        share: From 0 to 1.
        count: Of how many it is a share.

    Returns:
        Its ends, from 0 to 1.
    """
    from scipy.stats import norm

    z = float(norm.ppf((1 + CONFIDENCE) / 2))
    middle = share + z**2 / (2 * count)
    half = z * (share * (1 - share) / count + z**2 / (4 * count**2)) ** 0.5
    below = 1 + z**2 / count
    return max((middle - half) / below, 0.0), min((middle + half) / below, 1.0)


def interval(values: Sequence[float]) -> tuple[float, float] | None:
    r"""Student's confidence interval of a mean, $\bar x \pm t_{n-1} s / \sqrt n$.

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


def _rows(image: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The measured maps of a picture; a control only where `random` was not asked for itself."""
    measured = [each for each in image["maps"] if each["metrics"] or each["localisation"]]
    yield from measured
    asked = {
        (each["layer"], each["class_index"]) for each in measured if each["method"] == "random"
    }
    for each in image.get("controls", ()):
        if (each["layer"], each["class_index"]) not in asked:
            yield each


def _values(each: Mapping[str, Any]) -> dict[str, float]:
    metrics, located = each["metrics"] or {}, each.get("localisation") or {}
    values = {name: metrics[key] for name, key in MEASURES.items() if key in metrics}
    values |= {name: located[key] for name, key in LOCATED.items() if key in located}
    return {name: float(value) for name, value in values.items()}


def _interval(name: str, means: Sequence[float]) -> tuple[float, float] | None:
    if name in YES_OR_NO and len(means) > 1:
        return wilson(mean(means), len(means))
    return interval(means)


def _row(method: str, layer: str, values: Found, control: Found) -> dict[str, Any]:
    pictures = {name: [mean(maps) for maps in its.values()] for name, its in values.items()}
    against = {}
    for name, its in values.items():
        shared = [path for path in its if path in control.get(name, {})]
        if method != "random" and shared:
            gaps = [mean(its[path]) - mean(control[name][path]) for path in shared]
            against[name] = {"mean": mean(gaps), "interval": interval(gaps)}
    first = next(iter(values.values()))
    return {
        "method": method,
        "layer": layer,
        "maps": sum(map(len, first.values())),
        "pictures": len(first),
        **{name: mean(means) for name, means in pictures.items()},
        "intervals": {name: _interval(name, means) for name, means in pictures.items()},
        "against_random": against,
    }
