"""The conclusion of a training on trajectories: the first one, solved by the trained field."""

from dataclasses import dataclass
from typing import Any

from nodelens.datasets.trajectories import TrajectoryData
from nodelens.figures.fit import FitPicture, draw_fit
from nodelens.figures.training import Curves, Residuals, draw_training
from nodelens.training.loop.experiment import FigureFile, TrajectoryResult
from nodelens.training.trajectories.evaluate import Evaluation, field_on_grid
from nodelens.training.trajectories.objective import Objective


@dataclass(frozen=True)
class TrajectoryConclusion:
    """A trained field on its trajectories: a `Conclusion`.

    Attributes:
        objective: The field and its solver.
        data: All data.
        evaluation: The first trajectory by the trained field.
    """

    objective: Objective
    data: TrajectoryData
    evaluation: Evaluation

    @property
    def result(self) -> TrajectoryResult:
        """The errors on the first trajectory, and the fitted parameters of equations."""
        return TrajectoryResult(
            trajectory_error=self.evaluation.train_error,
            extrapolation_error=self.evaluation.validation_error,
            fitted=self.objective.field.fitted(),
        )

    def figures(self, curves: Curves, baseline: Any = None) -> list[FigureFile]:
        """Draws the fit and the training."""
        title = f"Neural ODE after {len(curves.losses):,} steps: {self.data.title}"
        components, found = self.data.components, self.evaluation
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
