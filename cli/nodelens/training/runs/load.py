"""Runs loaded from their directories, with the trained model and the settings."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import keras
import numpy as np

from nodelens.datasets.dates import Calendar
from nodelens.errors import NumericalError, UsageError
from nodelens.fields.build import augmented
from nodelens.fields.solve_settings import solve_options
from nodelens.ode import Status
from nodelens.runtime.rundir import RunDirectory
from nodelens.settings.resolve import resolve
from nodelens.training.loop.losses import choose_loss
from nodelens.training.runs.load_samples import SampleRun
from nodelens.training.runs.prepare import load_summary
from nodelens.training.samples.summary import SampleSummary
from nodelens.training.settings import TrainOdeSettings
from nodelens.training.trajectories.evaluate import solve_whole
from nodelens.training.trajectories.experiment import prepare_trajectories
from nodelens.training.trajectories.objective import Objective
from nodelens.training.trajectories.summary import TrajectorySummary
from nodelens.training.trajectories.windows import Windows


@dataclass(frozen=True, repr=False)
class Run:
    """A trained Neural ODE.

    Attributes:
        path: The run directory.
        settings: The settings of the run.
        summary: The facts about its data that predictions use.
        objective: The trained field and its solver.
    """

    path: Path
    settings: TrainOdeSettings
    summary: TrajectorySummary
    objective: Objective

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r}, components={self.components})"

    @property
    def components(self) -> tuple[str, ...]:
        """The names of the components of the state."""
        return self.summary.components

    @property
    def first_state(self) -> np.ndarray:
        """The first state of the data, shape [dimension]."""
        return self.summary.first_state

    @property
    def first_times(self) -> np.ndarray:
        """The times of the first trajectory of the data, shape [points]."""
        return self.summary.first_times

    @property
    def calendar(self) -> Calendar | None:
        """The meaning of the times of the data, if they were dates."""
        return self.summary.calendar

    @property
    def problem(self) -> Objective:
        """The same as `objective`, by its earlier name."""
        return self.objective

    @cached_property
    def windows(self) -> Windows:
        """The windows of the training part of the data, which is read now.

        Raises:
            UsageError: If the data is not at hand.
        """
        return prepare_trajectories(self.settings).task.windows

    @property
    def field(self) -> keras.Model:
        """The trained vector field, called as `field(t, z)` with z of shape [batch, dimension]."""
        return self.objective.field

    def predict(self, z0: np.ndarray, times: np.ndarray) -> np.ndarray:
        """Solves the trained field.

        Args:
            z0: The state at the first time, shape [dimension].
            times: Increasing or decreasing, shape [times].

        Returns:
            The states, shape [times, dimension].

        Raises:
            UsageError: If the state has the wrong length or is not finite.
            NumericalError: If the solve failed.
        """
        z0 = np.asarray(z0, dtype=np.float64)
        names = ", ".join(self.components)
        if z0.shape != (len(self.components),):
            raise UsageError(
                f"a state of {len(self.components)} components ({names}) was expected, "
                f"{z0.tolist()} was given"
            )
        if not np.isfinite(z0).all():
            raise UsageError(
                f"z0: finite numbers ({names}) were expected, {z0.tolist()} was given",
                hint="put a number where a component was not measured",
            )
        times = np.asarray(times, dtype=np.float64)
        states, status = solve_whole(self.objective, z0, times)
        if status is not Status.SUCCESS:
            reached = times[np.isfinite(states).all(axis=1)]
            beyond = f" beyond t = {reached[-1]:.6g}" if len(reached) else ""
            raise NumericalError(
                f"the trained field cannot be solved{beyond}: {status.name}",
                hint="take `times` that go less far beyond those of the data, or a state nearer "
                "to it",
            )
        return states


def load_run(path: str | Path) -> Run | SampleRun:
    """Loads a run of `train-ode`.

    Args:
        path: Its directory.

    Returns:
        A `Run` if it has learned from trajectories, a `SampleRun` if from samples.

    Raises:
        UsageError: If it is no run directory, or has no model yet; or if it was made by an earlier
            version of nodelens and its data cannot be read.
    """
    directory = RunDirectory.open(Path(path))
    settings = resolve(TrainOdeSettings, file=directory.config).settings
    if not directory.model.is_file():
        raise UsageError(
            f"{path} has no model yet", hint=f"train it: node train-ode --resume {path}"
        )
    field = keras.models.load_model(directory.model)
    summary = load_summary(settings, directory.summary)
    if isinstance(summary, SampleSummary):
        return SampleRun(directory.path, settings, field, summary)
    if not isinstance(summary, TrajectorySummary):
        raise TypeError(f"{type(summary).__name__} is a summary of no data that can be loaded")
    objective = Objective(
        field,
        augmented(settings.field),
        summary.scale,
        choose_loss(settings.training.loss, labelled=False),
        solve_options(settings.solver, settings.adjoint),
    )
    return Run(directory.path, settings, summary, objective)
