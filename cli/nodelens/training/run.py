"""One run of `train-ode`: data, field, training, evaluation, and the files it leaves behind."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import yaml

from nodelens.datasets.systems import simulate_spiral
from nodelens.datasets.trajectories import Trajectory
from nodelens.fields.mlp import MLPField
from nodelens.report.figures.fit import FitPicture, draw_fit
from nodelens.runtime.files import atomic_path, write_bytes, write_text
from nodelens.runtime.provenance import provenance, sha256_of_bytes
from nodelens.runtime.rundir import RunDirectory
from nodelens.settings.resolve import Resolved
from nodelens.settings.train_ode import MLPFieldSettings, SpiralData, TrainOdeSettings
from nodelens.training.evaluate import Evaluation, evaluate, field_on_grid
from nodelens.training.train import Progress, Training, train


@dataclass(frozen=True)
class Report:
    """What a run found.

    Attributes:
        directory: Where its files are.
        training: The training.
        evaluation: The whole trajectory by the trained field.
        artifacts: The files by what they are.
    """

    directory: Path
    training: Training
    evaluation: Evaluation
    artifacts: dict[str, Path]

    def document(self) -> dict[str, Any]:
        """The JSON document of `train-ode`."""
        losses = self.training.losses
        best = int(np.argmin(losses))
        return {
            "run_dir": str(self.directory),
            "stopped": "interrupted" if self.training.interrupted else "finished",
            "final": {
                "step": len(losses),
                "train_loss": _last(losses),
                "trajectory_mean_absolute_error": self.evaluation.mean_absolute_error,
            },
            "initial": {"step": 1, "train_loss": float(losses[0])},
            "best": {"step": best + 1, "train_loss": float(losses[best])},
            "nfe": {"forward": self.training.nfe_forward, "backward": self.training.nfe_backward},
            "drift": self.training.drift,
            "throughput": {
                "steps_per_second": self.training.steps_per_second,
                "compile_seconds": self.training.compile_seconds,
            },
            "artifacts": {name: str(path) for name, path in self.artifacts.items()},
        }


def _last(losses: np.ndarray) -> float:
    """The loss at the end: a mean, because each batch has windows of its own."""
    return float(np.mean(losses[-100:]))


def load_data(data: SpiralData, seed: int) -> Trajectory:
    """Makes the data of a run."""
    return simulate_spiral(
        z0=data.z0, t_end=data.t_end, points=data.points, noise=data.noise, seed=seed
    )


def make_field(field: MLPFieldSettings, dimension: int, seed: int) -> MLPField:
    """Makes the untrained vector field of a run."""
    return MLPField(
        dimension,
        hidden=field.hidden,
        activation=field.activation,
        input_power=field.input_power,
        seed=seed,
    )


def run_training(
    resolved: Resolved[TrainOdeSettings],
    directory: RunDirectory,
    *,
    device: str,
    on_progress: Callable[[Progress], None],
    stop: Callable[[], bool],
) -> Report:
    """Trains by the settings and writes everything into the run directory.

    Args:
        resolved: The settings and their origins.
        directory: The run directory.
        device: The description of the device, for the record.
        on_progress: Told after every call of the compiled loop.
        stop: Asked after every call whether to end early.

    Raises:
        NumericalError: If the training failed numerically.
    """
    settings = resolved.settings
    trajectory = load_data(settings.data, settings.seed)
    field = make_field(settings.field, trajectory.dimension, settings.seed)
    record = provenance(
        seed=settings.seed,
        device=device,
        data_sha256=sha256_of_bytes(trajectory.times.tobytes(), trajectory.states.tobytes()),
    )
    artifacts = {
        "config": directory.path / "config.resolved.yaml",
        "provenance": directory.write_json("provenance.json", record),
        "origins": directory.write_json("origins.json", resolved.origins),
        "metrics": directory.path / "metrics.jsonl",
        "model": directory.path / "model.keras",
    }
    write_text(
        artifacts["config"], yaml.safe_dump(settings.model_dump(mode="json"), sort_keys=False)
    )

    def note(progress: Progress) -> None:
        directory.append_metrics(_metrics_row(progress))
        on_progress(progress)

    try:
        training = train(field, trajectory, settings, on_progress=note, stop=stop)
    finally:
        # Whatever ended the training, the weights of the last good step are kept.
        save_model(field, artifacts["model"])
    evaluation = evaluate(field, trajectory, settings.solver)
    if settings.output.figures:
        artifacts["figure"] = directory.figures / "fit.png"
        picture = _picture(field, trajectory, training, evaluation)
        write_bytes(artifacts["figure"], draw_fit(picture))
    artifacts["report"] = directory.path / "report.json"
    report = Report(directory.path, training, evaluation, artifacts)
    directory.write_json("report.json", report.document())
    return report


def save_model(field: keras.Model, path: Path) -> None:
    """Saves a field as `.keras`, whole or not at all."""
    with atomic_path(path) as temporary:
        field.save(temporary)


def _metrics_row(progress: Progress) -> dict[str, float]:
    return {
        "step": progress.step,
        "train_loss": progress.loss,
        "gradient_norm": progress.gradient_norm,
        "nfe_forward": progress.nfe_forward,
        "nfe_backward": progress.nfe_backward,
        "rejected": progress.rejected,
        "drift": progress.drift,
        "seconds": round(progress.seconds, 4),
        "steps_per_second": round(progress.steps_per_second, 2),
    }


def _picture(
    field: keras.Model, trajectory: Trajectory, training: Training, evaluation: Evaluation
) -> FitPicture:
    grid, derivative = field_on_grid(field, trajectory)
    return FitPicture(
        title=f"Neural ODE after {len(training.losses):,} steps: {trajectory.name}",
        times=trajectory.times,
        data=trajectory.states,
        fit=evaluation.states,
        grid=grid,
        field=derivative,
        steps=np.arange(1, len(training.losses) + 1),
        losses=training.losses,
    )


def plan(settings: TrainOdeSettings) -> dict[str, Any]:
    """What a run would do, checked as far as it can be without training.

    Returns:
        A plain document; `summary` says it in one sentence.
    """
    trajectory = load_data(settings.data, settings.seed)
    field = make_field(settings.field, trajectory.dimension, settings.seed)
    count = field.count_params()
    training = settings.training
    return {
        "points": len(trajectory.times),
        "dimension": trajectory.dimension,
        "parameters": count,
        "steps": training.steps,
        "summary": (
            f"would fit a field of {count:,} parameters to {len(trajectory.times):,} points of the "
            f"{trajectory.name} in {training.steps:,} steps of {training.batch_size} windows, "
            f"with {settings.solver.method} and the adjoint {settings.adjoint.method}"
        ),
    }
