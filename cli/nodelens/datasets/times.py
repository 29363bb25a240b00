"""Times that a user has written, as an array."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nodelens.datasets.csv_files import read_time_column
from nodelens.datasets.numpy_files import read_time_array
from nodelens.errors import UsageError
from nodelens.settings.times import Grid, checked_times, written_times


def read_times(given: str | Sequence[float]) -> np.ndarray:
    """Reads times that are written as a grid, as a list, or as the name of a file.

    Args:
        given: See `nodelens.settings.times`.

    Returns:
        Shape [times], float64, increasing or decreasing.

    Raises:
        UsageError: If these are no times, or the file cannot be read.
    """
    found = written_times(given)
    if isinstance(found, Grid):
        return np.linspace(*found)
    if not isinstance(found, Path):
        return np.array(found)
    binary = found.suffix.lower() in {".npy", ".npz"}
    times = read_time_array(found) if binary else read_time_column(found)
    try:
        return np.array(checked_times(times.tolist()))
    except UsageError as error:
        raise UsageError(f"{found}: {error.message}", hint=error.hint) from error
