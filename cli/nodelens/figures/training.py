"""The picture of how a training went: loss, evaluations of the field, and what is left over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from nodelens.figures.style import BLUE, INK, MUTED, ORANGE, SERIES, new_figure, tidy, to_png

SMOOTHING = 40  # the mean of the loss is over this part of all steps


@dataclass(frozen=True)
class Residuals:
    """What a trajectory leaves over.

    Attributes:
        components: The names of the components of the state.
        times: The times of the data, shape [points].
        values: Model minus data, shape [points, dimension].
        train_points: The points that were trained on; those after them were kept back.
    """

    components: tuple[str, ...]
    times: np.ndarray
    values: np.ndarray
    train_points: int


@dataclass(frozen=True)
class Accuracy:
    """The share that was classified right.

    Attributes:
        train: Of the batches, shape [rows].
        validation: Of what was kept back, shape [rows]; NaN where it was not looked at.
    """

    train: np.ndarray
    validation: np.ndarray


@dataclass(frozen=True)
class TrainingPicture:
    """What the picture shows.

    Attributes:
        title: What was trained.
        losses: The loss of each training step, shape [steps].
        steps: After which steps the rest was noted, shape [rows].
        nfe_forward: Mean evaluations of the field by a forward solve, shape [rows].
        nfe_backward: Mean evaluations with the vector-Jacobian product by a gradient, shape [rows].
        val_loss: The loss on data that was kept back, shape [rows]; NaN where it was not looked at.
        result: What the third panel shows: residuals or accuracy; None leaves it out.
    """

    title: str
    losses: np.ndarray
    steps: np.ndarray
    nfe_forward: np.ndarray
    nfe_backward: np.ndarray
    val_loss: np.ndarray
    result: Residuals | Accuracy | None


def training_picture(
    title: str,
    losses: np.ndarray,
    rows: Sequence[Mapping[str, Any]],
    result: Residuals | Accuracy | None,
) -> TrainingPicture:
    """Takes the picture's numbers from the rows of `metrics.jsonl`."""
    return TrainingPicture(
        title=title,
        losses=losses,
        steps=metrics_column(rows, "step"),
        nfe_forward=metrics_column(rows, "nfe_forward"),
        nfe_backward=metrics_column(rows, "nfe_backward"),
        val_loss=metrics_column(rows, "val_loss"),
        result=result,
    )


def metrics_column(rows: Sequence[Mapping[str, Any]], name: str) -> np.ndarray:
    """One figure of all rows of `metrics.jsonl`; NaN where there was none."""
    return np.array([row[name] for row in rows], float)


def draw_training(picture: TrainingPicture) -> bytes:
    """Draws the picture.

    Args:
        picture: What it shows.

    Returns:
        The bytes of a PNG file.
    """
    panels = 2 if picture.result is None else 3
    figure = new_figure(4.0 * panels, 3.8)
    axes = figure.subplots(1, panels)
    _loss(axes[0], picture)
    _evaluations(axes[1], picture)
    if isinstance(picture.result, Residuals):
        _residuals(axes[2], picture.result)
    elif isinstance(picture.result, Accuracy):
        _accuracy(axes[2], picture.steps, picture.result)
    figure.suptitle(picture.title, fontsize=12, color=INK)
    return to_png(figure)


def draw_losses(axes: Axes, losses: np.ndarray) -> int:
    """Draws the loss of every step and its running mean; returns over how many steps that is."""
    # A step that was left out has no loss.
    steps = 1 + np.flatnonzero(np.isfinite(losses))
    losses = losses[steps - 1]
    window = max(1, len(losses) // SMOOTHING)
    mean = np.convolve(losses, np.ones(window) / window, mode="valid")
    axes.semilogy(steps, losses, color=BLUE, linewidth=0.5, alpha=0.25)
    axes.semilogy(steps[window - 1 :], mean, color=BLUE, linewidth=1.5, label="training")
    return window


def _loss(axes: Axes, picture: TrainingPicture) -> None:
    draw_losses(axes, picture.losses)
    seen = np.isfinite(picture.val_loss)
    if seen.any():
        style = {"color": ORANGE, "marker": ".", "markersize": 5, "linewidth": 1.0}
        axes.semilogy(picture.steps[seen], picture.val_loss[seen], label="kept back", **style)
        axes.legend(fontsize=8, framealpha=0.85, edgecolor="none")
    tidy(axes, "Loss", "step", "loss")


def _evaluations(axes: Axes, picture: TrainingPicture) -> None:
    axes.plot(picture.steps, picture.nfe_forward, color=BLUE, linewidth=1.3, label="forward")
    axes.plot(picture.steps, picture.nfe_backward, color=ORANGE, linewidth=1.3, label="backward")
    axes.set_ylim(bottom=0)
    axes.legend(fontsize=8, framealpha=0.85, edgecolor="none")
    tidy(axes, "Evaluations of the field a step", "step", "evaluations")


def _residuals(axes: Axes, left: Residuals) -> None:
    for index, name in enumerate(left.components):
        colour = SERIES[index % len(SERIES)]
        axes.plot(left.times, left.values[:, index], ".", color=colour, ms=3, label=name)
    axes.axhline(0, color=INK, linewidth=0.8)
    if left.train_points < len(left.times):
        start, end = left.times[left.train_points - 1], left.times[-1]
        axes.axvspan(start, end, color=MUTED, alpha=0.12, linewidth=0, label="kept back")
    axes.legend(fontsize=8, ncols=2, framealpha=0.85, edgecolor="none")
    tidy(axes, "Model minus data, from z0 alone", "time t", "residual")


def _accuracy(axes: Axes, steps: np.ndarray, accuracy: Accuracy) -> None:
    axes.plot(steps, accuracy.train, color=BLUE, linewidth=1.3, label="training")
    seen = np.isfinite(accuracy.validation)
    if seen.any():
        kept_back = accuracy.validation[seen]
        axes.plot(steps[seen], kept_back, ".-", color=ORANGE, linewidth=1.0, label="kept back")
    axes.set_ylim(top=1.0)
    axes.legend(fontsize=8, loc="lower right", framealpha=0.85, edgecolor="none")
    tidy(axes, "Accuracy", "step", "share classified right")
