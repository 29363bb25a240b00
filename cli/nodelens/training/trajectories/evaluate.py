"""The evaluation of a trained field on whole trajectories."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import tensorflow as tf

from nodelens.datasets.split import Split
from nodelens.datasets.trajectories import Trajectory, TrajectoryData
from nodelens.fields.functional import as_function, parameters
from nodelens.figures.time_axis import TimeAxis
from nodelens.ode import Status, odeint
from nodelens.training.loop.experiment import TrajectoryScore
from nodelens.training.trajectories.initial_states import initial_state
from nodelens.training.trajectories.objective import Objective

GRID_POINTS = 25
MARGIN = 0.1
LEAST = 1e-5  # the smallest extent of a picture, in parts of the values
CURVE_POINTS = 500
LONG = 100_000  # steps of a solve over a whole trajectory
TOGETHER = 64  # trajectories of one solve


@dataclass(frozen=True)
class Evaluation:
    """A trajectory of the data, solved from one state at its first complete measurement.

    Attributes:
        trajectory: The data, points that were held out included.
        begin: The point that it is solved from: the first one at which all components were
            measured. None if there is none but the last; then there is no solution.
        initial: The state there that it is solved from, shape [dimension]: the measured one, or
            the fitted one; NaN without a solution.
        states: The solution at its times, shape [points, dimension]; NaN before that point, and
            from where it failed.
        curve_times: Times dense enough for a smooth curve, shape [curve].
        curve: The solution there, shape [curve, dimension].
        trained: True for each measurement that was trained on, shape [points, dimension].
        train_points: The number of points of the part trained on; 0 if it was held out whole.
        status: The status of the solve.
    """

    trajectory: Trajectory
    begin: int | None
    initial: np.ndarray
    states: np.ndarray
    curve_times: np.ndarray
    curve: np.ndarray
    trained: np.ndarray
    train_points: int
    status: Status

    @property
    def start(self) -> np.ndarray:
        """The state measured there, shape [dimension]; NaN if there is none."""
        states = self.trajectory.states
        return np.full(states.shape[1], np.nan) if self.begin is None else states[self.begin]

    @property
    def judged(self) -> np.ndarray:
        """True for each measurement from the begin on, shape [points, dimension]."""
        mask = self.trajectory.observed.copy()
        mask[: len(mask) if self.begin is None else self.begin] = False
        return mask

    @property
    def errors(self) -> np.ndarray:
        """The absolute errors, in the units of the data, shape [points, dimension]."""
        return np.abs(self.states - self.trajectory.states)

    @property
    def score(self) -> TrajectoryScore:
        """The mean absolute errors."""
        trained, held_out = self.judged & self.trained, self.judged & ~self.trained
        return TrajectoryScore(
            name=self.trajectory.name,
            start=None if self.begin is None else float(self.trajectory.times[self.begin]),
            first=self.begin == 0,
            initial=None if self.begin is None else tuple(self.initial.tolist()),
            fitted=self.begin is not None and not np.array_equal(self.initial, self.start),
            error=mean_over([self.errors[trained]]),
            held_out_error=mean_over([self.errors[held_out]]),
            reached=self._reached,
            status=self.status.name,
        )

    @property
    def _reached(self) -> float | None:
        good = np.isfinite(self.curve).all(axis=1)
        return float(self.curve_times[good][-1]) if good.any() else None


def mean_over(parts: Sequence[np.ndarray]) -> float | None:
    """Returns the mean of all values; None if there are none."""
    values = np.concatenate(parts) if parts else np.zeros(0)
    return float(np.mean(values)) if len(values) else None


def evaluate(
    objective: Objective,
    data: TrajectoryData,
    split: Split,
    shifts: Mapping[str, np.ndarray] | None = None,
) -> tuple[Evaluation, ...]:
    """Solves the trained field over all times of every trajectory, those held out included.

    Args:
        objective: The field and its solver.
        data: All data.
        split: Its parts.
        shifts: For each trajectory trained on, the way from the measured to the fitted state at
            each point, shape [points, dimension]; None if none were fitted.
    """
    parts = {trajectory.name: trajectory for trajectory in split.train.trajectories}
    begins = [_begin(parts.get(each.name), each) for each in data.trajectories]
    initials = [
        np.full(data.dimension, np.nan) if k is None else initial_state(each, k, shifts or {})
        for each, k in zip(data.trajectories, begins, strict=True)
    ]
    starts = [
        _Start(each.times[k:], initial)
        for each, k, initial in zip(data.trajectories, begins, initials, strict=True)
        if k is not None
    ]
    solved = iter(_solve_all(objective, starts))
    found = []
    for trajectory, begin, initial in zip(data.trajectories, begins, initials, strict=True):
        part, times = parts.get(trajectory.name), trajectory.times
        trained = np.zeros_like(trajectory.observed)
        if part is not None:
            trained[: len(part)] = part.observed
        states = np.full(trajectory.states.shape, np.nan)
        if begin is None:
            curve_times, curve, status = times[:0], states[:0], Status.SUCCESS
        else:
            curve_times, curve, status = next(solved)
            states[begin:] = curve[np.searchsorted(curve_times, times[begin:])]
        cut = 0 if part is None else len(part)
        found.append(
            Evaluation(trajectory, begin, initial, states, curve_times, curve, trained, cut, status)
        )
    return tuple(found)


def _begin(trained: Trajectory | None, trajectory: Trajectory) -> int | None:
    """The first point that is complete in the part trained on, or else at all; but the last."""
    for one in (trained, trajectory):
        rows = () if one is None else one.complete[:-1]
        if np.any(rows):
            return int(np.argmax(rows))
    return None


@dataclass(frozen=True)
class _Start:
    """The times of a trajectory from its begin on, and the state there."""

    times: np.ndarray
    initial: np.ndarray


_Solved = tuple[np.ndarray, np.ndarray, Status]


def _solve_all(objective: Objective, starts: Sequence[_Start]) -> list[_Solved]:
    """Solves each trajectory from a point of it, with steps of its own, at times for a curve."""
    found: list[_Solved] = []
    grids = []
    for start in starts:
        times = start.times
        grids.append(np.union1d(times, np.linspace(times[0], times[-1], CURVE_POINTS)))
    longest = max((len(grid) for grid in grids), default=0)
    together = min(TOGETHER, len(starts))
    for first in range(0, len(starts), max(1, together)):
        chosen = [min(first + k, len(starts) - 1) for k in range(together)]  # of one size: filled
        z0 = np.stack([starts[k].initial for k in chosen])
        padded = [np.pad(grids[k], (0, longest - len(grids[k])), mode="edge") for k in chosen]
        states, statuses = _solve(objective, z0, np.stack(padded, axis=1), "independent")
        for row, k in enumerate(range(first, min(first + together, len(starts)))):
            curve = states[: len(grids[k]), row]
            found.append((grids[k], curve, Status(int(statuses[row]))))
    return found


def solve_whole(
    objective: Objective, z0: np.ndarray, times: np.ndarray
) -> tuple[np.ndarray, Status]:
    """Solves the field from one state.

    Args:
        objective: The field and its solver.
        z0: The state at the first time, of the components of the data.
        times: Increasing or decreasing, shape [times].

    Returns:
        The states of the components of the data, shape [times, dimension], NaN from where the
        solve failed, and the status of the solve.
    """
    states, status = _solve(objective, z0[None], times, "joint")
    return states[:, 0], Status(int(status))


def curve_on(
    objective: Objective, found: Evaluation, axis: TimeAxis
) -> tuple[np.ndarray, np.ndarray]:
    """Returns times and states of a curve that is smooth on an axis.

    The evaluation has such a curve for a linear axis. For a logarithmic one it is solved once more,
    because steps of some solvers, and so the errors, would depend on the times of a picture.
    """
    if axis.first is None or found.begin is None:
        return found.curve_times, found.curve
    first, last = found.trajectory.times[[found.begin, -1]]
    times = axis.between(float(first), float(last), CURVE_POINTS)
    return times, solve_whole(objective, found.initial, times)[0]


def _solve(
    objective: Objective, z0: np.ndarray, times: np.ndarray, batching: str
) -> tuple[np.ndarray, np.ndarray]:
    """Solves from states [batch, dimension]; returns [times, batch, dimension] and the status."""
    start = np.pad(z0, ((0, 0), (0, objective.augment))).astype(np.float32)
    options = objective.scaled_options()
    # No gradient is asked for: no adjoint needs to keep the steps.
    solution = odeint(
        as_function(objective.field),
        tf.constant(start),
        tf.constant(times, tf.float64),
        params=parameters(objective.field),
        **replace(
            options, max_steps=max(LONG, options.max_steps or 0), adjoint="backsolve"
        ).arguments(),
        batching=batching,
        throw=False,
    )
    states = solution.states.numpy()[..., : len(objective.scale)]
    return states.astype(np.float64), solution.status.numpy()


def field_on_grid(
    objective: Objective, states: np.ndarray, time: float
) -> tuple[np.ndarray, np.ndarray]:
    """Evaluates the field over the plane of the first two components of the data.

    Args:
        objective: The field.
        states: The data, which the grid surrounds, shape [points, dimension]; other components
            have their mean, augmented ones are zero.
        time: The time at which a field that depends on it is evaluated.

    Returns:
        The grid [rows, columns, 2] and dz/dt of the first two components there; of a single
        component [states, 1] both.
    """
    shown = min(2, states.shape[1])
    low, high = np.nanmin(states, axis=0)[:shown], np.nanmax(states, axis=0)[:shown]
    # Data that hardly varies, or not at all, is surrounded by room to see a field in.
    least = np.maximum(LEAST * np.maximum(np.abs(low), np.abs(high)), 1e-30)
    extent = np.where(high > low, np.maximum(high - low, least), 1.0 + least)
    margin = MARGIN * extent
    count = GRID_POINTS if shown == 2 else CURVE_POINTS
    axes = [np.linspace(low[i] - margin[i], high[i] + margin[i], count) for i in range(shown)]
    grid = np.stack(np.meshgrid(*axes), axis=-1)
    middle = np.pad(np.nanmean(states, axis=0), (0, objective.augment)).astype(np.float32)
    points = np.broadcast_to(middle, (*grid.shape[:-1], len(middle))).copy()
    points[..., :shown] = grid
    t = tf.constant(time, tf.float32)
    derivative = objective.field(t, tf.constant(points.reshape(-1, len(middle))))
    return grid, derivative.numpy().reshape(points.shape)[..., :shown]
