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
        grid: The first two components of the state on a grid, shape [rows, columns, 2]; states in
            increasing order, shape [states, 1], where there is only one component.
        field: dz/dt of the trained field on the grid, of its shape.
        losses: The loss of each training step, shape [steps].
        field_time: The time at which the field is drawn; None if it does not depend on the time.
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
    field_time: float | None = None


def draw_fit(picture: FitPicture) -> bytes:
    """Draws the trajectory, the phase portrait, the field and the loss.

    The first two components are drawn in the phase plane; of a single one its derivative is drawn
    over it.

    Args:
        picture: The trained field and its data.

    Returns:
        The bytes of a PNG file.
    """
    every = max(1, len(picture.times) // MARKERS)
    data = picture.data[::every]
    if len(picture.components) > 1:
        figure = new_figure(10.0, 7.6)
        trajectory, portrait, field, loss = figure.subplots(2, 2).flat
        _phase_portrait(portrait, picture, data)
        _vector_field(field, picture, data)
    else:
        figure = new_figure(12.0, 3.8)
        trajectory, field, loss = figure.subplots(1, 3)
        _derivative(field, picture, data)
    _trajectory(trajectory, picture, every)
    window = draw_losses(loss, picture.losses)
    tidy(loss, f"Training loss, and its mean over {window} steps", "step", "loss")
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
    axes.plot(*fit[0, :2], "o", color=ORANGE, markersize=6, label="start")
    tidy(axes, "Phase portrait", *picture.components[:2])
    axes.set_aspect("equal", adjustable="datalim")
    legend(axes, loc="upper right")


def _vector_field(axes: Axes, picture: FitPicture, data: np.ndarray) -> None:
    x, y, field = picture.grid[0, :, 0], picture.grid[:, 0, 1], picture.field
    speed = np.linalg.norm(field, axis=-1)
    style: dict[str, Any] = {"cmap": "viridis", "density": 1.2, "linewidth": 0.8, "arrowsize": 0.9}
    stream = axes.streamplot(x, y, field[..., 0], field[..., 1], color=speed, **style)
    axes.plot(*data[:, :2].T, ".", color=ORANGE, markersize=4, label="data")
    tidy(axes, f"Learned vector field dz/dt{_at(picture)}", *picture.components[:2])
    axes.set_xlim(x[0], x[-1])
    axes.set_ylim(y[0], y[-1])
    colour_bar(axes, stream.lines, "speed |dz/dt|", shrink=0.85)


def _derivative(axes: Axes, picture: FitPicture, data: np.ndarray) -> None:
    (name,) = picture.components
    axes.axhline(0, color=INK, linewidth=0.8)
    axes.plot(picture.grid[:, 0], picture.field[:, 0], color=BLUE, linewidth=1.4, label="model")
    axes.plot(data[:, 0], np.zeros(len(data)), "|", color=MUTED, markersize=6, label="data")
    legend(axes)
    tidy(axes, f"Learned derivative{_at(picture)}", name, f"d{name}/dt")


def _at(picture: FitPicture) -> str:
    return "" if picture.field_time is None else f" at t = {picture.field_time:.4g}"
