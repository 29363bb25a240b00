"""The curves by which maps are judged: those of measures, and of the shuffling of weights."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nodelens.figures.style import INK, MUTED, SERIES, new_figure, tidy

_DASHES = ("-", "--", ":", "-.")
_PAIR = ("v", "^")
"""The markers of two curves: most and least relevant pixels first."""


@dataclass(frozen=True)
class CurvePanel:
    """The curves of one measure for several maps.

    Attributes:
        title: The heading.
        x: The name of the axis of the pixels.
        note: What the curves cannot show.
        curves: For each map one or two curves, the probability of the class at each point.
        shares: The share of the pixels at each point; evenly from 0 to 1 if empty.
    """

    title: str
    x: str
    note: str
    curves: Sequence[Sequence[Sequence[float]]]
    shares: Sequence[float] = ()


def metrics_figure(
    names: Sequence[str], controls: Set[str], panels: Sequence[CurvePanel]
) -> Figure:
    """Draws the curves of all maps of one picture.

    Args:
        names: The names of the maps.
        controls: Those of them that are random controls.
        panels: The curves of each measure.

    Returns:
        The figure, a panel for each measure; two curves of one map are told apart by triangles.
    """
    figure = new_figure(12.5 / 3 * len(panels), 4.3)
    styles = _styles(names, controls)
    row = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axes, panel in zip(row, panels, strict=True):
        tidy(axes, panel.title, panel.x, "probability of the class" if axes is row[0] else "")
        for name, curves in zip(names, panel.curves, strict=True):
            markers = _PAIR if len(curves) > 1 else ("",)
            for curve, marker in zip(curves, markers, strict=True):
                shares = panel.shares or [n / (len(curve) - 1) for n in range(len(curve))]
                axes.plot(shares, curve, marker=marker, markersize=4, **styles[name])
        _note(axes, panel.note)
    row[0].set_ylim(-0.02, 1.02)
    figure.legend(*row[0].get_legend_handles_labels(), loc="outside lower left", ncols=4,
                  fontsize=8, frameon=False)  # fmt: skip
    return figure


def sanity_figure(layers: Sequence[str], curves: Mapping[str, Sequence[float | None]]) -> Figure:
    """Draws the correlation of maps with what they were, while the weights are shuffled.

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


def _styles(names: Sequence[str], controls: Set[str]) -> dict[str, dict[str, Any]]:
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
