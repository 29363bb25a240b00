"""The figure of a training: loss, evaluations of the field, and residuals or accuracy."""

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from nodelens.figures.style import (
    BLUE,
    INK,
    MANY,
    MUTED,
    ORANGE,
    SERIES,
    legend,
    new_figure,
    tidy,
    to_png,
)
from nodelens.figures.time_axis import LINEAR, TimeAxis

SMOOTHING = 40  # the mean of the loss is over this part of all steps


@dataclass(frozen=True)
class Curves:
    """The course of a training.

    Attributes:
        losses: The loss of each training step, shape [steps]; NaN where the step was skipped.
        steps: The steps after which the rest was recorded, shape [rows].
        nfe_forward: Mean evaluations of the field by a forward solve, shape [rows].
        nfe_backward: Mean evaluations with the vector-Jacobian product by a gradient, shape [rows].
        val_loss: The validation loss, shape [rows]; NaN where there was no validation.
        accuracy: The fraction of the batches classified correctly, shape [rows]; None where
            nothing is classified.
        val_accuracy: The same of the validation part; NaN where there was no validation.
    """

    losses: np.ndarray
    steps: np.ndarray
    nfe_forward: np.ndarray
    nfe_backward: np.ndarray
    val_loss: np.ndarray
    accuracy: np.ndarray | None = None
    val_accuracy: np.ndarray | None = None


@dataclass(frozen=True)
class Residuals:
    """The residuals of trajectories.

    Attributes:
        components: The names of the components of the state.
        times: The times of the data of all trajectories, shape [points].
        values: Model minus data, shape [points, dimension].
        held_out: The first and the last time of the part that was held out of every trajectory;
            None if there is no such part.
        time: The time axis.
        sizes: The size of the data of each component, shape [dimension], by which the residuals
            are divided where they would not be seen on common axes; None leaves them as they are.
        largest: The largest extent of the data of a component: residuals beyond it, of a model
            that has gone astray, are cut off. None if there is no limit.
    """

    components: tuple[str, ...]
    times: np.ndarray
    values: np.ndarray
    held_out: tuple[float, float] | None = None
    time: TimeAxis = LINEAR
    sizes: np.ndarray | None = None
    largest: float | None = None


def draw_training(title: str, curves: Curves, residuals: Residuals | None = None) -> bytes:
    """Draws the course of a training.

    Args:
        title: The model and the data.
        curves: The loss, the evaluations and the accuracy, if there is one.
        residuals: The third panel where nothing is classified; None leaves it out.

    Returns:
        The bytes of a PNG file.
    """
    panels = 2 if residuals is None and curves.accuracy is None else 3
    figure = new_figure(4.0 * panels, 3.8)
    axes = figure.subplots(1, panels)
    _loss(axes[0], curves)
    _evaluations(axes[1], curves)
    if residuals is not None:
        _residuals(axes[2], residuals)
    elif curves.accuracy is not None:
        _accuracy(axes[2], curves.steps, curves.accuracy, curves.val_accuracy)
    figure.suptitle(title, fontsize=12, color=INK)
    return to_png(figure)


def draw_losses(axes: Axes, losses: np.ndarray) -> int:
    """Draws the loss of every step and its running mean; returns the steps that it is over."""
    steps = 1 + np.flatnonzero(np.isfinite(losses))
    losses = losses[steps - 1]
    window = max(1, len(losses) // SMOOTHING)
    mean = np.convolve(losses, np.ones(window) / window, mode="valid")
    mark = _mark(len(steps))
    axes.semilogy(steps, losses, mark, color=BLUE, linewidth=0.5, alpha=0.25)
    axes.semilogy(steps[window - 1 :], mean, mark, color=BLUE, linewidth=1.5, label="training")
    return window


def _mark(points: int) -> str:
    """Returns the style of a line, which a single point does not make."""
    return "." if points == 1 else "-"


def shade_held_out(axes: Axes, span: tuple[float, float]) -> None:
    """Shades the times that were held out."""
    axes.axvspan(*span, color=MUTED, alpha=0.12, linewidth=0, label="held out")


def _loss(axes: Axes, curves: Curves) -> None:
    draw_losses(axes, curves.losses)
    if _validations(axes, curves.steps, curves.val_loss):
        legend(axes)
    tidy(axes, "Loss", "step", "loss")


def _validations(axes: Axes, steps: np.ndarray, values: np.ndarray) -> bool:
    """Draws the values of all validations; returns whether there were any."""
    seen = np.isfinite(values)
    if seen.any():
        axes.plot(steps[seen], values[seen], ".-", color=ORANGE, linewidth=1.0, label="validation")
    return bool(seen.any())


def _evaluations(axes: Axes, curves: Curves) -> None:
    mark = _mark(len(curves.steps))
    axes.plot(curves.steps, curves.nfe_forward, mark, color=BLUE, lw=1.3, label="forward")
    axes.plot(curves.steps, curves.nfe_backward, mark, color=ORANGE, lw=1.3, label="backward")
    axes.set_ylim(bottom=0)
    legend(axes)
    tidy(axes, "Evaluations of the field per step", "step", "evaluations")


def _residuals(axes: Axes, left: Residuals) -> None:
    values, label = left.values, "residual"
    if left.sizes is not None:
        values, label = values / left.sizes, "residual / standard deviation of the data"
    colours = SERIES if len(left.components) <= len(SERIES) else MANY
    for index, name in enumerate(left.components):
        colour = colours[index % len(colours)]
        named = name if index < len(colours) else None
        axes.plot(left.times, values[:, index], ".", color=colour, ms=3, label=named)
    axes.axhline(0, color=INK, linewidth=0.8)
    if left.held_out is not None:
        shade_held_out(axes, left.held_out)
    title = "Model minus data, from one state"
    farthest = np.max(np.abs(values), initial=0, where=np.isfinite(values))
    if left.largest is not None and farthest > left.largest:
        axes.set_ylim(-left.largest, left.largest)
        title += " (cut off)"
    legend(axes)
    tidy(axes, title, left.time.label, label)
    left.time.show(axes, left.times, left.times)


def _accuracy(
    axes: Axes, steps: np.ndarray, accuracy: np.ndarray, validation: np.ndarray | None
) -> None:
    axes.plot(steps, accuracy, color=BLUE, linewidth=1.3, label="training")
    if validation is not None:
        _validations(axes, steps, validation)
    axes.set_ylim(top=1.0)
    legend(axes)
    tidy(axes, "Accuracy", "step", "fraction classified correctly")
