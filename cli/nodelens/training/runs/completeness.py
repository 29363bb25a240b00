"""The question whether a run directory holds everything that a run leaves at its end."""

import json
import os
from collections.abc import Mapping
from typing import Any

from nodelens.runtime.rundir import RunDirectory
from nodelens.training.settings import TrainOdeSettings


def is_complete(directory: RunDirectory, settings: TrainOdeSettings, step: int) -> bool:
    """Checks whether nothing is missing of the end of a run.

    The report is written last and names the other files. One that is damaged, of an earlier step or
    of a training that was interrupted counts as missing: the run was not concluded since.

    Args:
        directory: The run directory; it may have been moved.
        settings: The settings, which say what is wanted.
        step: The step of the newest checkpoint.
    """
    wanted = {"model", "page", "html"}
    if settings.output.figures:
        wanted.add("training_figure")
    if settings.output.tensorboard:
        wanted.add("tensorboard")
    try:
        report = json.loads(directory.report.read_text(encoding="utf-8"))
        if report["final"]["step"] != step or report["stopped"] == "interrupted":
            return False
        found = _all_there(directory, report, wanted)
        if settings.against is not None:
            found = found and _all_there(directory.against, report["against"], wanted)
        return found
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return False


def _all_there(directory: RunDirectory, report: Mapping[str, Any], wanted: set[str]) -> bool:
    artifacts, written_in = report["artifacts"], report["run_dir"]
    paths = (directory.path / os.path.relpath(path, written_in) for path in artifacts.values())
    return wanted <= artifacts.keys() and all(path.exists() for path in paths)
