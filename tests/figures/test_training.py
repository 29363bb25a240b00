"""The figure of a training: curves, validations, and residuals or accuracy."""

from dataclasses import replace

import numpy as np
import pytest

from nodelens.figures.time_axis import TimeAxis
from nodelens.figures.training import Curves, Residuals, draw_training

NAN = np.nan


@pytest.fixture
def curves() -> Curves:
    return Curves(
        losses=np.array([8.0, NAN, 4.0, 2.0]),
        steps=np.array([2.0, 4.0]),
        nfe_forward=np.array([14.0, 20.0]),
        nfe_backward=np.array([30.0, 28.0]),
        val_loss=np.array([NAN, 3.0]),
    )


def test_skipped_steps_have_no_loss_and_only_validations_have_a_point(figure_of, curves) -> None:
    axes = figure_of(draw_training, "T", curves).axes[0]
    every, mean, validation = axes.lines
    np.testing.assert_array_equal(every.get_xydata(), [[1, 8], [3, 4], [4, 2]])
    np.testing.assert_array_equal(mean.get_xydata(), every.get_xydata())  # over one step
    np.testing.assert_array_equal(validation.get_xydata(), [[4, 3]])
    assert (mean.get_label(), validation.get_label()) == ("training", "validation")
    assert axes.get_yscale() == "log"


def test_the_mean_of_a_long_training_is_over_a_part_of_its_steps(figure_of, curves) -> None:
    losses = np.arange(1.0, 121.0)
    axes = figure_of(draw_training, "T", replace(curves, losses=losses)).axes[0]
    mean = axes.lines[1].get_xydata()
    # 120 steps: the mean is over 3 of them, (1 + 2 + 3) / 3 = 2 after step 3.
    np.testing.assert_allclose(mean[[0, -1]], [[3, 2], [120, 119]])


def test_without_validation_there_is_no_legend(figure_of, curves) -> None:
    axes = figure_of(draw_training, "T", replace(curves, val_loss=np.full(2, NAN))).axes[0]
    assert len(axes.lines) == 2
    assert axes.get_legend() is None


def test_evaluations_begin_at_zero(figure_of, curves) -> None:
    figure = figure_of(draw_training, "T", curves)
    assert len(figure.axes) == 2
    forward, backward = figure.axes[1].lines
    np.testing.assert_array_equal(forward.get_xydata(), [[2, 14], [4, 20]])
    np.testing.assert_array_equal(backward.get_xydata(), [[2, 30], [4, 28]])
    assert figure.axes[1].get_ylim()[0] == 0


def test_residuals_are_drawn_by_component_with_the_part_held_out(figure_of, curves) -> None:
    times, values = np.array([0.0, 1.0, 3.0]), np.array([[0.1, -0.1], [0.2, -0.2], [0.3, -0.3]])
    axes = figure_of(
        draw_training, "T", curves, Residuals(("x", "v"), times, values, (1.0, 3.0))
    ).axes[2]
    for line, name, component in zip(axes.lines, ("x", "v"), values.T, strict=False):
        assert line.get_label() == name
        np.testing.assert_array_equal(line.get_xydata(), np.column_stack([times, component]))
    assert set(axes.lines[2].get_ydata()) == {0}
    (shaded,) = axes.patches
    assert (shaded.get_x(), shaded.get_width()) == (1.0, 2.0)


def test_the_accuracy_takes_the_third_panel_of_a_classifier(figure_of, curves) -> None:
    values = {"accuracy": np.array([0.5, 0.75]), "val_accuracy": np.array([NAN, 0.625])}
    axes = figure_of(draw_training, "T", replace(curves, **values)).axes[2]
    training, validation = axes.lines
    np.testing.assert_array_equal(training.get_xydata(), [[2, 0.5], [4, 0.75]])
    np.testing.assert_array_equal(validation.get_xydata(), [[4, 0.625]])
    assert axes.get_ylim()[1] == 1


def test_a_single_step_is_a_point(figure_of) -> None:
    one = np.array([1.0])
    loss, evaluations = figure_of(draw_training, "", Curves(one, one, one, one, one)).axes
    assert {line.get_marker() for axes in (loss, evaluations) for line in axes.lines} == {"."}


def test_residuals_are_in_sizes_of_the_data_and_those_of_a_lost_model_are_cut_off(
    figure_of,
) -> None:
    steps = np.array([1.0, 2.0])
    values = np.array([[0.5, 1e-3], [1e9, np.nan]])
    left = Residuals(
        ("x", "v"), np.array([1e-5, 1.0]), values, None, TimeAxis("t_ms", 1e-5),
        np.array([1.0, 1e-3]), 4.0,
    )  # fmt: skip
    axes = figure_of(draw_training, "", Curves(steps, steps, steps, steps, steps), left).axes[-1]
    x, v, _ = axes.lines
    np.testing.assert_array_equal(x.get_ydata(), [0.5, 1e9])
    np.testing.assert_allclose(v.get_ydata(), [1.0, np.nan])
    assert axes.get_ylim() == (-4.0, 4.0) and axes.get_title(loc="left").endswith("(cut off)")
    assert (axes.get_xlabel(), axes.get_xscale()) == ("t_ms", "log")
    assert axes.get_ylabel() == "residual / standard deviation of the data"
