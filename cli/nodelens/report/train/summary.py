"""The summary of a training for a terminal."""

from typing import TYPE_CHECKING

from nodelens.report.rows import rows_table
from nodelens.report.sparkline import sparkline
from nodelens.report.train.results import loss_row, result_rows
from nodelens.training.runs.result import RunResult

if TYPE_CHECKING:
    from rich.table import Table

# The label of each artifact that a person may want to open.
FILES = {
    "figure": "figure",
    "confusion": "confusion",
    "training_figure": "training",
    "model": "model",
    "metrics": "metrics",
    "tensorboard": "tensorboard",
    "html": "report",
}


def train_summary(run: RunResult) -> "Table":
    """Makes a table of the result of a training and its files.

    Args:
        run: The run.
    """
    curve = sparkline(run.training.state.losses.tolist())
    files = [(FILES[name], str(run.artifacts[name])) for name in FILES if name in run.artifacts]
    return rows_table([loss_row(run), ("", curve), *result_rows(run), *files])
