"""The end of a training in a few lines."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nodelens.report.quantities import per_second
from nodelens.report.sparkline import sparkline
from nodelens.report.train.sample_results import sample_results
from nodelens.report.train.skipped import skipped_in_words

if TYPE_CHECKING:
    from rich.table import Table

# What a person may want to open, by its name among the artifacts.
FILES = {
    "figure": "figure",
    "confusion": "confusion",
    "training_figure": "training",
    "model": "model",
    "metrics": "metrics",
    "tensorboard": "tensorboard",
    "html": "report",
}


def train_summary(document: dict[str, Any], losses: Sequence[float]) -> "Table":
    """A table of what a person asks first after a training.

    Args:
        document: The JSON document of `train-ode`.
        losses: The loss of each training step.
    """
    from rich.table import Table

    first, final = document["initial"]["train_loss"], document["final"]["train_loss"]
    steps, nfe = document["final"]["step"], document["nfe"]
    throughput = document["throughput"]
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("loss", f"{first:.4g} → {final:.4g} ({first / final:.1f} times smaller)")
    table.add_row("", sparkline(losses))
    for name, value in sample_results(document):
        table.add_row(name, value)
    if "trajectory_error" in document["final"]:
        error = document["final"]["trajectory_error"]
        table.add_row("whole trajectory", f"mean absolute error {error:.4g}, solved from z0 alone")
    if document["final"]["val_loss"] is not None:
        best = document["best"]
        table.add_row("kept back", f"loss {best['val_loss']:.4g}, best after step {best['step']:,}")
    if document["final"].get("extrapolation_error") is not None:
        error = document["final"]["extrapolation_error"]
        table.add_row("part kept back", f"mean absolute error {error:.4g}, solved from z0 alone")
    if document.get("fitted"):
        fitted = ", ".join(f"{name} = {value:.4g}" for name, value in document["fitted"].items())
        table.add_row("fitted", fitted)
    table.add_row(
        "evaluations",
        f"{nfe['forward'] / steps:.1f} forward, {nfe['backward'] / steps:.1f} backward a step",
    )
    table.add_row(
        "speed",
        f"{per_second(throughput['steps_per_second'])} steps/s "
        f"after {throughput['compile_seconds']:.1f} s of compilation",
    )
    if document["skipped"]["steps"]:
        table.add_row("left out", skipped_in_words(document))
    for name, word in FILES.items():
        if name in document["artifacts"]:
            table.add_row(word, document["artifacts"][name])
    return table
