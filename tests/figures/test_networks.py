"""The figures of networks: decisions, paths, depth and confusion."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from nodelens.figures.classes import ConfusionPicture, draw_confusion
from nodelens.figures.depth import DepthPanel, draw_depth
from nodelens.figures.flow import FlowPanel, draw_flow
from nodelens.figures.style import SERIES


def panel(dimension: int) -> FlowPanel:
    """Two classes that are divided at x₁ = 0.5; one path each."""
    grid = np.stack(np.meshgrid(np.linspace(-1, 2, 7), np.linspace(0, 1, 5)), axis=-1)
    return FlowPanel(
        name="ODE network: 75.0% correct",
        classes=("left", "right"),
        points=np.array([[-1.0, 0.0], [0.0, 1.0], [1.5, 0.5], [2.0, 1.0]]),
        labels=np.array([0, 0, 1, 1]),
        grid=grid,
        decided=(grid[..., 0] > 0.5).astype(int),
        paths=np.arange(3 * 2 * dimension, dtype=float).reshape(3, 2, dimension),
        path_labels=np.array([1, 0]),
    )


def test_decisions_show_the_samples_of_each_class_on_the_regions(figure_of) -> None:
    axes = figure_of(draw_flow, "Data", [panel(2)]).axes[0]
    left, right = axes.lines
    np.testing.assert_array_equal(left.get_xydata(), [[-1, 0], [0, 1]])
    np.testing.assert_array_equal(right.get_xydata(), [[1.5, 0.5], [2, 1]])
    assert [line.get_color() for line in axes.lines] == list(SERIES[:2])
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["left", "right"]
    regions, boundary = axes.collections
    np.testing.assert_array_equal(regions.levels, [-0.5, 0.5, 1.5])
    assert [to_hex(regions.cmap(index)) for index in range(2)] == list(SERIES[:2])
    # The boundary is halfway between the columns at 0.5 and 1 of the grid.
    corners = np.concatenate([path.vertices for path in boundary.get_paths()])
    np.testing.assert_allclose(corners[:, 0], 0.75)


@pytest.mark.parametrize(("dimension", "projection"), [(2, "rectilinear"), (3, "3d"), (5, "3d")])
def test_paths_are_drawn_in_the_plane_or_in_space(figure_of, dimension, projection) -> None:
    flow = panel(dimension)
    axes = figure_of(draw_flow, "Data", [flow]).axes[1]
    assert axes.name == projection
    shown = min(dimension, 3)
    one, two, *ends = axes.lines
    for line, path, label in ((one, flow.paths[:, 0], 1), (two, flow.paths[:, 1], 0)):
        data = line.get_data_3d() if projection == "3d" else line.get_data()
        np.testing.assert_array_equal(np.stack(data, axis=-1), path[:, :shown])
        assert line.get_color() == SERIES[label]
    assert [line.get_color() for line in ends] == list(SERIES[:2])


def test_each_network_has_a_row_of_its_own(figure_of) -> None:
    figure = figure_of(draw_flow, "Data", [panel(2), panel(3)])
    assert [axes.name for axes in figure.axes] == ["rectilinear"] * 3 + ["3d"]
    assert figure.get_suptitle() == "Data"


def test_the_depth_figure_draws_states_arrows_and_evaluations(figure_of) -> None:
    depths, states = np.array([0.0, 0.5, 1.0]), np.array([-2.0, 0.0, 2.0])
    flow = DepthPanel(
        name="ODE network",
        depths=depths,
        paths=np.array([[-1.0, 1.0], [-0.5, 0.5], [0.0, 0.0]]),
        evaluated=np.array([[0.0, -1.0], [0.5, 0.5]]),
        field_depths=np.array([0.0, 1.0]),
        field_states=states,
        field=np.array([[2.0, 0.0, -2.0], [1.0, 0.0, -1.0]]),
    )
    figure = figure_of(draw_depth, "Data", [flow, flow])
    assert len(figure.axes) == 2
    axes = figure.axes[0]
    first, second, evaluations = axes.lines
    np.testing.assert_array_equal(first.get_xydata(), [[-1, 0], [-0.5, 0.5], [0, 1]])
    np.testing.assert_array_equal(second.get_xydata(), [[1, 0], [0.5, 0.5], [0, 1]])
    np.testing.assert_array_equal(evaluations.get_xydata(), [[-1, 0], [0.5, 0.5]])
    (arrows,) = axes.collections
    np.testing.assert_array_equal(arrows.U, flow.field.ravel())  # over a depth of 1
    np.testing.assert_array_equal(arrows.V, np.ones(6))
    assert axes.get_xlim() == (-2, 2)
    np.testing.assert_allclose(axes.get_ylim(), (-0.05, 1.05))


def test_the_confusion_matrix_is_coloured_by_the_fraction_of_each_true_class(figure_of) -> None:
    picture = ConfusionPicture("T", "test", ("cat", "dog"), np.array([[3, 1], [0, 2000]]))
    figure = figure_of(draw_confusion, picture)
    axes = figure.axes[0]
    np.testing.assert_array_equal(axes.images[0].get_array(), [[0.75, 0.25], [0, 1]])
    assert axes.images[0].get_clim() == (0, 1)
    assert axes.get_title(loc="left") == "test: 2,003 of 2,004 correct, accuracy 99.95%"
    written = {text.get_position(): text.get_text() for text in axes.texts}
    assert written == {(0, 0): "3", (1, 0): "1", (1, 1): "2,000"}  # a zero stays empty
    for ticks in (axes.get_xticklabels(), axes.get_yticklabels()):
        assert [tick.get_text() for tick in ticks] == ["cat", "dog"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("classified as", "true class")
    assert figure.axes[1].get_ylabel() == "fraction of the true class"


def test_many_classes_have_no_names_and_a_class_without_samples_is_no_error(figure_of) -> None:
    names = tuple(f"class {index}" for index in range(31))
    matrix = np.eye(31, dtype=int)
    matrix[0, 0] = 0
    axes = figure_of(draw_confusion, ConfusionPicture("T", "test", names, matrix)).axes[0]
    assert not axes.texts
    assert axes.images[0].get_array()[0].sum() == 0
