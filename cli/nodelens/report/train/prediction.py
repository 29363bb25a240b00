"""The summary of a prediction for a terminal."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from nodelens.report.rows import Row, rows_table
from nodelens.training.runs.predict import Predicted, Slopes
from nodelens.training.runs.predict_samples import SamplePrediction

if TYPE_CHECKING:
    import numpy as np
    from rich.table import Table

SHOWN = 5


def prediction_summary(found: Predicted, files: Mapping[str, Path]) -> "Table":
    """Makes a table of the first results of a prediction, and of its files.

    Args:
        found: Trajectories, values of a field, or outputs for samples.
        files: The files it was written to, by kind.
    """
    if isinstance(found, SamplePrediction):
        rows = _samples(found)
    elif isinstance(found, Slopes):
        low, high = found.times.min(), found.times.max()
        times = f"{low:g} to {high:g}" if low < high else f"{low:g}"
        times += "" if found.calendar is None else f", in {found.calendar}"
        rows = _pairs(times, "z → dz/dt", found.states, found.derivatives)
    else:
        first, last = found.times[0], found.times[-1]
        times = f"{first:g} to {last:g}, {len(found.times):,} of them"
        times += "" if found.calendar is None else f", in {found.calendar}"
        rows = _pairs(times, "state", found.initial, found.states[:, -1])
    return rows_table([*rows, *((name, str(path)) for name, path in files.items())])


def _pairs(times: str, label: str, before: "np.ndarray", after: "np.ndarray") -> list[Row]:
    shown = zip(before[:SHOWN], after[:SHOWN], strict=True)
    rows = [("times", times), *((label, f"{_state(one)} → {_state(two)}") for one, two in shown)]
    if len(before) > SHOWN:
        rows.append(("", f"and {len(before) - SHOWN:,} more"))
    return rows


def _samples(found: SamplePrediction) -> list[Row]:
    rows = [("samples", f"{len(found.outputs):,}")]
    if found.classes:
        counts = ", ".join(f"{count:,} {name}" for name, count in found.counts.items())
        rows.append(("classes", counts))
    if found.accuracy is not None:
        rows.append(("accuracy", f"{found.accuracy:.2%}"))
    if found.mean_absolute_error is not None:
        rows.append(("mean absolute error", f"{found.mean_absolute_error:.4g}"))
    return rows


def _state(values: Iterable[float]) -> str:
    return "(" + ", ".join(f"{value:.4g}" for value in values) + ")"
