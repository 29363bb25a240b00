"""The picture of a trained Neural ODE: trajectory, phase portrait, vector field, loss."""

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from nodelens.figures.style import BLUE, INK, MUTED, ORANGE, SERIES, new_figure, tidy, to_png
from nodelens.figures.training import draw_losses

MARKERS = 120


@dataclass(frozen=True)
class FitPicture:
    """What the picture shows.

    Attributes:
        title: What was fitted.
        components: The names of the components of the state.
        times: The times of the data, shape [points].
        data: The measured states, shape [points, dimension].
        curve_times: Times dense enough for a smooth curve, shape [curve].
        curve: The states of the trained field there, shape [curve, dimension].
        train_points: The points that were trained on; those after them were kept back.
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
    """Draws the picture.

    Args:
        picture: What it shows; states of two or more components (the first two are drawn in the
            phase plane).

    Returns:
        The bytes of a PNG file.
    """
    figure = new_figure(10.0, 7.6)
    axes = figure.subplots(2, 2)
    _trajectory(axes[0, 0], picture)
    _phase_portrait(axes[0, 1], picture)
    _vector_field(axes[1, 0], picture)
    _loss(axes[1, 1], picture)
    figure.suptitle(picture.title, fontsize=12, color=INK)
    return to_png(figure)


def _trajectory(axes: Axes, picture: FitPicture) -> None:
    every = max(1, len(picture.times) // MARKERS)
    for index in range(picture.data.shape[1]):
        colour = SERIES[index % len(SERIES)]
        axes.plot(
            picture.times[::every],
            picture.data[::every, index],
            ".",
            color=colour,
            markersize=4,
            alpha=0.5,
            label=f"{picture.components[index]} data",
        )
        axes.plot(
            picture.curve_times,
            picture.curve[:, index],
            color=colour,
            linewidth=1.4,
            label=f"{picture.components[index]} model",
        )
    tidy(axes, "Trajectory", "time t", "state z")
    if picture.train_points < len(picture.times):
        start, end = picture.times[picture.train_points - 1], picture.times[-1]
        axes.axvspan(start, end, color=MUTED, alpha=0.12, linewidth=0, label="kept back")
    if np.all(picture.times == np.round(picture.times)):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    _legend(axes, columns=2)


def _phase_portrait(axes: Axes, picture: FitPicture) -> None:
    every = max(1, len(picture.times) // MARKERS)
    data, fit = picture.data, picture.curve
    axes.plot(data[::every, 0], data[::every, 1], ".", color=MUTED, markersize=5, label="data")
    axes.plot(fit[:, 0], fit[:, 1], color=BLUE, linewidth=1.4, label="model")
    axes.plot(*data[0, :2], "o", color=ORANGE, markersize=6, label="start")
    tidy(axes, "Phase portrait", *picture.components[:2])
    axes.set_aspect("equal", adjustable="datalim")
    _legend(axes, columns=1)


def _legend(axes: Axes, columns: int) -> None:
    """A legend that may lie over the data without hiding in it."""
    axes.legend(fontsize=8, ncols=columns, loc="upper right", framealpha=0.85, edgecolor="none")


def _vector_field(axes: Axes, picture: FitPicture) -> None:
    grid, field = picture.grid, picture.field
    speed = np.linalg.norm(field, axis=-1)
    stream = axes.streamplot(
        grid[0, :, 0],
        grid[:, 0, 1],
        field[..., 0],
        field[..., 1],
        color=speed,
        cmap="viridis",
        density=1.2,
        linewidth=0.8,
        arrowsize=0.9,
    )
    every = max(1, len(picture.times) // MARKERS)
    axes.plot(*picture.data[::every, :2].T, ".", color=ORANGE, markersize=4, label="data")
    tidy(axes, "Learned vector field dz/dt", *picture.components[:2])
    axes.set_xlim(grid[0, 0, 0], grid[0, -1, 0])
    axes.set_ylim(grid[0, 0, 1], grid[-1, 0, 1])
    bar = axes.figure.colorbar(stream.lines, ax=axes, shrink=0.85, pad=0.02)
    bar.set_label("speed |dz/dt|", fontsize=8, color=INK)
    bar.ax.tick_params(labelsize=7)
    bar.outline.set_visible(False)


def _loss(axes: Axes, picture: FitPicture) -> None:
    window = draw_losses(axes, picture.losses)
    tidy(axes, f"Training loss, and its mean over {window} steps", "step", "loss")
