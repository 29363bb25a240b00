"""The curves by which maps are judged: deletion, insertion, ROAD, and the shuffling of weights."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nodelens.figures.style import INK, MUTED, SERIES, new_figure, tidy

_DASHES = ("-", "--", ":", "-.")


@dataclass(frozen=True)
class JudgedMap:
    """The curves of one map, the probability of the class in each.

    Attributes:
        name: Of the map.
        control: Whether it is the random control.
        deletion: With 0, 1/n, … 1 of the pixels deleted.
        insertion: With so many inserted.
        most: Without some of the pixels, the most relevant ones.
        least: Without the least relevant ones.
    """

    name: str
    control: bool
    deletion: Sequence[float]
    insertion: Sequence[float]
    most: Sequence[float]
    least: Sequence[float]


def metrics_figure(maps: Sequence[JudgedMap], shares: Sequence[float]) -> Figure:
    """Draws the curves of all maps of one picture.

    Args:
        maps: The maps.
        shares: Of the pixels that ROAD takes away.

    Returns:
        The figure: deletion, insertion and ROAD, each with what it cannot show.
    """
    figure = new_figure(12.5, 4.3)
    deletion, insertion, road = figure.subplots(1, 3, sharey=True)
    tidy(deletion, "Deletion: lower is better", _x("deleted"), "probability of the class")
    tidy(insertion, "Insertion: higher is better", _x("inserted"))
    tidy(road, "ROAD: a wide gap is better", _x("taken away and filled in"))
    styles = _styles([each.name for each in maps], {each.name for each in maps if each.control})
    for each in maps:
        style = styles[each.name]
        for axes, curve in ((deletion, each.deletion), (insertion, each.insertion)):
            axes.plot([n / (len(curve) - 1) for n in range(len(curve))], curve, **style)
        style = {**style, "label": None}
        road.plot(shares, each.least, marker="^", markersize=4, **style)
        road.plot(shares, each.most, marker="v", markersize=4, **style)
    deletion.set_ylim(-0.02, 1.02)
    _note(deletion, "Grey holes are like no photo: part of the fall is due to them.")
    _note(insertion, "Favours maps in one piece; a blurred photo still tells its colours.")
    _note(road, "▲ least, ▼ most relevant first. Favours coarse maps.")
    figure.legend(*deletion.get_legend_handles_labels(), loc="outside lower left", ncols=4,
                  fontsize=8, frameon=False)  # fmt: skip
    return figure


def sanity_figure(layers: Sequence[str], curves: Mapping[str, Sequence[float | None]]) -> Figure:
    """Draws what becomes of maps while the weights are shuffled.

    Args:
        layers: In the order in which they are shuffled.
        curves: For each map its rank correlation with the one before, after each layer.

    Returns:
        The figure.
    """
    figure = new_figure(9, 4.3)
    axes = figure.subplots()
    tidy(axes, "Shuffling the weights: falls to zero if the map depends on them",
         "shuffled down to this layer", "rank correlation with the map")  # fmt: skip
    places = range(len(layers) + 1)
    styles = _styles(list(curves), set())
    for name, curve in curves.items():
        axes.plot(places, [1.0, *(float("nan") if x is None else x for x in curve)], **styles[name])
    step = max(1, len(layers) // 20)
    axes.set_xticks(list(places)[::step], ["none", *layers][::step], rotation=60, ha="right")
    axes.tick_params(labelsize=7)
    axes.axhline(0, color=INK, linewidth=0.8)
    axes.set_ylim(-1.05, 1.05)
    _note(axes, "A map may change and still be wrong: the test only finds those that do not.")
    axes.legend(fontsize=8, frameon=False)
    return figure


def _x(what: str) -> str:
    return f"share of the pixels {what}"


def _styles(names: Sequence[str], controls: set[str]) -> dict[str, dict[str, Any]]:
    shown = [name for name in names if name not in controls]
    styles: dict[str, dict[str, Any]] = {
        name: {"color": SERIES[n % len(SERIES)], "linestyle": _DASHES[n // len(SERIES) % 4]}
        for n, name in enumerate(shown)
    }
    styles |= {
        name: {"color": MUTED, "linestyle": _DASHES[1 + n % 3]}
        for n, name in enumerate(sorted(controls))
    }
    return {name: {**style, "label": name, "linewidth": 1.5} for name, style in styles.items()}


def _note(axes: Axes, text: str) -> None:
    axes.annotate(
        text, (0, 1), (0, 3), xycoords="axes fraction", textcoords="offset points",
        fontsize=7.5, color=MUTED, va="bottom",
    )  # fmt: skip
    axes.set_title(axes.get_title(loc="left"), loc="left", fontsize=10, color=INK,
                   fontweight="bold", pad=16)  # fmt: skip
