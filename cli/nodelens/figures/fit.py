"""The figure of a trained Neural ODE: trajectory, phase portrait, vector field, loss."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from nodelens.figures.curves import FitCurve, all_data, all_models
from nodelens.figures.over_time import OverTime, Panels, dash, leaves_in_words
from nodelens.figures.ranges import comparable, data_range
from nodelens.figures.style import (
    BLUE,
    INK,
    MANY,
    MUTED,
    ORANGE,
    colour_bar,
    legend,
    new_figure,
    tidy,
    to_png,
)
from nodelens.figures.time_axis import LINEAR, TimeAxis
from nodelens.figures.training import draw_losses

MOST = 10
"""Trajectories that one picture can show."""
ROOM = 0.5
"""How far a model may widen the axes of the data to either side, in extents of the data."""


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
        time: The time axis.
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
    time: TimeAxis = LINEAR

    @property
    def data(self) -> np.ndarray:
        """The measured states of all curves, thinned out, shape [points, dimension]."""
        return all_data([curve.thinned() for curve in self.curves])

    @property
    def over_time(self) -> OverTime:
        """The trajectories over the time."""
        panels = Panels.of(self.curves, len(self.components))
        title = _title(self) if panels.common else _some(self)
        return OverTime(
            title, self.components, self.curves, panels, self.time, ROOM, worst=self.worst
        )

    @property
    def leaving(self) -> str:
        """The trajectories whose model leaves the picture, in words; empty if none does."""
        return leaves_in_words(self.over_time.leaving, len(self.curves))


def draw_fit(picture: FitPicture) -> bytes:
    """Draws the trajectories, the phase portrait, the field and the loss.

    The first two components are drawn in the phase plane; of a single one its derivative is drawn
    over it.

    Args:
        picture: The trained field and its data.

    Returns:
        The bytes of a PNG file.
    """
    over_time = picture.over_time
    plane = len(picture.components) > 1
    if over_time.panels.common:
        figure = new_figure(10.0, 7.6) if plane else new_figure(12.0, 3.8)
        first, *others = figure.subplots(2, 2).flat if plane else figure.subplots(1, 3)
        every = [first]
    else:
        band = 0.6 + 1.7 * over_time.panels.rows
        figure = new_figure(12.0, band + 4.2)
        grid = figure.add_gridspec(2, 3, height_ratios=[band, 4.2])
        every = over_time.panels.place(figure, grid[0, :])
        others = [figure.add_subplot(grid[1, column]) for column in range(3)]
    over_time.draw(every)
    if plane:
        _phase_portrait(others[0], picture)
        _vector_field(others[1], picture)
    else:
        _derivative(others[0], picture)
    window = draw_losses(others[-1], picture.losses)
    label = f"loss, and its mean over {window} steps" if window > 1 else "loss"
    tidy(others[-1], "Training loss", "step", label)
    figure.suptitle(picture.title, fontsize=12, color=INK)
    return to_png(figure)


def _some(picture: FitPicture) -> str:
    """Says how many trajectories are drawn where these are not all."""
    drawn = len(picture.curves)
    return f"{drawn} of {picture.count:,} trajectories" if drawn < picture.count else ""


def _title(picture: FitPicture) -> str:
    if picture.count == 1:
        return "Trajectory"
    return _some(picture) or "Trajectories"


def _phase_portrait(axes: Axes, picture: FitPicture) -> None:
    """Draws the first two components over each other, one colour a trajectory."""
    several = len(picture.curves) > 1
    for number, given in enumerate(picture.curves):
        data, fit = given.thinned().data, given.curve
        colour = MANY[number % len(MANY)]
        dots = colour if several else MUTED
        labels = {} if several else {"dots": "data", "line": "model"}
        style: dict[str, Any] = {"color": dots, "markersize": 5, "label": labels.get("dots")}
        axes.plot(data[:, 0], data[:, 1], ".", **style)
        style = {"color": colour, "linewidth": 1.4, "label": labels.get("line")}
        axes.plot(fit[:, 0], fit[:, 1], dash(given), **style)
    mark: dict[str, Any] = {"color": INK, "markersize": 4}
    if not several:
        mark = {"color": ORANGE, "markersize": 6}
    for number, given in enumerate(picture.curves):
        start: dict[str, Any] = {"label": "start"} if number == 0 else {}
        axes.plot(*given.curve[0, :2], "o", **mark, **start)
    data, model = all_data(picture.curves), all_models(picture.curves)
    x, y = (data_range(data[:, index], model[:, index], ROOM) for index in range(2))
    cut = " (cut off)" if x.leaves or y.leaves else ""
    tidy(axes, f"Phase portrait{cut}", *picture.components[:2])
    # Limits that an equal aspect may widen.
    axes.set_xlim(x.low, x.high, auto=True)
    axes.set_ylim(y.low, y.high, auto=True)
    if comparable(data):
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
    tidy(
        axes,
        f"Learned derivative{_at(picture)}",
        name,
        f"d{name}/dt" if name.isidentifier() else f"d({name})/dt",
    )


def _at(picture: FitPicture) -> str:
    return "" if picture.field_time is None else f" at t = {picture.field_time:.4g}"
