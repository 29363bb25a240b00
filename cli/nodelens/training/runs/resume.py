"""The resumption of a run that was stopped."""

from dataclasses import dataclass
from pathlib import Path

from nodelens.errors import UsageError
from nodelens.runtime.rundir import RunDirectory
from nodelens.settings.resolve import Resolved
from nodelens.training.loop.checkpoints import Checkpoints
from nodelens.training.loop.state import TrainingState
from nodelens.training.loop.train import ended
from nodelens.training.runs.completeness import is_complete
from nodelens.training.settings import TrainOdeSettings

# A change of anything else would make it another training.
LENGTH = ("training.steps", "training.epochs", "training.early_stopping")
RATE = ("training.learning_rate", "training.schedule", "training.final_learning_rate")
CHANGEABLE = (*LENGTH, *RATE, "device", "output")


@dataclass(frozen=True)
class Resumption:
    """The point at which a run is resumed.

    Attributes:
        directory: Its directory.
        start: The state of its newest whole checkpoint; None if it has none.
        damaged: Newer checkpoints that cannot be read.
        over: True if all steps were taken, and only files of the end are missing.
    """

    directory: RunDirectory
    start: TrainingState | None
    damaged: list[Path]
    over: bool = False


def resume(path: Path, resolved: Resolved[TrainOdeSettings]) -> Resumption:
    """Opens an earlier run at its newest checkpoint.

    Args:
        path: Its directory.
        resolved: The settings of the run, with the changes of this call.

    Raises:
        UsageError: If it is no run directory, is complete already, is to be written to another
            directory, or a setting was changed that must stay.
    """
    directory = RunDirectory.open(path)
    given = [key for key, origin in resolved.origins.items() if origin.startswith("--")]
    if "output.directory" in given:
        raise UsageError(
            f"a resumed run stays in its directory, {path}, and `output.directory` = "
            f"{resolved.settings.output.directory} was given",
            hint="leave it out; to continue elsewhere, copy the run directory and resume the copy",
        )
    changed = [key for key in given if not _is_one_of(key, CHANGEABLE)]
    if changed:
        raise UsageError(
            f"a resumed run keeps its settings, and {', '.join(changed)} would change",
            hint="only training.steps or epochs, training.early_stopping, the learning rate and "
            "its schedule, device and output (but for its directory) may be given; begin a new run "
            "for anything else",
        )
    start, damaged = Checkpoints(directory.checkpoints).newest()
    if start is None:
        return Resumption(directory, None, damaged)
    training = resolved.settings.training
    over = ended(start, training)
    if training.epochs is not None and over == "finished":
        over = None  # how many steps the epochs are is known with the data
    lengthened = any(_is_one_of(key, LENGTH) for key in given)
    all_taken = over is not None or (training.epochs is not None and not lengthened)
    if all_taken and is_complete(directory, resolved.settings, start.step):
        early, more = "", f"`training.steps`, for example to {2 * start.step}"
        if over == "early":
            early, more = ", stopped early", "`training.early_stopping.patience`"
        elif training.epochs is not None:
            more = f"`training.epochs`, for example to {2 * training.epochs:g}"
        raise UsageError(
            f"the run in {path} has had its {start.step:,} steps{early}, and no file is missing",
            hint=f"raise {more}",
        )
    return Resumption(directory, start, damaged, over=over is not None)


def _is_one_of(key: str, names: tuple[str, ...]) -> bool:
    return any(key == name or key.startswith(f"{name}.") for name in names)
