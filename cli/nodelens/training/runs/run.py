"""One run of `train-ode`, and the files that it writes."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import yaml

from nodelens.runtime.files import atomic_path, make_directory, write_bytes, write_text
from nodelens.runtime.provenance import provenance, sha256_of_bytes
from nodelens.runtime.rundir import RunDirectory
from nodelens.settings.errors import KeyPath, Place
from nodelens.settings.resolve import Resolved
from nodelens.training.loop.checkpoints import Checkpoints
from nodelens.training.loop.experiment import Experiment
from nodelens.training.loop.schedules import USUAL_RATE
from nodelens.training.loop.state import TrainingState
from nodelens.training.loop.train import Hooks, Progress, Training, train
from nodelens.training.runs.document import curves, metrics_row, run_document
from nodelens.training.runs.event_files import event_files
from nodelens.training.runs.faults import faults_explained
from nodelens.training.runs.prepare import prepare
from nodelens.training.runs.result import RunResult
from nodelens.training.settings import TrainOdeSettings


class BaselineStoppedError(Exception):
    """The training was asked to stop before that of the model itself had begun.

    Args:
        step: The steps of the baseline model.
    """

    def __init__(self, step: int) -> None:
        super().__init__(f"stopped after step {step:,} of the baseline")
        self.step = step


def run_training(
    resolved: Resolved[TrainOdeSettings],
    directory: RunDirectory,
    *,
    device: str,
    on_progress: Callable[[Progress], None],
    stop: Callable[[], bool],
    write_pages: Callable[[RunResult], None] | None = None,
    start: TrainingState | None = None,
    resumed: bool = False,
) -> RunResult:
    """Trains by the settings and writes everything into the run directory.

    A run may be killed at any moment: resumed, it takes the steps that are left, if there are any,
    and writes all files of its end, the report last.

    Args:
        resolved: The settings and their origins.
        directory: The run directory, which is locked meanwhile.
        device: The description of the device, for the record.
        on_progress: Called after every call of the compiled loop.
        stop: Called after every call; True ends the training early.
        write_pages: Writes the artifacts `page` and `html` of a run, also of the baseline's; None
            leaves them out.
        start: The state to go on from; None begins with the first step.
        resumed: True for a run of this directory that goes on; else what an earlier one left here
            is removed.

    Raises:
        BaselineStoppedError: If `stop` was True before the model itself was trained.
        UsageError: If data, field and settings do not fit together. Nothing is left behind.
        NumericalError: If the training failed numerically. Model and checkpoint of the last good
            step are kept.
        EnvironmentLacksError: If the disk is full, or the directory was removed in the meantime.
    """
    with faults_explained(directory):
        return _run(resolved, directory, device, on_progress, stop, write_pages, start, resumed)


def _run(
    resolved: Resolved[TrainOdeSettings],
    directory: RunDirectory,
    device: str,
    on_progress: Callable[[Progress], None],
    stop: Callable[[], bool],
    write_pages: Callable[[RunResult], None] | None,
    start: TrainingState | None,
    resumed: bool,
) -> RunResult:
    # The directory is left as it was found if there is nothing to train.
    with directory.undo_if_refused(), directory.lock():
        experiment = prepare(resolved.settings)
        settings = experiment.settings
        if not resumed:
            directory.clear()
        directory.clear_unfinished()
        artifacts = _write_record(resolved, directory, experiment, device)
        baseline = None
        if settings.against is not None:
            # First, as a run of its own in a directory below.
            below = RunDirectory(make_directory(directory.against.path))
            other = resolved.settings.model_copy(
                update={"field": settings.against, "against": None}
            )
            baseline = _run(
                replace(resolved, settings=other, places=_of_baseline(resolved.places)),
                below,
                device,
                on_progress,
                stop,
                write_pages,
                start=Checkpoints(below.checkpoints).newest()[0],
                resumed=True,  # what another run left there is removed by now
            )
            if stop():
                raise BaselineStoppedError(baseline.training.state.step)
        directory.keep_metrics(start.step if start else 0)
        with ExitStack() as stack:
            recorders: list[Callable[[dict[str, Any]], None]] = [directory.append_metrics]
            if settings.output.tensorboard:
                events = event_files(directory.events, directory.read_metrics())
                recorders.append(stack.enter_context(events))

            def note(progress: Progress) -> None:
                row = metrics_row(progress)
                for record in recorders:
                    record(row)
                on_progress(progress)

            checkpoints = Checkpoints(directory.checkpoints)
            hooks = Hooks(note, checkpoints.save, stop)
            try:
                training = train(experiment.stages, settings, hooks, start=start)
            finally:
                # Whatever ended the training, the weights of the last good step are kept.
                save_model(experiment.task.model, directory.model)
        result = _conclude(
            directory, experiment, training, artifacts, baseline, pages=write_pages is not None
        )
        if write_pages is not None:
            write_pages(result)
        # Last, because it says that the run is complete.
        directory.write_json(directory.report.name, run_document(result))
        return result


def _of_baseline(places: Mapping[KeyPath, Place]) -> dict[KeyPath, Place]:
    """Returns the places of a run's settings for its baseline, whose field stands in `against`."""
    groups = (("field",), ("against",))
    others = {path: place for path, place in places.items() if path[:1] not in groups}
    fields = {
        ("field", *path[1:]): place for path, place in places.items() if path[:1] == groups[1]
    }
    return {**others, **fields}


def _conclude(
    directory: RunDirectory,
    experiment: Experiment,
    training: Training,
    artifacts: dict[str, Path],
    baseline: RunResult | None,
    *,
    pages: bool,
) -> RunResult:
    """Evaluates the trained model and draws its figures."""
    conclusion, settings = experiment.conclude(), experiment.settings
    # Again, because initial states may have been fitted since.
    experiment.data_summary().write(directory.summary)
    figures = []
    if settings.output.figures:
        course = curves(directory.read_metrics(), training.state.losses)
        figures = conclusion.figures(course, baseline.conclusion if baseline else None)
    drawn = {figure.artifact: directory.figures / figure.file for figure in figures}
    for figure in figures:
        write_bytes(drawn[figure.artifact], figure.content)
    artifacts = {**artifacts, **drawn, "report": directory.report}
    if pages:
        artifacts["page"] = directory.page
        artifacts["html"] = directory.html
    if settings.output.tensorboard:
        artifacts["tensorboard"] = directory.events
    return RunResult(
        directory=directory.path,
        title=experiment.title,
        split=experiment.split_in_words,
        training=training,
        gradient=experiment.gradient,
        conclusion=conclusion,
        figures=tuple(figures),
        artifacts=artifacts,
        epoch=training.state.step * settings.training.batch_size / experiment.examples,
        window=settings.training.window,
        learning_rate=settings.training.learning_rate or USUAL_RATE,
        baseline=baseline,
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
    """Writes the settings and the provenance of the run, before it begins."""
    settings = resolved.settings
    write_text(directory.config, yaml.safe_dump(settings.model_dump(mode="json"), sort_keys=False))
    experiment.data_summary().write(directory.summary)
    record = provenance(
        seed=settings.seed,
        device=device,
        data_sha256=sha256_of_bytes(experiment.content()),
    )
    return {
        "config": directory.config,
        "provenance": directory.write_json(directory.provenance.name, record),
        "data_summary": directory.summary,
        "origins": directory.write_json("origins.json", resolved.origins),
        "metrics": directory.metrics,
        "checkpoints": make_directory(directory.checkpoints),
        "model": directory.model,
    }
