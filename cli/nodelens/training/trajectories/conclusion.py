"""The conclusion of a training on trajectories: each of them, solved by the trained field."""

from dataclasses import dataclass
from typing import Any

from nodelens.datasets.trajectories import TrajectoryData
from nodelens.figures.fit import FitPicture, draw_fit
from nodelens.figures.training import Curves, Residuals, draw_training
from nodelens.training.loop.experiment import FigureFile, TrajectoryResult
from nodelens.training.trajectories.evaluate import Evaluation, field_on_grid, mean_over
from nodelens.training.trajectories.objective import Objective


@dataclass(frozen=True)
class TrajectoryConclusion:
    """A trained field on its trajectories: a `Conclusion`.

    Attributes:
        objective: The field and its solver.
        data: All data.
        evaluations: Every trajectory by the trained field.
    """

    objective: Objective
    data: TrajectoryData
    evaluations: tuple[Evaluation, ...]

    @property
    def result(self) -> TrajectoryResult:
        """The errors on all trajectories, and the fitted parameters of equations."""
        every = self.evaluations
        held_out = mean_over([each.errors[each.judged & ~each.trained] for each in every])
        trained = mean_over([each.errors[each.judged & each.trained] for each in every])
        return TrajectoryResult(
            trajectory_error=float("nan") if trained is None else trained,
            extrapolation_error=held_out,
            fitted=self.objective.field.fitted(),
            scores=tuple(each.score for each in every),
        )

    def figures(self, curves: Curves, baseline: Any = None) -> list[FigureFile]:
        """Draws the fit and the training."""
        title = f"Neural ODE after {len(curves.losses):,} steps: {self.data.title}"
        components = self.data.components
        found = next(each for each in self.evaluations if each.begin is not None)
        times, states = found.trajectory.times, found.trajectory.states
        residuals = Residuals(components, times, found.states - states, found.train_points)
        figures = [
            FigureFile(
                "training_figure",
                "training.png",
                "Loss, evaluations and residuals",
                draw_training(title, curves, residuals),
            )
        ]
        time = float(times[0])
        grid, derivative = field_on_grid(self.objective, states, time)
        picture = FitPicture(
            title=title,
            components=components,
            times=times,
            data=states,
            curve_times=found.curve_times,
            curve=found.curve,
            train_points=found.train_points,
            grid=grid,
            field=derivative,
            losses=curves.losses,
            field_time=None if self.objective.field.autonomous else time,
        )
        plane = "phase portrait, vector field" if len(components) > 1 else "derivative"
        shown = f"Trajectory, {plane} and loss"
        return [FigureFile("figure", "fit.png", shown, draw_fit(picture)), *figures]
