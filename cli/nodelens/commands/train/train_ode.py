"""`node train-ode`: fit a Neural ODE to trajectories."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from nodelens.commands.flag import RUNNING, option, switch
from nodelens.commands.options import (
    CONFIG,
    DEVICE,
    DRY_RUN,
    FORCE,
    HELP_SETTING,
    OUT_SETTING,
    SEED,
    SET,
    SHOW_CONFIG,
    SettingsCall,
    explain_setting,
    show_config,
)
from nodelens.errors import ExitCode, NumericalError, StoppedError, UsageError

if TYPE_CHECKING:
    from nodelens.report.output import Output
    from nodelens.settings.resolve import Resolved
    from nodelens.training.runs.resume import Resumption
    from nodelens.training.settings import TrainOdeSettings


def _data(data: Path) -> dict[str, str]:
    """Returns the settings that stand for a data file."""
    from nodelens.datasets.recognition import kind_of, known_suffixes

    kind = kind_of(data)
    if kind is None:
        raise UsageError(
            f"{data}: a folder of images or a file ending in {', '.join(known_suffixes())} was "
            "expected",
            hint="to use a configuration, write --config FILE",
        )
    return {"kind": kind, "path": str(data)}


class TrainOdeCall(SettingsCall, command="train-ode"):
    """A call of `node train-ode`."""

    data = option(
        Path,
        metavar="[DATA]",
        help="CSV, NPZ or NPY file, or folder of images.",
        sets="data",
        parse=_data,
        group=True,
        origin="DATA",
    )
    config, overrides = CONFIG, SET
    steps = option(int, "--steps", sets="training.steps", min=1, help="Training steps.")
    resume = option(
        Path,
        "--resume",
        panel=RUNNING,
        metavar="RUN_DIR",
        help="Continue an earlier run from its last checkpoint, or write what its end lacks.",
    )
    tensorboard = switch(
        "--tensorboard",
        sets="output.tensorboard",
        panel=RUNNING,
        help="Write event files for TensorBoard into the run directory.",
    )
    show_config, help_setting = SHOW_CONFIG, HELP_SETTING
    seed, device, out = SEED, DEVICE, OUT_SETTING
    force, dry_run = FORCE, DRY_RUN


def train_ode(call: TrainOdeCall) -> ExitCode:
    """Fit a Neural ODE dz/dt = f(t, z, θ) to trajectories, or a network around one to samples.

    Without a file the cubic spiral of torchdiffeq's demo is fitted. A run directory gets the
    model, the metrics, checkpoints, figures, the settings and what it takes to repeat the run.

    Settings to look at first, with --set KEY=VALUE: training.steps, training.learning_rate,
    training.window (points of a window; 0 fits whole trajectories), field.kind, field.hidden,
    data.validation.fraction, solver.rtol. `--help-setting all` says of every setting what it means
    and may be.
    """
    from nodelens.training.settings import TrainOdeSettings

    if explain_setting(call, TrainOdeSettings):
        return ExitCode.DONE
    resumed = call.resume
    if resumed is not None and (call.config is not None or call.data is not None):
        raise UsageError("a resumed run has its own settings and data: give --resume alone")

    from nodelens.runtime.rundir import RunDirectory

    if resumed is not None:
        _compile_as_before(RunDirectory.open(resumed).provenance)
    config = None if resumed is None else str(resumed / "config.resolved.yaml")
    output, resolved = call.output(), call.settings(TrainOdeSettings, config=config)
    if resumed is not None:
        from nodelens.training.earlier import as_begun

        resolved = as_begun(resolved)
    if call.show_config:
        show_config(output, resolved)
        return ExitCode.DONE
    settings = resolved.settings

    from nodelens.runtime.tensorflow import start_tensorflow

    chosen = start_tensorflow(
        settings.device,
        settings.seed,
        verbose=call.verbose,
        small=_is_small(settings),
    )
    output.note(f"device: {chosen.description}")

    from nodelens.report.train.page import write_pages
    from nodelens.report.train.progress import watch_training
    from nodelens.report.train.summary import train_summary
    from nodelens.runtime.memory import resident_bytes
    from nodelens.runtime.signals import finish_first
    from nodelens.training.runs.document import run_document
    from nodelens.training.runs.prepare import prepare
    from nodelens.training.runs.run import BaselineStoppedError, run_training

    if call.dry_run:
        document = prepare(settings).plan()
        output.result({"dry_run": True, **document}, document["summary"])
        return ExitCode.DONE
    resumption = _directory(output, resolved, resumed, force=call.force)
    directory, start = resumption.directory, resumption.start
    goes_on = f"node train-ode --resume {directory.path}"
    under_way = (
        f"the steps under way ({settings.training.steps_per_call} at most) are finished, and "
        "model, figures and report of what is trained are written"
    )
    with finish_first(under_way) as request, watch_training(output, resident_bytes) as show:
        try:
            result = run_training(
                resolved,
                directory,
                device=chosen.description,
                on_progress=show,
                stop=lambda: bool(request),
                write_pages=write_pages,
                start=start,
                resumed=resumed is not None,
            )
        except BaselineStoppedError as stopped:
            raise StoppedError(
                request.exit_code,
                f"{request.word} after step {stopped.step:,} of the baseline; nothing is lost",
                hint=f"continue with: {goes_on}",
            ) from stopped
    output.result(run_document(result), train_summary(result))
    if result.training.stopped == "interrupted":
        output.warn(f"{request.word} after step {result.training.state.step:,}; nothing is lost")
        output.note(f"continue with: {goes_on}")
        return request.exit_code
    if result.weakness is not None and result.failure is None:
        output.warn(result.weakness)
        output.note(
            "train longer (--steps), on longer windows (training.window; 0: whole trajectories), "
            "at another training.learning_rate, or with another field"
        )
    if result.failure is not None:
        raise NumericalError(
            result.failure,
            hint="all files are written; train for more steps (`--steps`), on longer windows "
            "(`training.window`, 0 for whole trajectories; `training.phases`), or hold the field "
            "smooth (`training.regularization`)",
        )
    return ExitCode.DONE


def _is_small(settings: "TrainOdeSettings") -> bool:
    """Finds whether a training on trajectories is faster on a CPU than on a GPU."""
    from nodelens.datasets.settings import TrajectoryDataSettings
    from nodelens.fields.cost import is_small

    on_trajectories = isinstance(settings.data, TrajectoryDataSettings)
    return on_trajectories and is_small(settings.field, settings.training.batch_size)


def _compile_as_before(provenance: Path) -> None:
    """Sets XLA's flags to those of an earlier process, if there is a record of one."""
    import json

    from nodelens.ode.xla_flags import restore_flags

    try:
        record = json.loads(provenance.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return  # the process was killed before it had compiled anything
    restore_flags(record.get("xla_flags"))


def _directory(
    output: "Output", resolved: "Resolved[Any]", resume_from: Path | None, *, force: bool
) -> "Resumption":
    """Returns the directory of a new run, or that of an old one and the state it resumes from."""
    from nodelens.runtime.rundir import RunDirectory
    from nodelens.training.runs.resume import Resumption, resume

    if resume_from is None:
        chosen = resolved.settings.output.directory
        directory = RunDirectory.create("train-ode", chosen, force=force)
        output.note(f"run directory: {directory.path}")
        return Resumption(directory, None, [])
    resumption = resume(resume_from, resolved)
    for path in resumption.damaged:
        output.warn(f"{path} is damaged; the checkpoint before it is used")
    step = resumption.start.step if resumption.start else 0
    how = f"continuing after step {step:,}"
    if resumption.over:
        how = f"which has had its {step:,} steps; what is missing of its end is written"
    output.note(f"run directory: {resume_from}, {how}")
    return resumption
