"""The path of one hidden number through a residual network and an ODE network.

The figure follows figure 1 of Chen et al. 2018: the residual network defines a sequence of finite
jumps, the ODE network a vector field that moves the state continuously.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from nodelens.figures.style import BLUE, INK, MUTED, ORANGE, legend, new_figure, tidy, to_png


@dataclass(frozen=True)
class DepthPanel:
    """One network's panel.

    Attributes:
        name: Its kind and its quality.
        depths: The depths at which its states are known, shape [depths].
        paths: The hidden state of some inputs there, shape [depths, paths].
        evaluated: Depth and state of each evaluation of the field, shape [evaluations, 2].
        field_depths: Depths of the arrows, shape [rows].
        field_states: States of the arrows, shape [columns].
        field: dh/d(depth), or the jump, shape [rows, columns].
    """

    name: str
    depths: np.ndarray
    paths: np.ndarray
    evaluated: np.ndarray
    field_depths: np.ndarray
    field_states: np.ndarray
    field: np.ndarray


def draw_depth(title: str, panels: Sequence[DepthPanel]) -> bytes:
    """Draws the networks side by side, input at the bottom, output at the top.

    Args:
        title: The data.
        panels: One for each network.

    Returns:
        The bytes of a PNG file.
    """
    figure = new_figure(5.2 * len(panels), 5.6)
    for axes, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        _panel(axes, panel)
    figure.suptitle(title, fontsize=12, color=INK)
    return to_png(figure)


def _panel(axes: Axes, panel: DepthPanel) -> None:
    step = float(panel.field_depths[1] - panel.field_depths[0])
    columns, rows = np.meshgrid(panel.field_states, panel.field_depths)
    axes.quiver(
        columns, rows, panel.field * step, np.full_like(panel.field, step),
        angles="xy", scale_units="xy", scale=1.6, width=0.0025, color=MUTED, alpha=0.7,
    )  # fmt: skip
    for path in panel.paths.T:
        axes.plot(path, panel.depths, color=BLUE, linewidth=1.1)
    axes.plot(
        panel.evaluated[:, 1], panel.evaluated[:, 0], "o", color=ORANGE, markersize=3.2,
        markeredgecolor="white", markeredgewidth=0.3, label="evaluations of the field",
    )  # fmt: skip
    tidy(axes, panel.name, "input / hidden / output", "depth")
    axes.set_xlim(panel.field_states[0], panel.field_states[-1])
    low, high = panel.depths[0], panel.depths[-1]
    axes.set_ylim(low - 0.05 * (high - low), high + 0.05 * (high - low))
    legend(axes)
