"""The time axis of a figure: its label, and whether it is logarithmic."""

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, SymmetricalLogLocator

NAMELESS = {"", "t", "time", "times", "column1"}
EARLY = 0.05
"""Where half of the times lie in this part of a linear axis, it shows little of them."""
MIDDLE = (0.2, 0.8)
"""The part of a logarithmic axis in which the middle one of the times must lie."""
LINEAR_PART = 0.5
"""The width of the part from zero to the first time after it, in decades."""


@dataclass(frozen=True)
class TimeAxis:
    """A linear or a logarithmic axis of time.

    Attributes:
        label: Its label.
        first: The first time that is shown logarithmically, positive; None if the axis is linear.
    """

    label: str = "time t"
    first: float | None = None

    @classmethod
    def of(cls, times: np.ndarray, name: str = "t") -> "TimeAxis":
        """Chooses the axis that shows times apart.

        Args:
            times: All times that are drawn, in any order.
            name: The name of the time. One that says more than that it is the time is the label.
        """
        label = "time t" if name.strip().lower() in NAMELESS else name
        positive = times[times > 0]
        if not len(positive) or times.min() < 0:
            return cls(label)
        first, last, middle = positive.min(), positive.max(), np.median(positive)
        if first == last or (middle - times.min()) / (last - times.min()) > EARLY:
            return cls(label)
        place = np.log(middle / first) / np.log(last / first)
        return cls(label, float(first) if MIDDLE[0] <= place <= MIDDLE[1] else None)

    def between(self, start: float, end: float, count: int) -> np.ndarray:
        """Returns times from start to end, either way, at even distances on the axis."""
        low, high = min(start, end), max(start, end)
        if self.first is None or high <= self.first:
            even = np.linspace(low, high, count)
        else:
            even = np.geomspace(max(low, self.first), high, count)
            even = np.concatenate([[low], even[even > low]])
            even[-1] = high
        return even if start <= end else even[::-1]

    def resolves(self, times: np.ndarray, gap: float) -> bool:
        """True if no two neighbouring times are farther apart than this part of the axis."""
        places = times
        if self.first is not None:
            places = np.log(np.maximum(times, self.first))
        distances, span = np.abs(np.diff(places)), abs(places[-1] - places[0])
        return bool(np.all(distances <= gap * span))

    def show(self, axes: Axes, times: np.ndarray, measured: np.ndarray) -> None:
        """Gives axes the scale, and limits around the times.

        Args:
            axes: The axes.
            times: All times that are drawn.
            measured: Those of data; if all are whole numbers, such as years, the ticks are too.
        """
        low, high = float(times.min()), float(times.max())
        if self.first is None:
            margin = 0.03 * (high - low)
            axes.set_xlim(low - margin, high + margin)
            if len(measured) and np.all(measured == np.round(measured)):
                axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
            return
        reach = (high / max(low, self.first)) ** 0.03
        if low > 0:
            axes.set_xscale("log")
            axes.set_xlim(low / reach, high * reach)
            return
        axes.set_xscale("symlog", linthresh=self.first, linscale=LINEAR_PART)
        axes.set_xlim(low - 0.1 * self.first, high * reach)
        transform = axes.xaxis.get_transform()
        locator = SymmetricalLogLocator(transform)  # type: ignore[arg-type]
        locator.set_params(numticks=9)
        axes.xaxis.set_major_locator(locator)


LINEAR = TimeAxis()
