"""The figures that judge maps: the curves of measures, and of shuffled weights."""

import numpy as np

from nodelens.figures.faithfulness import CurvePanel, metrics_figure, sanity_figure
from nodelens.figures.style import MUTED

DELETION = CurvePanel("Deletion", "deleted", "holes", [[(0.9, 0.5, 0.1)], [(0.9, 0.6, 0.4)]])
ROAD = CurvePanel(
    "ROAD", "taken", "coarse", [[(0.8, 0.2), (0.9, 0.7)], [(0.5, 0.5), (0.6, 0.4)]], (0.3, 0.7)
)


def test_every_panel_has_the_curves_of_all_maps():
    figure = metrics_figure(["cam", "random"], {"random"}, [DELETION, ROAD])
    deletion, road = figure.axes
    for line, curve in zip(deletion.lines, ((0.9, 0.5, 0.1), (0.9, 0.6, 0.4)), strict=True):
        np.testing.assert_allclose(line.get_xdata(), [0, 0.5, 1])
        np.testing.assert_allclose(line.get_ydata(), curve)
    curves = [line.get_ydata() for line in road.lines]
    np.testing.assert_allclose(curves, [(0.8, 0.2), (0.9, 0.7), (0.5, 0.5), (0.6, 0.4)])
    assert all(tuple(line.get_xdata()) == (0.3, 0.7) for line in road.lines)
    assert [line.get_marker() for line in road.lines] == ["v", "^", "v", "^"]
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["Deletion", "ROAD"]
    assert [axes.get_xlabel() for axes in figure.axes] == ["deleted", "taken"]
    assert [axes.get_ylabel() for axes in figure.axes] == ["probability of the class", ""]
    assert [axes.texts[0].get_text() for axes in figure.axes] == ["holes", "coarse"]
    assert deletion.get_ylim() == road.get_ylim() == (-0.02, 1.02)


def test_random_maps_are_grey_and_every_map_has_one_line_in_the_legend():
    figure = metrics_figure(["cam", "random"], {"random"}, [DELETION, ROAD])
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["cam", "random"]
    cam, random = figure.axes[0].lines
    assert random.get_color() == MUTED != cam.get_color()
    assert [line.get_color() for line in figure.axes[1].lines] == [cam.get_color()] * 2 + [
        MUTED
    ] * 2


def test_shuffling_begins_at_one_and_leaves_a_gap_where_a_map_is_flat():
    figure = sanity_figure(["top", "below"], {"cam": (0.5, None), "saliency": (-0.2, 0.1)})
    (axes,) = figure.axes
    cam, saliency, zero = axes.lines
    np.testing.assert_array_equal(cam.get_ydata(), [1, 0.5, np.nan])
    np.testing.assert_array_equal(saliency.get_ydata(), [1, -0.2, 0.1])
    assert set(zero.get_ydata()) == {0}
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["none", "top", "below"]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["cam", "saliency"]
    assert axes.get_ylim() == (-1.05, 1.05)
    assert "rank correlation" in axes.get_ylabel()


def test_of_many_layers_some_are_named():
    names = [f"layer{number}" for number in range(60)]
    (axes,) = sanity_figure(names, {"cam": (0.0,) * 60}).axes
    ticks = [tick.get_text() for tick in axes.get_xticklabels()]
    assert ticks == ["none", *names][::3]
