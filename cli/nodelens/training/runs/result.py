"""The result of one run of `train-ode`."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nodelens.ode.adjoints.auto import Choice
from nodelens.training.loop.experiment import Conclusion, FigureFile, TrajectoryResult
from nodelens.training.loop.train import Training

# Each batch has windows of its own, so the loss at the end is a mean over this many steps.
LAST_STEPS = 100
WEAK = 0.5  # of the error without a model, from which on a fit is of little use


@dataclass(frozen=True)
class RunResult:
    """The result of a run.

    Attributes:
        directory: The run directory.
        title: The data, in words.
        split: The parts of the data, in words.
        training: The training.
        gradient: The adjoint of the training; None if nothing is solved.
        conclusion: The trained model and its quality on the data.
        figures: The figures that were drawn.
        artifacts: The paths of the files, by name.
        epoch: The examples seen, in multiples of those there are.
        window: The points of a window, also where the data chose it; None for samples.
        learning_rate: The first learning rate, likewise.
        baseline: The result of the baseline model, if there is one.
    """

    directory: Path
    title: str
    split: str
    training: Training
    gradient: Choice | None
    conclusion: Conclusion
    figures: tuple[FigureFile, ...]
    artifacts: dict[str, Path]
    epoch: float
    window: int | None
    learning_rate: float
    baseline: "RunResult | None" = None

    @property
    def first_step(self) -> int:
        """The first step that was not skipped, from 1."""
        return int(np.argmax(np.isfinite(self.training.state.losses))) + 1

    @property
    def first_loss(self) -> float:
        """The loss of this step."""
        return float(self.training.state.losses[self.first_step - 1])

    @property
    def last_loss(self) -> float:
        """The mean loss of the last `LAST_STEPS` steps that were not skipped."""
        losses = self.training.state.losses
        return float(np.mean(losses[np.isfinite(losses)][-LAST_STEPS:]))

    @property
    def lowest_loss(self) -> float:
        """The lowest loss of a step."""
        return float(np.nanmin(self.training.state.losses))

    @property
    def best_step(self) -> int:
        """The step of the best validation, or of the lowest loss where there was none."""
        state = self.training.state
        return state.best.step or int(np.nanargmin(state.losses)) + 1

    @property
    def val_loss(self) -> float | None:
        """The loss of the best validation; None where there was none."""
        best = self.training.state.best
        return best.loss if best.step else None

    @property
    def weakness(self) -> str | None:
        """The reason why the trained field is of little use, in words; None if it is of use."""
        found = self.conclusion.result
        if not isinstance(found, TrajectoryResult) or found.trivial_error is None:
            return None
        error, trivial = found.trajectory_error, found.trivial_error
        if better := _hardly_better(error, trivial):
            return (
                f"the fit is {better} than none: its error over the whole trajectories is "
                f"{error:.4g}, that of their mean or first state {trivial:.4g}"
            )
        return _weak_component(found)

    @property
    def failure(self) -> str | None:
        """The failure of the trained field in words; None if it can be solved over all data."""
        found = self.conclusion.result
        failed = found.failed if isinstance(found, TrajectoryResult) else ()
        if not failed:
            return None
        one = failed[0]
        more = f", nor over {len(failed) - 1} more" if len(failed) > 1 else ""
        beyond = "" if one.reached is None else f" beyond t = {one.reached:.6g}"
        why = "its values are not finite" if one.status == "SUCCESS" else one.status
        return f"the trained field cannot be solved over {one.name!r}{beyond}{more}: {why}"


def _hardly_better(error: float, trivial: float) -> str | None:
    """Compares an error with that without a model, in words; None if it is much smaller."""
    if not error > WEAK * trivial:
        return None
    return "no better" if error >= trivial else "little better"


def _weak_component(found: TrajectoryResult) -> str | None:
    """Names the component that is fitted worst, if its fit is of little use.

    The mean over all components says little about one that is small beside others.
    """
    if len(found.components) < 2:
        return None
    one = max(found.components, key=lambda each: each.error / max(each.trivial_error, 1e-300))
    error, trivial = one.error, one.trivial_error
    if better := _hardly_better(error, trivial):
        return (
            f"the fit of {one.name} is {better} than none: its error is {error:.4g}, that of its "
            f"mean or first state {trivial:.4g}"
        )
    return None
