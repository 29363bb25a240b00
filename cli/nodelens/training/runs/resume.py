"""The resumption of a run that was stopped."""

from dataclasses import dataclass
from pathlib import Path

from nodelens.errors import UsageError
from nodelens.runtime.rundir import RunDirectory
from nodelens.settings.resolve import Resolved
from nodelens.training.loop.checkpoints import Checkpoints
from nodelens.training.loop.state import TrainingState
from nodelens.training.settings import TrainOdeSettings

# A change of anything else would make it another training.
CHANGEABLE = ("training.steps", "training.epochs", "device", "output.")


@dataclass(frozen=True)
class Resumption:
    """The point at which a run is resumed.

    Attributes:
        directory: Its directory.
        start: The state of its newest whole checkpoint; None if it has none.
        damaged: Newer checkpoints that cannot be read.
    """

    directory: RunDirectory
    start: TrainingState | None
    damaged: list[Path]


def resume(path: Path, resolved: Resolved[TrainOdeSettings]) -> Resumption:
    """Opens an earlier run at its newest checkpoint.

    Args:
        path: Its directory.
        resolved: The settings of the run, with the changes of this call.

    Raises:
        UsageError: If it is no run directory, has all its steps already, or a setting was changed
            that must stay.
    """
    directory = RunDirectory.open(path)
    changed = [
        key
        for key, origin in resolved.origins.items()
        if origin.startswith("--") and not key.startswith(CHANGEABLE)
    ]
    if changed:
        raise UsageError(
            f"a resumed run keeps its settings, and {', '.join(changed)} would change",
            hint="only training.steps or epochs, device and output may be given; "
            "begin a new run for anything else",
        )
    start, damaged = Checkpoints(directory.checkpoints).newest()
    training = resolved.settings.training
    # How many steps some epochs are is known with the data; those of a finished run end at once.
    if start is not None and training.epochs is None and start.step >= training.steps:
        raise UsageError(
            f"the run in {path} has had its {start.step:,} steps",
            hint=f"raise `training.steps`, for example to {2 * start.step}",
        )
    return Resumption(directory, start, damaged)
