"""The conclusion of a training on trajectories: each of them, solved by the trained field."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from nodelens.datasets.trajectories import TrajectoryData
from nodelens.figures.curves import FitCurve
from nodelens.figures.fit import MOST, FitPicture, draw_fit
from nodelens.figures.ranges import extents, share_axes
from nodelens.figures.time_axis import TimeAxis
from nodelens.figures.training import Curves, Residuals, draw_training
from nodelens.training.loop.experiment import (
    ComponentScore,
    FigureFile,
    StartChoice,
    TrajectoryResult,
)
from nodelens.training.trajectories.evaluate import (
    Evaluation,
    curve_on,
    field_on_grid,
    mean_over,
)
from nodelens.training.trajectories.objective import Objective


def _beside_mean(every: Sequence[Evaluation]) -> list[np.ndarray]:
    """Returns the distances of all measurements from the mean of those trained on."""
    seen = [np.where(x.trained, x.trajectory.states, np.nan) for x in every]
    counts = np.isfinite(np.concatenate(seen)).any(axis=0)
    mean = np.zeros(len(counts))
    mean[counts] = np.nanmean(np.concatenate(seen)[:, counts], axis=0)
    return [np.abs(x.trajectory.states - mean) for x in every]


def _over_trained(
    every: Sequence[Evaluation], values: Sequence[np.ndarray], component: int | None = None
) -> float | None:
    """Returns the mean of values over the judged measurements that were trained on.

    Args:
        every: The evaluations.
        values: A value for each measurement, shape [points, dimension] of each evaluation.
        component: The component that counts; None counts all.
    """
    columns = slice(None) if component is None else [component]
    parts = [
        value[:, columns][(x.judged & x.trained)[:, columns]]
        for x, value in zip(every, values, strict=True)
    ]
    return mean_over(parts)


@dataclass(frozen=True)
class TrajectoryConclusion:
    """A trained field on its trajectories: a `Conclusion`.

    Attributes:
        objective: The field and its solver.
        data: All data.
        evaluations: Every trajectory by the trained field.
        starts: The kind of the initial states that were trained with.
    """

    objective: Objective
    data: TrajectoryData
    evaluations: tuple[Evaluation, ...]
    starts: StartChoice

    @cached_property
    def result(self) -> TrajectoryResult:
        """The errors on all trajectories, and the fitted parameters of equations."""
        every = self.evaluations
        held_out = mean_over([each.errors[each.judged & ~each.trained] for each in every])
        errors, beside_mean = [each.errors for each in every], _beside_mean(every)
        beside_first = [np.abs(x.trajectory.states - x.start) for x in every]
        trained = _over_trained(every, errors)
        components = []
        for i, name in enumerate(self.data.components):
            error = _over_trained(every, errors, i)
            others = [_over_trained(every, each, i) for each in (beside_mean, beside_first)]
            trivial = min((each for each in others if each is not None), default=None)
            if error is not None and trivial is not None:
                components.append(ComponentScore(name, error, trivial))
        return TrajectoryResult(
            trajectory_error=float("nan") if trained is None else trained,
            extrapolation_error=held_out,
            mean_error=_over_trained(every, beside_mean),
            persistence_error=_over_trained(every, beside_first),
            fitted=self.objective.field.fitted(),
            scores=tuple(each.score for each in every),
            calendar=self.data.calendar,
            starts=self.starts,
            components=tuple(components),
        )

    def figures(self, curves: Curves, baseline: Any = None) -> list[FigureFile]:
        """Draws the fit and the training."""
        title = f"Neural ODE after {len(curves.losses):,} steps: {self.data.title}"
        components, every = self.data.components, self.data.trajectories
        solved = [each for each in self.evaluations if each.begin is not None]
        states = np.concatenate([each.states for each in every])
        axis = TimeAxis.of(np.concatenate([each.times for each in every]), self.data.time)
        drawn = tuple(
            replace(_curve(each), curve_times=times, curve=curve)
            for each in _chosen(solved)
            for times, curve in [curve_on(self.objective, each, axis)]
        )
        time = float(every[0].times[0])
        grid, derivative = field_on_grid(self.objective, states, time)
        picture = FitPicture(
            title=title,
            components=components,
            curves=drawn,
            count=len(every),
            worst=max(solved, key=lambda each: each.score.largest).trajectory.name,
            grid=grid,
            field=derivative,
            losses=curves.losses,
            field_time=None if self.objective.field.autonomous else time,
            time=axis,
        )
        gone = f": {picture.leaving}" if picture.leaving else ""
        plane = "phase portrait, vector field" if len(components) > 1 else "derivative"
        what = "Trajectory" if len(every) == 1 else "Trajectories"
        training = "Loss, evaluations and residuals"
        return [
            FigureFile("figure", "fit.png", f"{what}, {plane} and loss{gone}", draw_fit(picture)),
            FigureFile(
                "training_figure",
                "training.png",
                training,
                draw_training(title, curves, _residuals(components, solved, states, axis)),
            ),
        ]


def _residuals(
    components: tuple[str, ...], solved: Sequence[Evaluation], states: np.ndarray, axis: TimeAxis
) -> Residuals:
    """Returns the residuals of all solved trajectories.

    Args:
        components: The names of the components.
        solved: The trajectories.
        states: All measured states, shape [points, dimension].
        axis: The time axis.
    """
    spans = {curve.held_out for curve in map(_curve, solved) if curve.train_points}
    sizes, widest = None, extents(states)
    if not share_axes(states):
        sizes = np.nanstd(states, axis=0)
        sizes[sizes == 0] = 1.0
        widest = widest / sizes
    return Residuals(
        components,
        np.concatenate([each.trajectory.times for each in solved]),
        np.concatenate([each.states - each.trajectory.states for each in solved]),
        spans.pop() if len(spans) == 1 else None,
        axis,
        sizes,
        float(widest.max()) or None,
    )


def _chosen(solved: Sequence[Evaluation]) -> list[Evaluation]:
    """The trajectories that are drawn, in the order of the data: the worst and the best ones."""
    by_error = sorted(solved, key=lambda each: each.score.largest)
    half = MOST // 2
    chosen = by_error if len(solved) <= MOST else [*by_error[: MOST - half], *by_error[-half:]]
    held_out = [each for each in by_error if not each.train_points]
    if held_out and all(each.train_points for each in chosen):
        chosen[0] = held_out[-1]
    return [each for each in solved if any(each is one for one in chosen)]


def _curve(found: Evaluation) -> FitCurve:
    return FitCurve(
        name=found.trajectory.name,
        times=found.trajectory.times,
        data=found.trajectory.states,
        curve_times=found.curve_times,
        curve=found.curve,
        train_points=found.train_points,
    )
