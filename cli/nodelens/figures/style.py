"""The style of all figures: quiet axes, a small palette, no global state of Matplotlib."""

import io
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import ScaledTranslation

# The palette of Okabe and Ito: distinct for every kind of colour vision.
INK = "#222222"
MUTED = "#8a8a8a"
BLUE = "#0072b2"
ORANGE = "#d55e00"
GREEN = "#009e73"
PURPLE = "#cc79a7"
SERIES = (BLUE, ORANGE, GREEN, PURPLE)
MANY = (*SERIES, "#e69f00", "#56b4e9", "#7a4b1f", "#6a3d9a", "#8c9a00", INK)
"""Colours of trajectories, of which more are drawn than of other things."""


def new_figure(width: float, height: float) -> Figure:
    """Makes an empty figure of a size in inches, with a constrained layout."""
    return Figure(figsize=(width, height), dpi=150, layout="constrained", facecolor="white")


def tidy(axes: Axes, title: str, x: str = "", y: str = "") -> None:
    """Sets the title and the labels of axes, and removes the frame at the top and the right."""
    axes.set_title(title, loc="left", fontsize=10, color=INK, fontweight="bold")
    axes.set_xlabel(x, fontsize=9, color=INK)
    axes.set_ylabel(y, fontsize=9, color=INK)
    axes.tick_params(which="both", labelsize=8, colors=INK)
    axes.yaxis.get_offset_text().set_fontsize(8)
    axes.xaxis.get_offset_text().set_fontsize(8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(visible=True, color="#eeeeee", linewidth=0.8)
    axes.set_axisbelow(True)


BELOW = 34
"""The distance of a legend from the axes above it, in points: room for their labels."""


def legend(
    axes: Axes, columns: int = 4, handles: Sequence[Any] = (), labels: Sequence[str] = ()
) -> None:
    """Adds a legend below the axes, where it hides no data: of what they show, or of others."""
    figure = axes.figure
    if not handles:
        handles, labels = axes.get_legend_handles_labels()
    count = len(labels)
    axes.legend(
        handles,
        labels,
        fontsize=8,
        frameon=False,
        ncols=min(columns, max(1, count)),
        loc="upper center",
        bbox_to_anchor=(0.5, 0.0),
        bbox_transform=axes.transAxes + ScaledTranslation(0, -BELOW / 72, figure.dpi_scale_trans),
        borderaxespad=0,
    )


def colour_bar(axes: Axes, mapped: Any, label: str, shrink: float) -> None:
    """Adds a colour bar without a frame."""
    bar = axes.figure.colorbar(mapped, ax=axes, shrink=shrink, pad=0.02)
    bar.set_label(label, fontsize=8, color=INK)
    bar.ax.tick_params(labelsize=7)
    bar.outline.set_visible(False)


def to_png(figure: Figure) -> bytes:
    """Returns the figure as the bytes of a PNG file, without a date in it."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()
