"""The figure of a trained Neural ODE: trajectory, phase portrait, vector field, loss."""

from dataclasses import dataclass, replace
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
MOST = 6
"""Trajectories that one picture can show."""


@dataclass(frozen=True)
class FitCurve:
    """A trajectory by a trained field, beside its data.

    Attributes:
        name: The name of the trajectory.
        times: The times of the data, shape [points].
        data: The measured states, shape [points, dimension].
        curve_times: Times dense enough for a smooth curve, shape [curve].
        curve: The states of the trained field there, shape [curve, dimension].
        train_points: The number of points used for training; those after them were held out.
    """

    name: str
    times: np.ndarray
    data: np.ndarray
    curve_times: np.ndarray
    curve: np.ndarray
    train_points: int

    @property
    def held_out(self) -> tuple[float, float] | None:
        """The first and the last time of the part that was held out; None if none was."""
        if self.train_points == len(self.times):
            return None
        return float(self.times[max(0, self.train_points - 1)]), float(self.times[-1])

    def thinned(self) -> "FitCurve":
        """Leaves out data where there is too much to see."""
        every = max(1, len(self.times) // MARKERS)
        return replace(self, times=self.times[::every], data=self.data[::every])


@dataclass(frozen=True)
class FitPicture:
    """A trained field beside its data.

    Attributes:
        title: The model and the data.
        components: The names of the components of the state.
        curves: The trajectories that are drawn, at least one.
        count: The number of trajectories that there are.
        worst: The name of the one with the largest error.
        grid: The first two components of the state on a grid, shape [rows, columns, 2]; states in
            increasing order, shape [states, 1], where there is only one component.
        field: dz/dt of the trained field on the grid, of its shape.
        losses: The loss of each training step, shape [steps].
        field_time: The time at which the field is drawn; None if it does not depend on the time.
    """

    title: str
    components: tuple[str, ...]
    curves: tuple[FitCurve, ...]
    count: int
    worst: str
    grid: np.ndarray
    field: np.ndarray
    losses: np.ndarray
    field_time: float | None = None

    @property
    def data(self) -> np.ndarray:
        """The measured states of all curves, thinned out, shape [points, dimension]."""
        return np.concatenate([curve.thinned().data for curve in self.curves])


def draw_fit(picture: FitPicture) -> bytes:
    """Draws the trajectories, the phase portrait, the field and the loss.

    The first two components are drawn in the phase plane; of a single one its derivative is drawn
    over it.

    Args:
        picture: The trained field and its data.

    Returns:
        The bytes of a PNG file.
    """
    if len(picture.components) > 1:
        figure = new_figure(10.0, 7.6)
        trajectory, portrait, field, loss = figure.subplots(2, 2).flat
        _phase_portrait(portrait, picture)
        _vector_field(field, picture)
    else:
        figure = new_figure(12.0, 3.8)
        trajectory, field, loss = figure.subplots(1, 3)
        _derivative(field, picture)
    _trajectories(trajectory, picture)
    window = draw_losses(loss, picture.losses)
    tidy(loss, f"Training loss, and its mean over {window} steps", "step", "loss")
    figure.suptitle(picture.title, fontsize=12, color=INK)
    return to_png(figure)


def _trajectories(axes: Axes, picture: FitPicture) -> None:
    """Draws each component of every trajectory over the time, one colour a component."""
    for number, given in enumerate(picture.curves):
        shown = given.thinned()
        for index, name in enumerate(picture.components):
            colour = SERIES[index % len(SERIES)]
            dots: dict[str, Any] = {"color": colour, "markersize": 4, "alpha": 0.5}
            line: dict[str, Any] = {"color": colour, "linewidth": 1.4, "linestyle": _line(given)}
            if number == 0:
                dots["label"], line["label"] = f"{name} data", f"{name} model"
            axes.plot(shown.times, shown.data[:, index], ".", **dots)
            axes.plot(given.curve_times, given.curve[:, index], **line)
    tidy(axes, _title(picture), "time t", "state z")
    spans = {curve.held_out for curve in picture.curves if curve.train_points}
    if len(spans) == 1 and (span := spans.pop()) is not None:
        shade_held_out(axes, span)
    times = np.concatenate([curve.times for curve in picture.curves])
    if np.all(times == np.round(times)):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    legend(axes)


def _line(curve: FitCurve) -> str:
    """A trajectory that was held out whole is dashed."""
    return "-" if curve.train_points else "--"


def _title(picture: FitPicture) -> str:
    drawn = len(picture.curves)
    if picture.count == 1:
        return "Trajectory"
    some = f"{drawn} of {picture.count:,} trajectories" if drawn < picture.count else "Trajectories"
    dashed = any(not curve.train_points for curve in picture.curves)
    return f"{some}, dashed: held out" if dashed else some


def _phase_portrait(axes: Axes, picture: FitPicture) -> None:
    """Draws the first two components over each other, one colour a trajectory."""
    several = len(picture.curves) > 1
    for number, given in enumerate(picture.curves):
        data, fit = given.thinned().data, given.curve
        colour = SERIES[number % len(SERIES)]
        dots = colour if several else MUTED
        marks = ["worst"] * (given.name == picture.worst) + ["held out"] * (not given.train_points)
        named = f"{given.name} ({', '.join(marks)})" if marks else given.name
        label = named if several else "model"
        data_label = None if several else "data"
        axes.plot(data[:, 0], data[:, 1], ".", color=dots, markersize=5, label=data_label)
        axes.plot(fit[:, 0], fit[:, 1], _line(given), color=colour, linewidth=1.4, label=label)
    for number, given in enumerate(picture.curves):
        start: dict[str, Any] = {"label": "start"} if number == 0 else {}
        axes.plot(*given.curve[0, :2], "o", color=INK if several else ORANGE, markersize=6, **start)
    tidy(axes, "Phase portrait", *picture.components[:2])
    axes.set_aspect("equal", adjustable="datalim")
    legend(axes)


def _vector_field(axes: Axes, picture: FitPicture) -> None:
    data = picture.data
    x, y, field = picture.grid[0, :, 0], picture.grid[:, 0, 1], picture.field
    speed = np.linalg.norm(field, axis=-1)
    style: dict[str, Any] = {"cmap": "viridis", "density": 1.2, "linewidth": 0.8, "arrowsize": 0.9}
    stream = axes.streamplot(x, y, field[..., 0], field[..., 1], color=speed, **style)
    axes.plot(*data[:, :2].T, ".", color=ORANGE, markersize=4, label="data")
    tidy(axes, f"Learned vector field dz/dt{_at(picture)}", *picture.components[:2])
    axes.set_xlim(x[0], x[-1])
    axes.set_ylim(y[0], y[-1])
    colour_bar(axes, stream.lines, "speed |dz/dt|", shrink=0.85)


def _derivative(axes: Axes, picture: FitPicture) -> None:
    data = picture.data
    (name,) = picture.components
    axes.axhline(0, color=INK, linewidth=0.8)
    axes.plot(picture.grid[:, 0], picture.field[:, 0], color=BLUE, linewidth=1.4, label="model")
    axes.plot(data[:, 0], np.zeros(len(data)), "|", color=MUTED, markersize=6, label="data")
    legend(axes)
    tidy(axes, f"Learned derivative{_at(picture)}", name, f"d{name}/dt")


def _at(picture: FitPicture) -> str:
    return "" if picture.field_time is None else f" at t = {picture.field_time:.4g}"
