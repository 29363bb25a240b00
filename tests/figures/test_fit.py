"""The figure of a fit: every panel holds the numbers it was given."""

from dataclasses import replace

import numpy as np
import pytest

from nodelens.figures.fit import FitCurve, FitPicture, draw_fit

TIMES = np.array([0.0, 1.0, 2.0, 3.0, 4.0])
CURVE = np.linspace(0, 4, 9)
GRID = np.stack(np.meshgrid(np.linspace(-2, 2, 5), np.linspace(-1, 3, 4)), axis=-1)


def turning(name: str, train_points: int, size: float = 1.0) -> FitCurve:
    return FitCurve(
        name=name,
        times=TIMES,
        data=size * np.column_stack([np.cos(TIMES), np.sin(TIMES)]),
        curve_times=CURVE,
        curve=size * np.column_stack([np.cos(CURVE), np.sin(CURVE)]),
        train_points=train_points,
    )


@pytest.fixture
def picture() -> FitPicture:
    return FitPicture(
        title="A rotation",
        components=("x", "v"),
        curves=(turning("a", 3),),
        count=1,
        worst="a",
        grid=GRID,
        field=np.stack([-GRID[..., 1], GRID[..., 0]], axis=-1),
        losses=np.array([4.0, 2.0, 1.0]),
    )


def test_the_trajectory_panel_holds_data_model_and_the_part_held_out(figure_of, picture) -> None:
    figure = figure_of(draw_fit, picture)
    axes = figure.axes[0]
    lines = {line.get_label(): line for line in axes.lines}
    assert list(lines) == ["x data", "x model", "v data", "v model"]
    for index, name in enumerate(picture.components):
        data, model = lines[f"{name} data"], lines[f"{name} model"]
        np.testing.assert_array_equal(data.get_xydata().T, [TIMES, picture.data[:, index]])
        np.testing.assert_array_equal(
            model.get_xydata().T, [CURVE, picture.curves[0].curve[:, index]]
        )
        assert data.get_color() == model.get_color()
    (shaded,) = axes.patches
    assert (shaded.get_label(), shaded.get_x(), shaded.get_width()) == ("held out", 2.0, 2.0)
    words = [text.get_text() for text in axes.get_legend().get_texts()]
    assert words == [*lines, "held out"]
    assert figure.get_suptitle() == "A rotation"


def test_nothing_is_shaded_where_all_points_were_used_for_training(figure_of, picture) -> None:
    axes = figure_of(draw_fit, replace(picture, curves=(turning("a", 5),))).axes[0]
    assert not axes.patches


def test_several_trajectories_have_a_colour_each_and_those_held_out_are_dashed(
    figure_of, picture
) -> None:
    curves = (turning("a", 5), turning("b", 5, 2.0), turning("c", 0, 3.0))
    several = replace(picture, curves=curves, count=9, worst="b")
    over_time, portrait, field, *_ = figure_of(draw_fit, several).axes
    assert over_time.get_title(loc="left") == "3 of 9 trajectories, dashed: held out"
    assert len(over_time.lines) == 3 * 2 * 2
    models = [line for line in over_time.lines if line.get_linestyle() != "None"]
    assert [line.get_linestyle() for line in models] == ["-"] * 4 + ["--"] * 2
    assert not over_time.patches
    lines = {line.get_label(): line for line in portrait.lines if line.get_linestyle() != "None"}
    assert list(lines) == ["a", "b (worst)", "c (held out)"]
    assert len({line.get_color() for line in lines.values()}) == 3
    for curve, line in zip(curves, lines.values(), strict=True):
        np.testing.assert_array_equal(line.get_xydata(), curve.curve)
    (points,) = [line for line in field.lines if line.get_label() == "data"]
    assert len(points.get_xydata()) == 15


def test_the_part_that_is_held_out_of_all_is_shaded(figure_of, picture) -> None:
    curves = (turning("a", 3), turning("b", 3))
    axes = figure_of(draw_fit, replace(picture, curves=curves, count=2)).axes[0]
    (shaded,) = axes.patches
    assert (shaded.get_x(), shaded.get_width()) == (2.0, 2.0)
    uneven = replace(picture, curves=(turning("a", 3), turning("b", 4)), count=2)
    assert not figure_of(draw_fit, uneven).axes[0].patches


def test_long_data_is_thinned_out_and_the_model_is_not(figure_of, picture) -> None:
    times = np.linspace(0, 1, 600)
    data = np.column_stack([times, -times])
    curve = FitCurve("a", times, data, times, data, 600)
    long = replace(picture, curves=(curve,))
    data_line, model_line, *_ = figure_of(draw_fit, long).axes[0].lines
    np.testing.assert_array_equal(data_line.get_xdata(), times[::5])
    assert len(model_line.get_xdata()) == 600


def test_the_phase_portrait_marks_the_start(figure_of, picture) -> None:
    axes = figure_of(draw_fit, picture).axes[1]
    data, model, start = axes.lines
    np.testing.assert_array_equal(data.get_xydata(), picture.data)
    np.testing.assert_array_equal(model.get_xydata(), picture.curves[0].curve)
    np.testing.assert_array_equal(start.get_xydata(), [[1.0, 0.0]])
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_aspect()) == ("x", "v", 1.0)


def test_the_field_fills_the_grid_and_is_coloured_by_its_speed(figure_of, picture) -> None:
    figure = figure_of(draw_fit, picture)
    axes = figure.axes[2]
    assert (axes.get_xlim(), axes.get_ylim()) == ((-2, 2), (-1, 3))
    (streams,) = [c for c in axes.collections if c.get_array() is not None]
    # |dz/dt| = |z| for a rotation, and the corner (2, 3) of the grid is its farthest point.
    assert streams.get_array().min() >= 0
    assert streams.get_array().max() <= np.hypot(2, 3)
    (points,) = [line for line in axes.lines if line.get_label() == "data"]
    np.testing.assert_array_equal(points.get_xydata(), picture.data)
    assert figure.axes[-1].get_ylabel() == "speed |dz/dt|"


def test_a_single_component_has_its_derivative_drawn_over_it(figure_of, picture) -> None:
    x = np.linspace(-1, 1, 9)[:, None]
    (a,) = picture.curves
    scalar = replace(
        picture,
        components=("x",),
        curves=(replace(a, data=a.data[:, :1], curve=a.curve[:, :1]),),
        grid=x,
        field=-2 * x,
        field_time=0.5,
    )
    trajectory, derivative, loss = figure_of(draw_fit, scalar).axes
    assert [line.get_label() for line in trajectory.lines] == ["x data", "x model"]
    (model,) = [line for line in derivative.lines if line.get_label() == "model"]
    np.testing.assert_array_equal(model.get_xydata(), np.column_stack([x, -2 * x]))
    assert derivative.get_title(loc="left") == "Learned derivative at t = 0.5"
    assert (derivative.get_xlabel(), derivative.get_ylabel()) == ("x", "dx/dt")
    assert loss.get_yscale() == "log"
