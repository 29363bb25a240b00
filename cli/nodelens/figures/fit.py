"""The figure of a trained Neural ODE: trajectory, phase portrait, vector field, loss."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from nodelens.figures.style import (
    BLUE,
    INK,
    MUTED,
    ORANGE,
    SERIES,
    colour_bar,
    legend,
    new_figure,
    tidy,
    to_png,
)
from nodelens.figures.training import draw_losses, shade_held_out

MARKERS = 120


@dataclass(frozen=True)
class FitPicture:
    """A trained field beside its data.

    Attributes:
        title: The model and the data.
        components: The names of the components of the state.
        times: The times of the data, shape [points].
        data: The measured states, shape [points, dimension].
        curve_times: Times dense enough for a smooth curve, shape [curve].
        curve: The states of the trained field there, shape [curve, dimension].
        train_points: The number of points used for training; those after them were held out.
        grid: The first two components of the state on a grid, shape [rows, columns, 2].
        field: dz/dt of the trained field on the grid, shape [rows, columns, 2].
        losses: The loss of each training step, shape [steps].
    """

    title: str
    components: tuple[str, ...]
    times: np.ndarray
    data: np.ndarray
    curve_times: np.ndarray
    curve: np.ndarray
    train_points: int
    grid: np.ndarray
    field: np.ndarray
    losses: np.ndarray


def draw_fit(picture: FitPicture) -> bytes:
    """Draws the trajectory, the phase portrait, the field and the loss.

    Args:
        picture: Two components or more; the first two are drawn in the phase plane.

    Returns:
        The bytes of a PNG file.
    """
    figure = new_figure(10.0, 7.6)
    axes = figure.subplots(2, 2)
    every = max(1, len(picture.times) // MARKERS)
    _trajectory(axes[0, 0], picture, every)
    _phase_portrait(axes[0, 1], picture, picture.data[::every])
    _vector_field(axes[1, 0], picture, picture.data[::every])
    window = draw_losses(axes[1, 1], picture.losses)
    tidy(axes[1, 1], f"Training loss, and its mean over {window} steps", "step", "loss")
    figure.suptitle(picture.title, fontsize=12, color=INK)
    return to_png(figure)


def _trajectory(axes: Axes, picture: FitPicture, every: int) -> None:
    times, data = picture.times, picture.data
    for index, name in enumerate(picture.components):
        colour = SERIES[index % len(SERIES)]
        dots: dict[str, Any] = {
            "color": colour,
            "markersize": 4,
            "alpha": 0.5,
            "label": f"{name} data",
        }
        axes.plot(times[::every], data[::every, index], ".", **dots)
        line: dict[str, Any] = {"color": colour, "linewidth": 1.4, "label": f"{name} model"}
        axes.plot(picture.curve_times, picture.curve[:, index], **line)
    tidy(axes, "Trajectory", "time t", "state z")
    shade_held_out(axes, times, picture.train_points)
    if np.all(times == np.round(times)):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    legend(axes, ncols=2, loc="upper right")


def _phase_portrait(axes: Axes, picture: FitPicture, data: np.ndarray) -> None:
    fit = picture.curve
    axes.plot(data[:, 0], data[:, 1], ".", color=MUTED, markersize=5, label="data")
    axes.plot(fit[:, 0], fit[:, 1], color=BLUE, linewidth=1.4, label="model")
    axes.plot(*data[0, :2], "o", color=ORANGE, markersize=6, label="start")
    tidy(axes, "Phase portrait", *picture.components[:2])
    axes.set_aspect("equal", adjustable="datalim")
    legend(axes, loc="upper right")


def _vector_field(axes: Axes, picture: FitPicture, data: np.ndarray) -> None:
    x, y, field = picture.grid[0, :, 0], picture.grid[:, 0, 1], picture.field
    speed = np.linalg.norm(field, axis=-1)
    style: dict[str, Any] = {"cmap": "viridis", "density": 1.2, "linewidth": 0.8, "arrowsize": 0.9}
    stream = axes.streamplot(x, y, field[..., 0], field[..., 1], color=speed, **style)
    axes.plot(*data[:, :2].T, ".", color=ORANGE, markersize=4, label="data")
    tidy(axes, "Learned vector field dz/dt", *picture.components[:2])
    axes.set_xlim(x[0], x[-1])
    axes.set_ylim(y[0], y[-1])
    colour_bar(axes, stream.lines, "speed |dz/dt|", shrink=0.85)
