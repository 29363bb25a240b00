"""Pictures of convolutions: the window's positions and the receptive fields that are drawn."""

from collections.abc import Mapping

import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

from nodelens.conv.accounting import Accounting, account
from nodelens.conv.building import build
from nodelens.figures.conv import fields_figure, layer_figure
from nodelens.figures.style import GREEN, ORANGE, PURPLE

Box = tuple[float, float, float, float]
"""Left, top, width and height in cells; the first cell of the array has its corner at 0, 0."""


def counted(shape: tuple[int, ...], *layers: str, data_format: str = "channels_last") -> Accounting:
    return account(build({"input": shape}, layers, data_format))


def box(patch: Rectangle) -> Box:
    return (
        patch.get_x() + 0.5,
        patch.get_y() + 0.5,
        patch.get_width(),
        patch.get_height(),
    )


def outlines(axes: Axes) -> Mapping[str, Box]:
    """The outlines of the windows, by the colour of the cell that they belong to."""
    unfilled = [patch for patch in axes.patches if not patch.get_fill()]
    return {to_hex(patch.get_edgecolor()): box(patch) for patch in unfilled}


def sheet(axes: Axes) -> set[tuple[float, float]]:
    """Widths and heights of the large rectangles: the array, and the array with its border."""
    return {box(patch)[2:] for patch in axes.patches if box(patch)[2:] != (1, 1)}


@pytest.mark.parametrize(
    ("shape", "line", "windows"),
    [
        # The first cell's window in orange, its right neighbour's in purple, the lower one's in
        # green; corners are the stride's multiples less the zeros before.
        (
            (200, 200, 3),
            "conv2d 10 k5",
            {ORANGE: (0, 0, 5, 5), PURPLE: (1, 0, 5, 5), GREEN: (0, 1, 5, 5)},
        ),
        (
            (9, 9, 3),
            "conv2d 4 k3 d2 same",  # spans 5 cells, 2 of them before the first
            {ORANGE: (-2, -2, 5, 5), PURPLE: (-1, -2, 5, 5), GREEN: (-2, -1, 5, 5)},
        ),
        (
            (12, 10, 3),
            "conv2d 4 k3x4 s2x3",
            {ORANGE: (0, 0, 4, 3), PURPLE: (3, 0, 4, 3), GREEN: (0, 2, 4, 3)},
        ),
        ((20, 3), "conv1d 4 k4 causal", {ORANGE: (-3, 0, 4, 1), PURPLE: (-2, 0, 4, 1)}),
        (
            (4, 12, 9, 3),
            "conv3d 2 k3x5x2",  # the last two axes are drawn
            {ORANGE: (0, 0, 2, 5), PURPLE: (1, 0, 2, 5), GREEN: (0, 1, 2, 5)},
        ),
        (
            (10, 10, 3),
            "transposed 4 k4 s2 same",  # patches on the output, one cell of which is cut off
            {ORANGE: (-1, -1, 4, 4), PURPLE: (1, -1, 4, 4), GREEN: (-1, 1, 4, 4)},
        ),
    ],
)
def test_windows_are_drawn_at_their_places(
    shape: tuple[int, ...], line: str, windows: Mapping[str, Box]
) -> None:
    _, middle, _ = layer_figure(counted(shape, line).layers[0]).axes
    assert outlines(middle) == windows


def test_arrays_are_drawn_to_scale_with_their_border() -> None:
    layer = counted((12, 9, 3), "conv2d 4 k3 s2 same").layers[0]
    left, _, right = layer_figure(layer).axes
    assert sheet(left) >= {(9, 12), (9 + 2, 12 + 1)}  # 1 before and 1 after, 0 before and 1 after
    assert (5, 6) in sheet(right)
    assert left.get_title() == "input (12, 9, 3)"
    assert right.get_title() == "output (6, 5, 4)"
    lows, highs = zip(*(axes.get_xlim() for axes in (left, right)), strict=True)
    assert highs[0] - lows[0] == pytest.approx(highs[1] - lows[1])


def test_the_titles_name_the_layer_and_its_window() -> None:
    layer = counted((9, 9, 3), "conv2d 4 k3 d2 same").layers[0]
    figure = layer_figure(layer)
    assert figure.get_suptitle() == "conv2d: Conv2D 3×3 same d2"
    assert figure.axes[1].get_title() == "first windows, stride 1, dilation 2, grey: zeros"
    layer = counted((10, 10, 3), "transposed 4 k4 s2 same").layers[0]
    assert "patches of the first cells" in layer_figure(layer).axes[1].get_title()


def test_channels_first_swaps_no_axes() -> None:
    layer = counted((3, 300, 60), "conv2d 4 k64x7", data_format="channels_first").layers[0]
    left, middle, right = layer_figure(layer).axes
    assert (60, 300) in sheet(left)
    assert (54, 237) in sheet(right)
    assert outlines(middle)[ORANGE] == (0, 0, 7, 64)


def test_receptive_fields_are_drawn_around_the_middle_cell() -> None:
    layers = ("conv2d 4 k3 same", "maxpool 2", "conv2d 8 k3 same")
    (axes,) = fields_figure(counted((32, 32, 3), *layers)).axes
    boxes = {patch.get_label(): box(patch) for patch in axes.patches}
    # Cell 8 of 16 sees 3·2 + 2 = 8 cells from 8·2 - 3 on.
    assert boxes == {
        "input  32×32": (0, 0, 32, 32),
        "conv2d_1  8×8": (13, 13, 8, 8),
        "max_pooling2d  4×4": (15, 15, 4, 4),
        "conv2d  3×3": (15, 15, 3, 3),
    }
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == list(boxes)


def test_fields_beyond_the_input_stay_within_the_axes() -> None:
    (axes,) = fields_figure(counted((8, 8, 3), *["conv2d 4 k7 same"] * 4)).axes
    left, top, width, height = box(axes.patches[1])
    assert (width, height) == (25, 25)
    assert axes.get_xlim()[0] < left - 0.5
    assert left + width - 0.5 < axes.get_xlim()[1]
    assert axes.get_ylim()[1] < top - 0.5
