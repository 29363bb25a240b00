"""Trajectories: the times and states that a Neural ODE learns from."""

from dataclasses import dataclass, replace

import numpy as np

from nodelens.datasets.dates import Calendar


@dataclass(frozen=True)
class Trajectory:
    """One trajectory.

    Attributes:
        times: Strictly increasing, shape [points], float64.
        states: The state at each time, shape [points, dimension], float64; NaN where it was not
            observed.
        name: Its name among the others.
    """

    times: np.ndarray
    states: np.ndarray
    name: str

    def __len__(self) -> int:
        return len(self.times)

    @property
    def observed(self) -> np.ndarray:
        """True for each component that was measured, shape [points, dimension]."""
        return np.isfinite(self.states)

    @property
    def complete(self) -> np.ndarray:
        """True for each point at which all components were measured, shape [points]."""
        return np.all(self.observed, axis=1)

    def part(self, start: int, stop: int) -> "Trajectory":
        """Returns the points from `start` to before `stop`."""
        return replace(self, times=self.times[start:stop], states=self.states[start:stop])

    def hiding(self, hidden: np.ndarray) -> "Trajectory":
        """Returns the same times with some points, a mask of shape [points], as if not measured."""
        return replace(self, states=np.where(hidden[:, None], np.nan, self.states))


@dataclass(frozen=True)
class Points:
    """States that do not follow one another.

    Attributes:
        states: Shape [points, dimension], float64.
        times: The time of each, shape [points]; None where it is not known.
    """

    states: np.ndarray
    times: np.ndarray | None


@dataclass(frozen=True)
class Scaling:
    """Mean and size of each component and the rate of change, by which all are brought near one.

    Attributes:
        mean: Shape [dimension].
        scale: Shape [dimension], positive.
        rate: The rate at which the components change, in their sizes per unit of time.
    """

    mean: np.ndarray
    scale: np.ndarray
    rate: float = 1.0

    @classmethod
    def none(cls, dimension: int) -> "Scaling":
        """Makes the scaling that changes nothing."""
        return cls(np.zeros(dimension), np.ones(dimension))

    @classmethod
    def standard(cls, trajectories: "tuple[Trajectory, ...]") -> "Scaling":
        """Computes mean and standard deviation of every component over all measurements."""
        states = np.concatenate([trajectory.states for trajectory in trajectories])
        scale = np.nanstd(states, axis=0)
        scale = np.where(scale > 0, scale, 1.0)
        return cls(np.nanmean(states, axis=0), scale, _rate(trajectories, scale))


HALF = 0.5


def _rate(trajectories: "tuple[Trajectory, ...]", scale: np.ndarray) -> float:
    """Computes how fast trajectories move, over the distance of half their size.

    Over shorter distances noise would count as motion. Where none moves as far, the whole of the
    longest one counts.
    """
    longest = max(len(trajectory) for trajectory in trajectories)
    lag = 1
    while True:
        squares, durations = [], []
        for trajectory in trajectories:
            if len(trajectory) > lag:
                moved = (trajectory.states[lag:] - trajectory.states[:-lag]) / scale
                squares.append(moved[np.isfinite(moved).all(axis=1)] ** 2)
                durations.append(trajectory.times[lag:] - trajectory.times[:-lag])
        rows = np.concatenate(squares)
        distance = float(np.sqrt(rows.mean())) if rows.size else 0.0
        duration = float(np.concatenate(durations).mean())
        longer = lag + max(1, lag // 4)
        if distance >= HALF or longer >= longest:
            return distance / duration if distance > 0 else 1.0
        lag = longer


@dataclass(frozen=True)
class TrajectoryData:
    """Trajectories to learn from.

    Attributes:
        trajectories: At least one; all have the same components.
        components: The name of each component of the state.
        title: The data in words, for titles and reports.
        source: Its origin: a file, or the equation.
        calendar: The meaning of the times, if they were dates.
        time: The name of the time, perhaps with its unit.
    """

    trajectories: tuple[Trajectory, ...]
    components: tuple[str, ...]
    title: str
    source: str
    calendar: Calendar | None = None
    time: str = "t"

    @property
    def dimension(self) -> int:
        """The number of components of the state."""
        return len(self.components)

    @property
    def points(self) -> int:
        """The number of times of all trajectories."""
        return sum(len(trajectory) for trajectory in self.trajectories)

    def content(self) -> bytes:
        """Returns all numbers, for hashing."""
        parts = [array for t in self.trajectories for array in (t.times, t.states)]
        return b"".join(np.ascontiguousarray(part).tobytes() for part in parts)
