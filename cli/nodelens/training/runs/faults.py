"""Faults of the machine around a training, told with the way to go on."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nodelens.errors import EnvironmentLacksError, UsageError
from nodelens.runtime.files import DISK_FULL
from nodelens.runtime.rundir import RunDirectory

UNWRITABLE = {errno.EACCES, errno.EPERM}


@contextmanager
def faults_explained(directory: RunDirectory) -> Iterator[None]:
    """Says how a run goes on whose files could not be written.

    Args:
        directory: The run directory.

    Raises:
        EnvironmentLacksError: If the disk became full, or the directory was removed.
        UsageError: If a file may not be written.
    """
    try:
        yield
    except FileNotFoundError as error:
        if directory.path.is_dir():
            raise
        raise EnvironmentLacksError(
            f"the run directory {directory.path} was removed during the training",
            hint="start the run again; nothing of it is left",
        ) from error
    except OSError as error:
        if not directory.config.exists():
            raise
        folder = Path(error.filename).parent if error.filename else directory.path
        goes_on = f"node train-ode --resume {directory.path}"
        if error.errno in DISK_FULL:
            raise EnvironmentLacksError(
                f"the disk is full while writing to {folder}",
                hint=f"free some space, then go on with: {goes_on}",
            ) from error
        if error.errno in UNWRITABLE:
            raise UsageError(
                f"{folder} may not be written to",
                hint=f"change the permissions, then go on with: {goes_on}",
            ) from error
        raise
