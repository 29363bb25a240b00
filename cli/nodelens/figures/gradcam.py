"""The figure that explains one class of one photo: the photo, and the photo with its heat map."""

from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from PIL import Image

from nodelens.figures.overlay import COLOUR_MAP, SIGNED_COLOUR_MAP

DPI = 160
PNG_COMPRESSION = 3
"""Of zlib: four times faster than the usual 6, files a tenth larger."""
PANEL_PIXELS = 1000
"""A larger photo is shrunk for the figure; the overlay keeps the size of the photo."""

_INK = "#1f2328"
_FAINT = "#6e7781"
# Inches.
_PANEL = 4.55
_GAP = 0.22
_SCALE = 0.62
_WIDTH = _GAP + _PANEL + _GAP + _PANEL + _SCALE
_HEAD = 0.62
_FOOT = 0.38


class Scale(NamedTuple):
    """A scale of colours, with the words at both of its ends."""

    colours: str
    low: str
    high: str


ONE_SIGN = Scale(COLOUR_MAP, "none", "most")
BOTH_SIGNS = Scale(SIGNED_COLOUR_MAP, "against", "for")


def gradcam_figure(
    photo: np.ndarray,
    overlay: np.ndarray,
    title: str,
    words: str,
    footer: str,
    scale: Scale | None,
) -> Figure:
    """Draws the photo and its overlay side by side.

    Args:
        photo: `uint8` RGB, shape `(height, width, 3)`.
        overlay: The same, with the heat map blended in.
        title: The line above the overlay.
        words: A second line, fainter.
        footer: The line at the bottom.
        scale: `ONE_SIGN` or `BOTH_SIGNS` for the scale of colours; None where there is no colour.

    Returns:
        The figure; `figure.savefig(...)` writes it.
    """
    panel_height = min(max(_PANEL * photo.shape[0] / photo.shape[1], 0.4), 7.5)
    height = _HEAD + panel_height + _FOOT
    figure = Figure(figsize=(_WIDTH, height), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    bottom, tall, wide = _FOOT / height, panel_height / height, _PANEL / _WIDTH
    left = figure.add_axes((_GAP / _WIDTH, bottom, wide, tall))
    right = figure.add_axes(((_GAP * 2 + _PANEL) / _WIDTH, bottom, wide, tall))
    _show(left, photo, "Original image", "")
    _show(right, overlay, title, words)
    if scale:
        _add_scale(figure, right, scale)
    figure.text(
        _GAP / _WIDTH,
        _FOOT / height / 2,
        footer,
        color=_FAINT,
        fontsize=7.5,
        va="center",
        parse_math=False,
    )
    return figure


def _show(axes: Axes, pixels: np.ndarray, first: str, second: str) -> None:
    axes.imshow(_shrunk(pixels), interpolation="antialiased")
    axes.set_axis_off()
    axes.set_anchor("NW")
    _write_above(axes, first, 20, color=_INK, fontsize=11, weight="bold")
    _write_above(axes, second, 6, color=_FAINT, fontsize=9)


def _write_above(axes: Axes, text: str, points: float, **style: Any) -> None:
    axes.annotate(
        text,
        (0, 1),
        (0, points),
        xycoords="axes fraction",
        textcoords="offset points",
        parse_math=False,
        **style,
    )


def _add_scale(figure: Figure, beside: Axes, scale: Scale) -> None:
    """Adds a slim scale of colours at the right edge of a panel."""
    box = beside.get_position()
    axes = figure.add_axes((box.x1 + 0.08 / _WIDTH, box.y0, 0.1 / _WIDTH, box.height))
    colours = mpl.cm.ScalarMappable(Normalize(0, 1), scale.colours)
    bar = figure.colorbar(colours, cax=axes)
    bar.outline.set_visible(False)
    bar.set_ticks([0.01, 0.99], labels=[scale.low, scale.high])
    axes.tick_params(length=0, labelsize=7, labelcolor=_FAINT, pad=2)


def _shrunk(pixels: np.ndarray) -> np.ndarray:
    image = Image.fromarray(pixels)
    image.thumbnail((PANEL_PIXELS, PANEL_PIXELS))
    return np.asarray(image)
