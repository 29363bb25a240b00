"""The facts about trajectories that a run directory holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from nodelens.datasets.dates import Calendar
from nodelens.datasets.trajectories import Trajectory, TrajectoryData
from nodelens.training.loop.data_summary import DataSummary
from nodelens.training.trajectories.initial_states import FittedStarts, initial_state
from nodelens.training.trajectories.objective import Objective
from nodelens.training.trajectories.windows import Windows

# Enough to be more than one trajectory, few enough for a check of every component.
WINDOWS = 4
COMPONENTS = 64
TIMES = 5
# Of the data for pictures: points of a trajectory, and numbers of all, 1.6 MB.
POINTS = 120
NUMBERS = 200_000


@dataclass(frozen=True)
class TrajectorySummary(DataSummary):
    """The facts about trajectories that predictions use.

    Attributes:
        components: The names of the components of the state.
        scale: The size of each component, shape [dimension].
        first_state: The first state of the data that was measured completely, shape [dimension];
            at the end of a training that fits initial states, the fitted one.
        first_times: The times of its trajectory from there on, shape [points].
        window_starts: The times at which some windows start, shape [] or [windows, 1].
        window_states: The states there, shape [windows, dimension].
        window_times: Times of these windows, counted from each start, shape [times].
        dates: Unit and origin of the times, if they were dates; else empty.
        time: The name of the time, alone.
        data_names: The names of the trajectories that are kept for pictures, thinned out.
        data_times: Their times, shape [trajectories, points], NaN behind the last one; None in a
            run of an earlier version.
        data_states: Their states, shape [trajectories, points, dimension], likewise.
    """

    components: tuple[str, ...]
    scale: np.ndarray
    first_state: np.ndarray
    first_times: np.ndarray
    window_starts: np.ndarray
    window_states: np.ndarray
    window_times: np.ndarray
    dates: tuple[str, ...] = ()
    time: tuple[str, ...] = ("t",)
    data_names: tuple[str, ...] = ()
    data_times: np.ndarray | None = None
    data_states: np.ndarray | None = None

    @property
    def calendar(self) -> Calendar | None:
        """The meaning of the times, if they were dates."""
        return Calendar(*self.dates) if self.dates else None

    @classmethod
    def of(
        cls,
        data: TrajectoryData,
        windows: Windows,
        objective: Objective,
        starts: FittedStarts | None,
        shifts: Mapping[str, np.ndarray],
    ) -> "TrajectorySummary":
        """Takes windows at even distances in the training data.

        Args:
            data: All data.
            windows: The windows of the part to train on.
            objective: The field.
            starts: The fitted states that windows start from; None if these are measured.
            shifts: See `evaluate`.
        """
        components = data.dimension + objective.augment
        count = max(1, min(WINDOWS, COMPONENTS // components, windows.count))
        if windows.shared is None:
            count = 1  # windows with times of their own are not one initial value problem
        chosen = np.linspace(0, windows.count - 1, count).round().astype(int)
        batch = windows.batch(tf.gather(windows.starts, chosen))
        batch = batch if starts is None else starts.shift(batch)
        length = windows.length
        points = np.unique(np.linspace(0, length - 1, min(TIMES, length)).round().astype(int))
        first = next(each for each in data.trajectories if each.complete.any())
        begin = int(np.argmax(first.complete))
        return cls(
            components=data.components,
            scale=objective.scale,
            first_state=initial_state(first, begin, shifts),
            first_times=first.times[begin:],
            window_starts=batch.t0.numpy(),
            window_states=batch.z0.numpy().astype(np.float64),
            window_times=batch.times.numpy().reshape(length, -1)[:, 0][points],
            dates=() if data.calendar is None else (data.calendar.unit, data.calendar.origin),
            time=(data.time,),
            **_kept(data),
        )

    @property
    def kept(self) -> tuple[Trajectory, ...]:
        """The trajectories that are kept for pictures."""
        if self.data_times is None or self.data_states is None:
            return ()
        found = []
        for name, times, states in zip(
            self.data_names, self.data_times, self.data_states, strict=True
        ):
            there = np.isfinite(times)
            found.append(Trajectory(times[there], states[there], name))
        return tuple(found)


def _kept(data: TrajectoryData) -> dict[str, Any]:
    """Returns as much of the data as pictures of predictions show."""
    count = max(1, min(len(data.trajectories), NUMBERS // (POINTS * (1 + data.dimension))))
    chosen = data.trajectories[:count]
    rows = [_rows(each) for each in chosen]
    longest = max(len(each) for each in rows)
    times = np.full((count, longest), np.nan)
    states = np.full((count, longest, data.dimension), np.nan)
    for index, (trajectory, taken) in enumerate(zip(chosen, rows, strict=True)):
        times[index, : len(taken)] = trajectory.times[taken]
        states[index, : len(taken)] = trajectory.states[taken]
    return {
        "data_names": tuple(each.name for each in chosen),
        "data_times": times,
        "data_states": states,
    }


def _rows(trajectory: Trajectory) -> np.ndarray:
    """Returns rows at even distances, and the first complete one, which predictions start from."""
    count = len(trajectory)
    even = np.arange(0, count, 1 if count <= POINTS + 1 else -(-count // POINTS))
    return np.union1d(even, np.argmax(trajectory.complete))
