"""One run of `train-ode`, and the files it leaves behind."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import yaml

from nodelens.fields.hybrid import HybridField
from nodelens.report.figures.fit import FitPicture, draw_fit
from nodelens.report.figures.training import TrainingPicture, draw_training
from nodelens.report.train_report import train_report
from nodelens.runtime.files import atomic_path, write_bytes, write_text
from nodelens.runtime.provenance import provenance, sha256_of_bytes
from nodelens.runtime.rundir import RunDirectory
from nodelens.settings.resolve import Resolved
from nodelens.settings.train_ode import TrainOdeSettings
from nodelens.training.checkpoints import Checkpoints
from nodelens.training.evaluate import Evaluation, evaluate, field_on_grid
from nodelens.training.prepare import Prepared, prepare
from nodelens.training.state import TrainingState
from nodelens.training.train import Hooks, Progress, Training, train

# Each batch has windows of its own, so the loss at the end is a mean over this many steps.
LAST_STEPS = 100


@dataclass(frozen=True)
class Report:
    """What a run found.

    Attributes:
        directory: Where its files are.
        training: The training.
        evaluation: The first trajectory by the trained field.
        fitted: The parameters of equations that were fitted, by name.
        artifacts: The files by what they are.
    """

    directory: Path
    training: Training
    evaluation: Evaluation
    fitted: dict[str, float]
    artifacts: dict[str, Path]

    def document(self) -> dict[str, Any]:
        """The JSON document of `train-ode`."""
        state, evaluation = self.training.state, self.evaluation
        losses, best = state.losses, state.best
        lowest = int(np.argmin(losses))
        return {
            "run_dir": str(self.directory),
            "stopped": self.training.stopped,
            "initial": {"step": 1, "train_loss": float(losses[0])},
            "final": {
                "step": state.step,
                "train_loss": float(np.mean(losses[-LAST_STEPS:])),
                "val_loss": best.loss if best.step else None,
                "trajectory_error": evaluation.train_error,
                "extrapolation_error": evaluation.validation_error,
            },
            "best": {
                "step": best.step or lowest + 1,
                "train_loss": float(losses[lowest]),
                "val_loss": best.loss if best.step else None,
            },
            "fitted": self.fitted,
            "nfe": {
                "forward": state.totals.nfe_forward,
                "backward": state.totals.nfe_backward,
            },
            "drift": state.totals.drift,
            "throughput": {
                "steps_per_second": self.training.steps_per_second,
                "compile_seconds": self.training.compile_seconds,
            },
            "artifacts": {name: str(path) for name, path in self.artifacts.items()},
        }


def run_training(
    resolved: Resolved[TrainOdeSettings],
    directory: RunDirectory,
    *,
    device: str,
    on_progress: Callable[[Progress], None],
    stop: Callable[[], bool],
    start: TrainingState | None = None,
) -> Report:
    """Trains by the settings and writes everything into the run directory.

    Args:
        resolved: The settings and their origins.
        directory: The run directory, which is locked meanwhile.
        device: The description of the device, for the record.
        on_progress: Told after every call of the compiled loop.
        stop: Asked after every call whether to end early.
        start: The state to go on from; None begins anew.

    Raises:
        NumericalError: If the training failed numerically. Model and checkpoint of the last good
            step are kept.
    """
    settings = resolved.settings
    with directory.lock():
        prepared = prepare(settings)
        artifacts = _write_record(resolved, directory, prepared, device)
        directory.keep_metrics(start.step if start else 0)

        def note(progress: Progress) -> None:
            directory.append_metrics(_metrics_row(progress))
            on_progress(progress)

        hooks = Hooks(note, Checkpoints(directory.checkpoints).save, stop)
        field = prepared.problem.field
        try:
            training = train(prepared.task, settings, hooks, start=start)
        finally:
            # Whatever ended the training, the weights of the last good step are kept.
            save_model(field, directory.model)
        evaluation = evaluate(prepared.problem, prepared.data, prepared.split)
        if settings.output.figures:
            artifacts |= _draw(directory, prepared, training, evaluation)
        fitted = field.fitted() if isinstance(field, HybridField) else {}
        artifacts["report"] = directory.path / "report.json"
        artifacts["page"] = directory.path / "report.md"
        report = Report(directory.path, training, evaluation, fitted, artifacts)
        document = report.document()
        directory.write_json("report.json", document)
        page = train_report(
            document,
            title=_title(prepared, training),
            split=prepared.split.how,
            settings=directory.config.read_text(encoding="utf-8"),
        )
        write_text(artifacts["page"], page)
        return report


def save_model(field: keras.Model, path: Path) -> None:
    """Saves a field as `.keras`, whole or not at all."""
    with atomic_path(path) as temporary:
        field.save(temporary)


def _write_record(
    resolved: Resolved[TrainOdeSettings],
    directory: RunDirectory,
    prepared: Prepared,
    device: str,
) -> dict[str, Path]:
    """Writes what it takes to repeat the run, before the run."""
    settings = resolved.settings
    write_text(directory.config, yaml.safe_dump(settings.model_dump(mode="json"), sort_keys=False))
    record = provenance(
        seed=settings.seed,
        device=device,
        data_sha256=sha256_of_bytes(prepared.data.content()),
    )
    return {
        "config": directory.config,
        "provenance": directory.write_json("provenance.json", record),
        "origins": directory.write_json("origins.json", resolved.origins),
        "metrics": directory.metrics,
        "checkpoints": directory.checkpoints,
        "model": directory.model,
    }


def _metrics_row(progress: Progress) -> dict[str, float | None]:
    validation, accuracy = progress.validation, progress.accuracy
    classified = {
        "accuracy": accuracy,
        "val_accuracy": validation.accuracy if validation else None,
    }
    return {
        "step": progress.step,
        "train_loss": progress.loss,
        "val_loss": validation.loss if validation else None,
        **(classified if accuracy is not None else {}),
        "gradient_norm": progress.gradient_norm,
        "nfe_forward": progress.nfe_forward,
        "nfe_backward": progress.nfe_backward,
        "rejected": progress.rejected,
        "drift": progress.drift,
        "seconds": round(progress.seconds, 4),
        "steps_per_second": round(progress.steps_per_second, 2),
    }


def _title(prepared: Prepared, training: Training) -> str:
    return f"Neural ODE after {training.state.step:,} steps: {prepared.data.title}"


def _draw(
    directory: RunDirectory, prepared: Prepared, training: Training, evaluation: Evaluation
) -> dict[str, Path]:
    """Draws the pictures; the phase plane takes two components."""
    drawn = {"training_figure": directory.figures / "training.png"}
    rows = directory.read_metrics()
    picture = _training_picture(prepared, training, evaluation, rows)
    write_bytes(drawn["training_figure"], draw_training(picture))
    if prepared.data.dimension >= 2:
        drawn["figure"] = directory.figures / "fit.png"
        write_bytes(drawn["figure"], draw_fit(_fit_picture(prepared, training, evaluation)))
    return drawn


def _training_picture(
    prepared: Prepared, training: Training, evaluation: Evaluation, rows: list[dict[str, Any]]
) -> TrainingPicture:
    def column(name: str) -> np.ndarray:
        return np.array([row[name] for row in rows], float)  # None becomes NaN

    return TrainingPicture(
        title=_title(prepared, training),
        losses=training.state.losses,
        steps=column("step"),
        nfe_forward=column("nfe_forward"),
        nfe_backward=column("nfe_backward"),
        val_loss=column("val_loss"),
        components=prepared.data.components,
        times=evaluation.trajectory.times,
        residuals=evaluation.states - evaluation.trajectory.states,
        train_points=evaluation.train_points,
    )


def _fit_picture(prepared: Prepared, training: Training, evaluation: Evaluation) -> FitPicture:
    trajectory = evaluation.trajectory
    grid, derivative = field_on_grid(prepared.problem, trajectory.states)
    return FitPicture(
        title=_title(prepared, training),
        components=prepared.data.components,
        times=trajectory.times,
        data=trajectory.states,
        curve_times=evaluation.curve_times,
        curve=evaluation.curve,
        train_points=evaluation.train_points,
        grid=grid,
        field=derivative,
        losses=training.state.losses,
    )
