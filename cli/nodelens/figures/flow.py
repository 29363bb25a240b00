"""The figure of a network on points of the plane: its decisions, and the paths of the points."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from nodelens.figures.style import INK, SERIES, legend, new_figure, tidy, to_png


@dataclass(frozen=True)
class FlowPanel:
    """One network's row of the figure.

    Attributes:
        name: Its kind and its quality.
        classes: The names of the classes.
        points: Samples that it has not seen, shape [samples, 2].
        labels: Their classes, shape [samples].
        grid: A grid of the plane, shape [rows, columns, 2].
        decided: The class of each point of it, shape [rows, columns].
        paths: States of some of the samples inside the block, shape [depths, paths, components].
        path_labels: Their classes, shape [paths].
    """

    name: str
    classes: tuple[str, ...]
    points: np.ndarray
    labels: np.ndarray
    grid: np.ndarray
    decided: np.ndarray
    paths: np.ndarray
    path_labels: np.ndarray


def draw_flow(title: str, panels: Sequence[FlowPanel]) -> bytes:
    """Draws each network's decisions and flow; a flow of three components or more in space.

    Args:
        title: The data.
        panels: One for each network.

    Returns:
        The bytes of a PNG file.
    """
    figure = new_figure(9.6, 4.4 * len(panels))
    for row, panel in enumerate(panels):
        _decisions(figure.add_subplot(len(panels), 2, 2 * row + 1), panel)
        _flow(figure, (len(panels), 2, 2 * row + 2), panel)
    figure.suptitle(title, fontsize=12, color=INK)
    return to_png(figure)


def _colour(label: int) -> str:
    return SERIES[label % len(SERIES)]


def _decisions(axes: Axes, panel: FlowPanel) -> None:
    grid, count = panel.grid, len(panel.classes)
    colours = ListedColormap([_colour(label) for label in range(count)])
    levels = np.arange(count + 1) - 0.5
    x, y = grid[0, :, 0], grid[:, 0, 1]
    axes.contourf(x, y, panel.decided, levels=levels, cmap=colours, alpha=0.18)
    axes.contour(x, y, panel.decided, levels=levels[1:-1], colors=INK, linewidths=1.0)
    for label, name in enumerate(panel.classes):
        mine = panel.points[panel.labels == label]
        axes.plot(*mine.T, ".", color=_colour(label), markersize=4, label=name)
    tidy(axes, panel.name, "x₁", "x₂")
    axes.set_aspect("equal")
    legend(axes)


def _flow(figure: Figure, place: tuple[int, int, int], panel: FlowPanel) -> None:
    paths, dimension = panel.paths, panel.paths.shape[-1]
    space = dimension >= 3
    axes: Any = figure.add_subplot(*place, projection="3d" if space else None)
    shown = min(dimension, 3)
    for path, label in zip(np.moveaxis(paths, 1, 0), panel.path_labels, strict=True):
        colour = _colour(int(label))
        axes.plot(*path[:, :shown].T, color=colour, linewidth=0.6, alpha=0.35)
    for label in range(len(panel.classes)):
        ends = paths[-1, panel.path_labels == label, :shown]
        axes.plot(*ends.T, ".", color=_colour(label), markersize=4)
    words = "Paths through the block"
    if space:
        axes.set_title(words, loc="left", fontsize=10, color=INK, fontweight="bold")
        axes.set_xlabel("z₁", fontsize=9)
        axes.set_ylabel("z₂", fontsize=9)
        axes.set_zlabel("z₃, zero at the start", fontsize=9)
        axes.tick_params(labelsize=7)
        axes.view_init(elev=18, azim=-60)
        axes.set_box_aspect(None, zoom=0.85)
    else:
        tidy(axes, words, "z₁", "z₂")
        axes.set_aspect("equal", adjustable="datalim")
