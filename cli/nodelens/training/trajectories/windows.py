"""Windows of consecutive points, put on the device once: batches are drawn from them."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from nodelens.datasets.trajectories import TrajectoryData
from nodelens.errors import UsageError

# Sums and products of larger numbers overflow in single precision, which ends at 3e38.
LARGEST = 1e30


class Batch(NamedTuple):
    """Windows that are solved together.

    Attributes:
        z0: The first state of each, shape [batch, dimension].
        t0: The first time of each, shape [batch, 1].
        times: The times counted from the start, float64, shape [window], or [window, batch] if the
            windows have different ones.
        target: The states, NaN-free, shape [window, batch, dimension].
        weight: 1 where there is a measurement, else 0, of the shape of `target`.
        rows: The row of each first state among all points of the data, shape [batch].
        probe: A random direction for each window, of all components of the state, if one is used.
    """

    z0: tf.Tensor
    t0: tf.Tensor
    times: tf.Tensor
    target: tf.Tensor
    weight: tf.Tensor
    rows: tf.Tensor
    probe: tf.Tensor | None = None


@dataclass(frozen=True)
class Windows:
    """All windows of a length.

    Attributes:
        states: All points of all trajectories one after the other, shape [points, dimension].
        weights: 1 where there is a measurement, else 0, of the shape of `states`.
        starts: The first row of each window, shape [windows].
        clock: The time of each row, float64, shape [points].
        length: The points of a window.
        shared: The times of every window counted from its start, float64, shape [window]; `None`
            if the windows have different ones.
    """

    states: tf.Tensor
    weights: tf.Tensor
    starts: tf.Tensor
    clock: tf.Tensor
    length: int
    shared: tf.Tensor | None

    @property
    def count(self) -> int:
        """The number of windows."""
        return int(self.starts.shape[0])

    def draw(self, batch_size: int, seed: int, step: tf.Tensor) -> Batch:
        """Draws windows with replacement; the seed and the step decide which."""
        chosen = tf.random.stateless_uniform(
            [batch_size],
            seed=tf.stack([tf.constant(seed % 2**31, tf.int32), step]),
            maxval=self.count,
            dtype=tf.int32,
        )
        return self.batch(tf.gather(self.starts, chosen))

    def batch(self, starts: tf.Tensor) -> Batch:
        """Takes the windows that start at the given rows."""
        rows = starts[None, :] + tf.range(self.length)[:, None]
        t0 = tf.gather(self.clock, starts)
        own = tf.gather(self.clock, rows) - t0 if self.shared is None else self.shared
        return Batch(
            tf.gather(self.states, starts),
            tf.cast(t0, tf.float32)[:, None],
            own,
            tf.gather(self.states, rows),
            tf.gather(self.weights, rows),
            starts,
        )


SPAN = 2.0
"""The duration of a usual window, in times in which the data moves by its own size.

Of 0.5 to 7 such times, this one fitted FitzHugh-Nagumo, a pendulum, Lotka-Volterra, SIR and Van der
Pol best: from shorter ones the slow parts are not learned, from longer ones nothing is at first.
"""
USUAL = (5, 100)  # points


def usual_length(data: TrajectoryData, rate: float) -> int:
    """Returns the points of a window where the settings leave it to data of this `Scaling.rate`."""
    spacing = float(np.median(np.concatenate([np.diff(each.times) for each in data.trajectories])))
    length = round(SPAN / (rate * spacing)) + 1
    longest = max(len(trajectory) for trajectory in data.trajectories)
    least, most = USUAL
    return max(2, min(max(length, least), most, max(longest // 2, min(longest, least))))


def make_windows(data: TrajectoryData, length: int) -> Windows:
    """Cuts all trajectories into all windows of a length that start at a complete measurement.

    Args:
        data: The trajectories.
        length: The points of a window; 0 means the whole of the shortest trajectory.

    Raises:
        UsageError: If there is no window.
    """
    lengths = [len(trajectory) for trajectory in data.trajectories]
    length = length or min(lengths)
    if not 2 <= length <= max(lengths):
        raise UsageError(
            f"a window of {length} points was asked for, and the longest of "
            f"{len(lengths)} trajectories has {max(lengths)}",
            hint="set training.window to at least 2 and at most that; 0 fits whole trajectories",
        )
    starts: list[np.ndarray] = []
    grids: list[np.ndarray] = []
    row = 0
    for trajectory in data.trajectories:
        complete = trajectory.complete
        begins = np.flatnonzero(complete[: max(0, len(trajectory) - length + 1)]).astype(np.int32)
        starts.append(begins + row)
        if len(begins):
            index = begins[:, None] + np.arange(length)
            grids.append(trajectory.times[index] - trajectory.times[begins][:, None])
        row += len(trajectory)
    if not grids:
        raise UsageError(
            "no window starts at a time at which all components were measured",
            hint="shorten training.window, or leave out a column with data.columns",
        )
    grid = np.concatenate(grids)
    even = np.allclose(grid, grid[0], rtol=1e-6, atol=1e-9 * float(grid.max()))
    states = np.concatenate([trajectory.states for trajectory in data.trajectories])
    if np.nanmax(np.abs(states)) > LARGEST:
        raise UsageError(
            f"the data has the value {np.nanmax(np.abs(states)):g}, too large to compute with in "
            "single precision",
            hint="change its unit",
        )
    times = np.concatenate([trajectory.times for trajectory in data.trajectories])
    return Windows(
        states=tf.constant(np.nan_to_num(states), tf.float32),
        weights=tf.constant(np.isfinite(states), tf.float32),
        starts=tf.constant(np.concatenate(starts), tf.int32),
        clock=tf.constant(times, tf.float64),
        length=length,
        shared=tf.constant(grid[0], tf.float64) if even else None,
    )
