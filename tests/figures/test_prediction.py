"""The figure of a prediction: a panel for each component, a line for each trajectory."""

from dataclasses import replace

import numpy as np
import pytest

from nodelens.figures.curves import FitCurve
from nodelens.figures.over_time import MOST_PANELS, OverTime, Panels
from nodelens.figures.prediction import draw_prediction
from nodelens.figures.time_axis import TimeAxis

TIMES = np.array([0.0, 0.5, 2.0])
NONE = np.zeros(0)


def predicted(name: str, states: np.ndarray, data: np.ndarray | None = None) -> FitCurve:
    if data is None:
        return FitCurve(name, NONE, np.zeros((0, states.shape[1])), TIMES, states, 0)
    return FitCurve(name, TIMES, data, TIMES, states, len(data))


def picture(*curves: FitCurve, components: tuple[str, ...] = ("x", "v")) -> OverTime:
    panels = Panels.single(len(components))
    return OverTime("", components, curves, panels, TimeAxis("t_ms"), 4.0)


def test_each_component_has_a_panel_with_every_trajectory_and_its_data(figure_of) -> None:
    states = np.arange(12.0).reshape(2, 3, 2)
    curves = predicted("1", states[0], states[0] + 0.5), predicted("2", states[1])
    figure = figure_of(draw_prediction, "A run", picture(*curves))
    assert figure.get_suptitle() == "A run"
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["x", "v"]
    assert [axes.get_xlabel() for axes in figure.axes] == ["", "t_ms"]
    for index, axes in enumerate(figure.axes):
        dots, one, two = axes.lines
        assert dots.get_color() == one.get_color() != two.get_color()
        np.testing.assert_array_equal(dots.get_ydata(), states[0, :, index] + 0.5)
        for line, trajectory in zip((one, two), states, strict=True):
            assert line.get_linestyle() == "-"
            expected = np.column_stack([TIMES, trajectory[:, index]])
            np.testing.assert_array_equal(line.get_xydata(), expected)
    words = [text.get_text() for text in figure.axes[-1].get_legend().get_texts()]
    assert words == ["1", "2", "data", "model"]


def test_other_data_is_drawn_behind(figure_of) -> None:
    states = np.arange(6.0).reshape(3, 2)
    other = predicted("other", states, 10 + states)
    figure = figure_of(
        draw_prediction, "", replace(picture(predicted("", states)), behind=(other,))
    )
    for index, axes in enumerate(figure.axes):
        behind, line = axes.lines
        assert behind.get_color() != line.get_color()
        np.testing.assert_array_equal(behind.get_ydata(), 10 + states[:, index])
        assert axes.get_ylim()[1] > 10 + states[:, index].max()
    words = [text.get_text() for text in figure.axes[-1].get_legend().get_texts()]
    assert words == ["model", "data of the run"]


def test_a_prediction_that_blows_up_is_cut_off(figure_of) -> None:
    data = np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]])
    wild = data * [[1.0, 1.0], [1.0, 1.0], [1.0, 1e6]]
    shown = picture(predicted("", wild, data))
    x, v = figure_of(draw_prediction, "", shown).axes
    assert shown.leaving == ("",)
    assert [axes.get_title(loc="left") for axes in (x, v)] == [
        "x",
        "v (the model leaves the picture)",
    ]
    assert v.get_ylim()[1] < 12


@pytest.mark.parametrize(("count", "columns"), [(3, 1), (8, 2), (24, 3), (30, 3)])
def test_many_components_stand_in_columns(figure_of, count: int, columns: int) -> None:
    states = np.tile(np.arange(3.0)[:, None], count)
    names = tuple(f"q{number}" for number in range(count))
    shown = picture(predicted("", states), components=names)
    figure = figure_of(draw_prediction, "", shown)
    assert len(figure.axes) == min(count, MOST_PANELS)
    assert sum(axes.get_xlabel() != "" for axes in figure.axes) == columns
    first = "q0 (the first 24 of 30 components)" if count == 30 else "q0"
    assert figure.axes[0].get_title(loc="left") == first
