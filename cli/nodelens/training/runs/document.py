"""The JSON documents of training runs: the report, a row of the metrics, and predictions."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from nodelens.figures.training import Curves
from nodelens.runtime.memory import resident_bytes
from nodelens.training.loop.experiment import SampleResult, TrajectoryResult
from nodelens.training.loop.gradient import gradient_document
from nodelens.training.loop.train import Progress
from nodelens.training.runs.predict import Predicted, Slopes
from nodelens.training.runs.predict_samples import SamplePrediction
from nodelens.training.runs.result import RunResult


def run_document(run: RunResult) -> dict[str, Any]:
    """Makes the document of `train-ode`, which `report.json` holds too."""
    state, training = run.training.state, run.training
    final, findings = _quality(run.conclusion.result)
    return {
        "run_dir": str(run.directory),
        "stopped": training.stopped,
        "initial": {"step": run.first_step, "train_loss": run.first_loss},
        "final": {
            "step": state.step,
            "epoch": round(run.epoch, 3),
            "train_loss": run.last_loss,
            "val_loss": run.val_loss,
            **final,
        },
        "best": {"step": run.best_step, "train_loss": run.lowest_loss, "val_loss": run.val_loss},
        **findings,
        "training": {"window": run.window, "learning_rate": run.learning_rate},
        "warning": run.weakness,
        **({"against": run_document(run.baseline)} if run.baseline else {}),
        "adjoint": gradient_document(run.gradient),
        "nfe": {"forward": state.totals.nfe_forward, "backward": state.totals.nfe_backward},
        "drift": state.totals.drift,
        "skipped": {"steps": state.guard.skipped, "rate_scale": state.guard.scale},
        "left_out": state.totals.left_out,
        "throughput": {
            "steps_per_second": training.steps_per_second,
            "compile_seconds": training.compile_seconds,
        },
        "artifacts": _paths(run.artifacts),
    }


def _quality(found: TrajectoryResult | SampleResult) -> tuple[dict[str, Any], dict[str, Any]]:
    """Returns the further entries of `final`, and those beside it."""
    if isinstance(found, TrajectoryResult):
        errors = {
            "trajectory_error": found.trajectory_error,
            "extrapolation_error": found.extrapolation_error,
        }
        without = {"mean_error": found.mean_error, "persistence_error": found.persistence_error}
        trajectories = [
            {
                "name": score.name,
                "start": score.start,
                "initial_state": score.initial,
                "initial_state_fitted": score.fitted,
                "trajectory_error": score.error,
                "extrapolation_error": score.held_out_error,
                "status": score.status,
            }
            for score in found.scores
        ]
        beside: dict[str, Any] = {
            "fitted": found.fitted,
            "initial_states": asdict(found.starts),
            "components": [asdict(each) for each in found.components],
            "trajectories": trajectories,
        }
        if found.calendar is not None:
            beside["time"] = asdict(found.calendar)
        return {**errors, "without_model": without}, beside
    final = {"judged_by": found.part, "loss": found.loss}
    findings = {"network": found.network, "parameters": found.parameters}
    if found.confusion is None:
        return {**final, "mean_absolute_error": found.mean_absolute_error}, findings
    labels = {"classes": list(found.classes), "confusion": found.confusion.tolist()}
    return {**final, "accuracy": found.accuracy}, {**findings, **labels}


def metrics_row(progress: Progress) -> dict[str, float | None]:
    """Makes a line of `metrics.jsonl`."""
    validation, accuracy = progress.validation, progress.accuracy
    classified = {
        "accuracy": accuracy,
        "val_accuracy": validation.accuracy if validation else None,
    }
    return {
        "step": progress.step,
        "train_loss": _finite(progress.loss),
        "val_loss": validation.loss if validation else None,
        **(classified if accuracy is not None else {}),
        "gradient_norm": _finite(progress.gradient_norm),
        "nfe_forward": progress.nfe_forward,
        "nfe_backward": progress.nfe_backward,
        "rejected": progress.rejected,
        "drift": progress.drift,
        "skipped": progress.skipped,
        "seconds": round(progress.seconds, 4),
        "steps_per_second": round(progress.steps_per_second, 2),
        "memory_bytes": resident_bytes(),
    }


def curves(rows: Sequence[Mapping[str, Any]], losses: np.ndarray) -> Curves:
    """Reads the course of a training from the rows of `metrics.jsonl`.

    Args:
        rows: The rows.
        losses: The loss of each step.
    """

    def column(name: str) -> np.ndarray:
        return np.array([row[name] for row in rows], float)

    classified = bool(rows) and all("accuracy" in row for row in rows)
    return Curves(
        losses=losses,
        steps=column("step"),
        nfe_forward=column("nfe_forward"),
        nfe_backward=column("nfe_backward"),
        val_loss=column("val_loss"),
        accuracy=column("accuracy") if classified else None,
        val_accuracy=column("val_accuracy") if classified else None,
    )


def prediction_document(found: Predicted, files: Mapping[str, Path]) -> dict[str, Any]:
    """Makes the document of `predict-ode`."""
    document: dict[str, Any]
    dated: dict[str, Any] = {}
    if not isinstance(found, SamplePrediction) and found.calendar is not None:
        dated = {"time": asdict(found.calendar)}
    if isinstance(found, SamplePrediction):
        document = {"samples": len(found.outputs)}
        if found.classes:
            document["classes"] = found.counts
        if found.accuracy is not None:
            document["accuracy"] = found.accuracy
        if found.mean_absolute_error is not None:
            document["mean_absolute_error"] = found.mean_absolute_error
    elif isinstance(found, Slopes):
        document = {"components": list(found.components), **found.arrays()}
    else:
        times = found.times
        document = {
            "components": list(found.components),
            "trajectories": len(found.states),
            "times": [float(times[0]), float(times[-1]), len(times)],
            "initial": found.initial,
            "final": found.states[:, -1],
        }
    return {**document, **dated, "files": _paths(files)}


def _paths(files: Mapping[str, Path]) -> dict[str, str]:
    return {name: str(path) for name, path in files.items()}


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
