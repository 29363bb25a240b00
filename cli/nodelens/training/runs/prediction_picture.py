"""The picture of a prediction: smooth curves, beside the data that the run has learned from."""

from typing import TYPE_CHECKING

import numpy as np

from nodelens.datasets.trajectories import Trajectory
from nodelens.figures.curves import FitCurve
from nodelens.figures.over_time import OverTime, Panels
from nodelens.figures.time_axis import TimeAxis
from nodelens.training.trajectories.evaluate import CURVE_POINTS, solve_whole
from nodelens.training.trajectories.summary import TrajectorySummary

if TYPE_CHECKING:
    from nodelens.training.runs.load import Run

ROOM = 4.0
"""How far a prediction may widen the axes of the data to either side, in extents of the data."""
GAP = 1 / 150
"""The part of the time axis between two points of a curve that looks smooth."""
MOST_SMOOTH = 50
"""Curves that are solved once more for the picture; of more, single ones are not seen."""


def prediction_picture(
    run: "Run", initial: np.ndarray, times: np.ndarray, states: np.ndarray
) -> OverTime:
    """Makes the picture of a prediction.

    A prediction from a state of the data is shown with the data of that trajectory, in one colour;
    beside any other all data of the run is shown.

    Args:
        run: The run that predicts.
        initial: The initial states, shape [trajectories, dimension].
        times: The times of the prediction, increasing or decreasing, shape [times].
        states: The predicted states, shape [trajectories, times, dimension].
    """
    axis = TimeAxis.of(times, *run.summary.time)
    again = len(initial) <= MOST_SMOOTH and not axis.resolves(times, GAP)
    dense = np.union1d(times, axis.between(float(times[0]), float(times[-1]), CURVE_POINTS))
    if times[-1] < times[0]:
        dense = dense[::-1]
    curves, beside, others = [], set(), False
    for number, (start, found) in enumerate(zip(initial, states, strict=True), start=1):
        curve_times, curve = times, found
        if again:
            # The numbers of the prediction are those of its own times, whatever is drawn.
            curve_times, curve = dense, solve_whole(run.objective, start, dense)[0]
        data = _starting_at(run.summary, float(times[0]), start)
        others |= data is None
        beside.add("" if data is None else data.name)
        name = "" if len(initial) == 1 else f"trajectory {number}"
        if data is None:
            data = Trajectory(np.zeros(0), np.zeros((0, len(start))), name)
        elif name != data.name and name:
            name = f"{name}: {data.name}"
        size = len(data.times)
        curves.append(FitCurve(name, data.times, data.states, curve_times, curve, size))
    behind = tuple(
        FitCurve(each.name, each.times, each.states, each.times[:0], each.states[:0], len(each))
        for each in run.summary.kept
        if others and each.name not in beside
    )
    panels = Panels.single(len(run.components))
    return OverTime("", run.components, tuple(curves), panels, axis, ROOM, behind)


def _starting_at(summary: TrajectorySummary, time: float, state: np.ndarray) -> Trajectory | None:
    """Finds the trajectory that was in a state at a time, as it was measured or fitted."""
    if time == summary.first_times[0] and np.array_equal(state, summary.first_state):
        return next((one for one in summary.kept if one.complete.any()), None)
    for one in summary.kept:
        for row in np.flatnonzero(one.times == time):
            if np.array_equal(one.states[row], state):
                return one
    return None
