"""The figure of a fit: every panel holds the numbers it was given."""

from dataclasses import replace

import numpy as np
import pytest

from nodelens.figures.curves import FitCurve
from nodelens.figures.fit import FitPicture, draw_fit
from nodelens.figures.time_axis import TimeAxis

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
    x, v, portrait, field, *_ = figure_of(draw_fit, several).axes
    assert x.get_title(loc="left") == "x (3 of 9 trajectories)"
    assert (v.get_title(loc="left"), x.get_xlabel(), v.get_xlabel()) == ("v", "", "time t")
    for index, axes in enumerate((x, v)):
        data, models = axes.lines[::2], axes.lines[1::2]
        assert [line.get_linestyle() for line in models] == ["-", "-", "--"]
        assert len({line.get_color() for line in models}) == 3
        for curve, dots, line in zip(curves, data, models, strict=True):
            assert dots.get_color() == line.get_color()
            np.testing.assert_array_equal(dots.get_xydata().T, [TIMES, curve.data[:, index]])
            np.testing.assert_array_equal(line.get_xydata().T, [CURVE, curve.curve[:, index]])
        assert not axes.patches
    words = [text.get_text() for text in v.get_legend().get_texts()]
    assert words == ["a", "b (worst)", "c (held out)", "data", "model"]
    lines = [line for line in portrait.lines if line.get_linestyle() != "None"]
    assert [line.get_color() for line in lines] == [line.get_color() for line in x.lines[1::2]]
    for curve, line in zip(curves, lines, strict=True):
        np.testing.assert_array_equal(line.get_xydata(), curve.curve)
    (points,) = [line for line in field.lines if line.get_label() == "data"]
    assert len(points.get_xydata()) == 15


def test_components_of_different_size_have_axes_of_their_own(figure_of, picture) -> None:
    (a,) = picture.curves
    factors = np.array([1.0, 0.01])
    small = replace(a, data=a.data * factors, curve=a.curve * factors)
    x, v, portrait, *others = figure_of(draw_fit, replace(picture, curves=(small,))).axes
    assert len(others) == 3  # field, loss, and the colours of the field
    assert v.get_ylim()[1] < 0.02 < 0.9 < x.get_ylim()[1]
    assert x.get_xlim() == v.get_xlim()
    assert [len(axes.patches) for axes in (x, v)] == [1, 1]
    assert [text.get_text() for text in v.get_legend().get_texts()] == ["data", "model", "held out"]
    assert portrait.get_aspect() == "auto"


def test_a_model_that_blows_up_is_cut_off_and_the_picture_says_so(figure_of, picture) -> None:
    (a,) = picture.curves
    assert picture.leaving == ""
    wild = replace(picture, curves=(replace(a, curve=a.curve * 10.0 ** np.arange(9)[:, None]),))
    axes, portrait, *_ = figure_of(draw_fit, wild).axes
    assert wild.leaving == "the model leaves the picture"
    assert axes.get_title(loc="left") == "Trajectory (the model leaves the picture)"
    assert portrait.get_title(loc="left") == "Phase portrait (cut off)"
    extent = np.ptp(picture.data)
    for low, high in (axes.get_ylim(), portrait.get_ylim()):
        assert low < picture.data.min() and picture.data.max() < high
        assert high - low < 4 * extent
    several = replace(wild, curves=(turning("a", 3), replace(wild.curves[0], name="b")), count=2)
    assert several.leaving == "b leaves the picture"


def test_the_time_axis_is_that_of_the_data(figure_of, picture) -> None:
    (a,) = picture.curves
    times = np.geomspace(1e-3, 1e3, 5)
    spaced = replace(a, times=times, curve_times=np.geomspace(1e-3, 1e3, 9))
    axis = TimeAxis.of(times, "time [h]")
    axes = figure_of(draw_fit, replace(picture, curves=(spaced,), time=axis)).axes[0]
    assert (axes.get_xscale(), axes.get_xlabel()) == ("log", "time [h]")


def test_the_part_that_is_held_out_of_all_is_shaded(figure_of, picture) -> None:
    curves = (turning("a", 3), turning("b", 3))
    for axes in figure_of(draw_fit, replace(picture, curves=curves, count=2)).axes[:2]:
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
