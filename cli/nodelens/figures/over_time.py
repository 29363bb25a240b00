"""Trajectories over the time: all components on common axes, or each one on axes of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec, SubplotSpec
from matplotlib.lines import Line2D

from nodelens.figures.curves import FitCurve, all_data, all_models, all_times
from nodelens.figures.ranges import data_range, share_axes
from nodelens.figures.style import INK, MANY, MUTED, SERIES, legend, tidy
from nodelens.figures.time_axis import TimeAxis
from nodelens.figures.training import shade_held_out

TOGETHER = len(SERIES)
"""The components that common axes can show."""
MOST_PANELS = 24
NAMED = len(MANY)
"""The trajectories that a legend can name."""


@dataclass(frozen=True)
class Panels:
    """The axes of trajectories over the time.

    Attributes:
        groups: The indices of the components on each of them.
        count: The number of components that there are.
    """

    groups: tuple[tuple[int, ...], ...]
    count: int

    @classmethod
    def of(cls, curves: Sequence[FitCurve], count: int) -> "Panels":
        """Chooses common axes where one trajectory is drawn whose components are of like size."""
        together = len(curves) == 1 and count <= TOGETHER and share_axes(all_data(curves))
        if together or count == 1:
            return cls((tuple(range(count)),), count)
        return cls.single(count)

    @classmethod
    def single(cls, count: int) -> "Panels":
        """Gives each component axes of its own."""
        return cls(tuple((index,) for index in range(min(count, MOST_PANELS))), count)

    @property
    def common(self) -> bool:
        """True if all components are drawn on one pair of axes."""
        return len(self.groups) == 1

    @property
    def columns(self) -> int:
        """The columns that the axes are arranged in."""
        return 1 if len(self.groups) <= 4 else 2 if len(self.groups) <= 10 else 3

    @property
    def rows(self) -> int:
        """The rows that the axes are arranged in."""
        return -(-len(self.groups) // self.columns)

    def place(self, figure: Figure, where: SubplotSpec | None = None) -> list[Axes]:
        """Adds the axes to a figure, in a part of it or in all of it."""
        grid: Any = (
            GridSpec(self.rows, self.columns, figure)
            if where is None
            else where.subgridspec(self.rows, self.columns)
        )
        return [
            figure.add_subplot(grid[number // self.columns, number % self.columns])
            for number in range(len(self.groups))
        ]


@dataclass(frozen=True)
class OverTime:
    """Trajectories over the time.

    Attributes:
        title: The title of common axes; a remark beside the first component of separate ones.
        components: The names of all components.
        curves: The trajectories.
        panels: The axes.
        time: The time axis.
        room: How far a model may widen the range of the data to either side, in its extents.
        behind: Further data, which is drawn behind all others.
        worst: The name of the trajectory with the largest error; empty if it is not told.
    """

    title: str
    components: tuple[str, ...]
    curves: tuple[FitCurve, ...]
    panels: Panels
    time: TimeAxis
    room: float
    behind: tuple[FitCurve, ...] = ()
    worst: str = ""

    @property
    def leaving(self) -> tuple[str, ...]:
        """The names of the trajectories whose model leaves the picture somewhere."""
        gone: list[str] = []
        for group in self.panels.groups:
            gone.extend(self._leaving(group))
        return tuple(curve.name for curve in self.curves if curve.name in gone)

    def draw(self, every: Sequence[Axes]) -> None:
        """Draws each group of components on its axes."""
        below = len(every) - self.panels.columns
        for number, (axes, group) in enumerate(zip(every, self.panels.groups, strict=True)):
            self._draw(axes, group)
            if number < below:
                axes.set_xlabel("")
                axes.tick_params(which="both", labelbottom=False)
        middle = (self.panels.rows - 1) * self.panels.columns + (self.panels.columns - 1) // 2
        self._legend(every[min(middle, len(every) - 1)])

    def _colour(self, number: int, index: int) -> str:
        """One colour a component on the common axes of a single one, else one a trajectory."""
        if len(self.curves) == 1 and self.panels.common:
            return SERIES[index % len(SERIES)]
        return MANY[number % len(MANY)]

    def _draw(self, axes: Axes, group: tuple[int, ...]) -> None:
        for other in self.behind:
            shown = other.thinned()
            for index in group:
                axes.plot(shown.times, shown.data[:, index], ".", color=MUTED, ms=3, alpha=0.35)
        for number, given in enumerate(self.curves):
            shown = given.thinned()
            for index in group:
                colour, name = self._colour(number, index), self.components[index]
                label = name if len(self.curves) == 1 else given.name
                dots: dict[str, Any] = {"color": colour, "markersize": 4, "alpha": 0.5}
                line: dict[str, Any] = {"color": colour, "linewidth": 1.4, "linestyle": dash(given)}
                if len(shown.times):
                    axes.plot(shown.times, shown.data[:, index], ".", label=f"{label} data", **dots)
                axes.plot(given.curve_times, given.curve[:, index], label=f"{label} model", **line)
        span = self._held_out
        if span is not None:
            shade_held_out(axes, span)
        state = self.components[0] if len(self.components) == 1 else "state z"
        tidy(axes, self._title(group), self.time.label, state if self.panels.common else "")
        found = self._range(group, self.curves)
        axes.set_ylim(found.low, found.high)
        every = (*self.curves, *self.behind)
        measured = np.concatenate([curve.times for curve in every])
        self.time.show(axes, all_times(every), measured)

    def _title(self, group: tuple[int, ...]) -> str:
        notes = [leaves_in_words(self._leaving(group), len(self.curves))]
        if not self.panels.common and group == self.panels.groups[0]:
            left_out = self.panels.count > len(self.panels.groups)
            some = f"the first {len(self.panels.groups)} of {self.panels.count} components"
            notes = [self.title, some if left_out else "", *notes]
        title = self.title if self.panels.common else self.components[group[0]]
        said = "; ".join(note for note in notes if note)
        return f"{title} ({said})" if said else title

    @property
    def _held_out(self) -> tuple[float, float] | None:
        """The part that is held out of all trajectories that are not held out whole."""
        spans = {curve.held_out for curve in self.curves if not curve.whole}
        return spans.pop() if len(spans) == 1 else None

    def _range(self, group: tuple[int, ...], curves: Sequence[FitCurve]) -> Any:
        """The range of all data and of some models; a model starts in its picture."""
        chosen = list(group)
        starts = np.stack([curve.curve[0] for curve in self.curves])
        data = np.concatenate([all_data((*self.curves, *self.behind)), starts])[:, chosen]
        return data_range(data, all_models(curves)[:, chosen], self.room)

    def _leaving(self, group: tuple[int, ...]) -> list[str]:
        return [each.name for each in self.curves if self._range(group, (each,)).leaves]

    def _legend(self, axes: Axes) -> None:
        """Adds the legend of all axes below some of the last row."""
        several = len(self.curves) > 1
        if self.panels.common and not several:
            handles, labels = axes.get_legend_handles_labels()
        else:
            handles, labels = self._kinds()
            shaded, names = axes.get_legend_handles_labels()
            found = [(h, n) for h, n in zip(shaded, names, strict=True) if n == "held out"]
            handles += [handle for handle, _ in found]
            labels += [name for _, name in found]
        if self.behind:
            handles.append(Line2D([], [], color=MUTED, marker=".", linestyle="", alpha=0.6))
            labels.append("data of the run")
        legend(axes, 4 if self.panels.common else 6, handles, labels)

    def _kinds(self) -> tuple[list[Any], list[str]]:
        """Returns the handles of data and model, and of the trajectories if there are several."""
        handles: list[Any] = []
        labels: list[str] = []
        if 1 < len(self.curves) <= NAMED:
            for number, curve in enumerate(self.curves):
                handles.append(Line2D([], [], color=MANY[number], linestyle=dash(curve)))
                marks = ["worst"] * (curve.name == self.worst) + ["held out"] * curve.whole
                labels.append(f"{curve.name} ({', '.join(marks)})" if marks else curve.name)
        if any(len(curve.times) for curve in self.curves):
            handles.append(Line2D([], [], color=INK, marker=".", linestyle="", alpha=0.6))
            labels.append("data")
        handles.append(Line2D([], [], color=INK, linewidth=1.4))
        labels.append("model")
        return handles, labels


def dash(curve: FitCurve) -> str:
    """Returns the style of a line; a trajectory that was held out whole is dashed."""
    return "--" if curve.whole else "-"


def leaves_in_words(names: Sequence[str], count: int) -> str:
    """Says whose model leaves the picture; nothing if none does."""
    if not names:
        return ""
    if count == 1:
        return "the model leaves the picture"
    if len(names) <= 2:
        return f"{' and '.join(names)} leave{'s' if len(names) == 1 else ''} the picture"
    return f"{len(names)} of {count} models leave the picture"
