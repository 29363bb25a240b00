"""One run of `train-ode`, and the files it leaves behind."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import yaml

from nodelens.errors import EnvironmentLacksError
from nodelens.report.page import to_html, to_markdown
from nodelens.report.train.page import train_report
from nodelens.runtime.files import atomic_path, make_directory, write_bytes, write_text
from nodelens.runtime.memory import resident_bytes
from nodelens.runtime.provenance import provenance, sha256_of_bytes
from nodelens.runtime.rundir import RunDirectory
from nodelens.settings.resolve import Resolved
from nodelens.training.loop.checkpoints import Checkpoints
from nodelens.training.loop.experiment import Conclusion, Experiment
from nodelens.training.loop.state import TrainingState
from nodelens.training.loop.train import Hooks, Progress, Training, train
from nodelens.training.runs.data_summary import summarise
from nodelens.training.runs.event_files import event_files
from nodelens.training.runs.prepare import prepare
from nodelens.training.settings import OutputSettings, TrainOdeSettings

# Each batch has windows of its own, so the loss at the end is a mean over this many steps.
LAST_STEPS = 100


@dataclass(frozen=True)
class Report:
    """What a run found.

    Attributes:
        directory: Where its files are.
        training: The training.
        conclusion: What the trained model makes of the data.
        artifacts: The files by what they are.
        epoch: How often as many examples were seen as there are.
        rival: What the run of the model to compare with found, if there is one.
    """

    directory: Path
    training: Training
    conclusion: Conclusion
    artifacts: dict[str, Path]
    epoch: float
    rival: "Report | None" = None

    def document(self) -> dict[str, Any]:
        """The JSON document of `train-ode`."""
        state = self.training.state
        losses, best = state.losses, state.best
        first, lowest = int(np.argmax(np.isfinite(losses))), int(np.nanargmin(losses))
        return {
            "run_dir": str(self.directory),
            "stopped": self.training.stopped,
            "initial": {"step": first + 1, "train_loss": float(losses[first])},
            "final": {
                "step": state.step,
                "epoch": round(self.epoch, 3),
                "train_loss": float(np.mean(losses[np.isfinite(losses)][-LAST_STEPS:])),
                "val_loss": best.loss if best.step else None,
                **self.conclusion.final(),
            },
            "best": {
                "step": best.step or lowest + 1,
                "train_loss": float(losses[lowest]),
                "val_loss": best.loss if best.step else None,
            },
            **self.conclusion.findings(),
            **({"against": self.rival.document()} if self.rival else {}),
            "nfe": {
                "forward": state.totals.nfe_forward,
                "backward": state.totals.nfe_backward,
            },
            "drift": state.totals.drift,
            "skipped": {"steps": state.guard.skipped, "rate_scale": state.guard.scale},
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
        UsageError: If data, field and settings do not fit together. Nothing is left behind.
        NumericalError: If the training failed numerically. Model and checkpoint of the last good
            step are kept.
        EnvironmentLacksError: If the directory was removed in the meantime.
    """
    # The directory is left as it was found if there is nothing to train.
    with directory.undo_if_refused(), directory.lock(), _told_if_gone(directory):
        experiment = prepare(resolved.settings)
        settings = experiment.settings
        artifacts = _write_record(resolved, directory, experiment, device)
        rival = _run_rival(resolved, directory, device, on_progress, stop)
        directory.keep_metrics(start.step if start else 0)
        with _recording(directory, tensorboard=settings.output.tensorboard) as record:

            def note(progress: Progress) -> None:
                record(_metrics_row(progress))
                on_progress(progress)

            checkpoints = Checkpoints(directory.checkpoints)
            checkpoints.clear_unfinished()
            hooks = Hooks(note, checkpoints.save, stop)
            try:
                training = train(experiment.stages, settings, hooks, start=start)
            finally:
                # Whatever ended the training, the weights of the last good step are kept.
                save_model(experiment.task.model, directory.model)
        return _conclude(directory, experiment, training, settings.output, artifacts, rival)


