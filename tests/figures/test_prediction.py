"""The figure of a prediction: a panel for each component, a line for each trajectory."""

import numpy as np

from nodelens.figures.prediction import draw_prediction


def test_each_component_has_a_panel_with_every_trajectory(figure_of) -> None:
    times = np.array([0.0, 0.5, 2.0])
    states = np.arange(12.0).reshape(2, 3, 2)
    figure = figure_of(draw_prediction, "A run", ("x", "v"), times, states)
    assert figure.get_suptitle() == "A run"
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["x", "v"]
    assert [axes.get_xlabel() for axes in figure.axes] == ["", "time t"]
    for index, axes in enumerate(figure.axes):
        assert len({line.get_color() for line in axes.lines}) == 1
        for line, trajectory in zip(axes.lines, states, strict=True):
            expected = np.column_stack([times, trajectory[:, index]])
            np.testing.assert_array_equal(line.get_xydata(), expected)