def _conclude(
    directory: RunDirectory,
    experiment: Experiment,
    training: Training,
    output: OutputSettings,
    artifacts: dict[str, Path],
    rival: Report | None,
) -> Report:
    """Judges the trained model, draws its pictures and writes the reports."""
    conclusion = experiment.conclude()
    drawn = []
    if output.figures:
        compared = rival.conclusion if rival else None
        drawn = conclusion.pictures(training.state, directory.read_metrics(), compared)
    artifacts |= {picture.artifact: directory.figures / picture.file for picture in drawn}
    for picture in drawn:
        write_bytes(artifacts[picture.artifact], picture.content)
    artifacts |= {
        "report": directory.path / "report.json",
        "page": directory.path / "report.md",
        "html": directory.path / "report.html",
    }
    if output.tensorboard:
        artifacts["tensorboard"] = directory.events
    batch = experiment.settings.training.batch_size
    epoch = training.state.step * batch / experiment.examples
    report = Report(directory.path, training, conclusion, artifacts, epoch, rival)
    document = report.document()
    directory.write_json("report.json", document)
    page = train_report(
        document,
        title=f"Neural ODE after {training.state.step:,} steps: {experiment.title}",
        split=experiment.split_in_words,
        pictures=tuple((f"figures/{each.file}", each.shown) for each in drawn),
        settings=directory.config.read_text(encoding="utf-8"),
    )
    write_text(artifacts["page"], to_markdown(page))
    contents = {f"figures/{each.file}": each.content for each in drawn}
    write_text(artifacts["html"], to_html(page, contents))
    return report


@contextmanager
def _recording(
    directory: RunDirectory, *, tensorboard: bool
) -> Iterator[Callable[[dict[str, Any]], None]]:
    """Gives what appends a row to the metrics, and to event files if they are wanted."""
    if not tensorboard:
        yield directory.append_metrics
        return
    with event_files(directory.events, directory.read_metrics()) as events:

        def record(row: dict[str, Any]) -> None:
            directory.append_metrics(row)
            events.append(row)

        yield record


@contextmanager
def _told_if_gone(directory: RunDirectory) -> Iterator[None]:
    """Says so if somebody has removed the directory in the meantime.

    Raises:
        EnvironmentLacksError: If it is not there any more.
    """
    try:
        yield
    except FileNotFoundError as error:
        if directory.path.is_dir():
            raise
        raise EnvironmentLacksError(
            f"the run directory {directory.path} was removed while the training went on",
            hint="begin anew; nothing of this run is left",
        ) from error


def _run_rival(
    resolved: Resolved[TrainOdeSettings],
    directory: RunDirectory,
    device: str,
    on_progress: Callable[[Progress], None],
    stop: Callable[[], bool],
) -> Report | None:
    """Trains the field to compare with, first, as a run of its own in a directory below."""
    settings = resolved.settings
    if settings.against is None:
        return None
    other = settings.model_copy(update={"field": settings.against, "against": None})
    against = RunDirectory(make_directory(directory.against.path))
    return run_training(
        replace(resolved, settings=other),
        against,
        device=device,
        on_progress=on_progress,
        stop=stop,
        start=Checkpoints(against.checkpoints).newest()[0],
    )


def save_model(model: keras.Model, path: Path) -> None:
    """Saves a model as `.keras`, whole or not at all."""
    with atomic_path(path) as temporary:
        model.save(temporary)


def _write_record(
    resolved: Resolved[TrainOdeSettings],
    directory: RunDirectory,
    experiment: Experiment,
    device: str,
) -> dict[str, Path]:
    """Writes what it takes to repeat the run, before the run."""
    settings = resolved.settings
    write_text(directory.config, yaml.safe_dump(settings.model_dump(mode="json"), sort_keys=False))
    summarise(experiment).write(directory.summary)
    record = provenance(
        seed=settings.seed,
        device=device,
        data_sha256=sha256_of_bytes(experiment.content()),
    )
    return {
        "config": directory.config,
        "provenance": directory.write_json("provenance.json", record),
        "data_summary": directory.summary,
        "origins": directory.write_json("origins.json", resolved.origins),
        "metrics": directory.metrics,
        "checkpoints": make_directory(directory.checkpoints),
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


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
