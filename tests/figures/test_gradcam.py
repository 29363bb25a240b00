"""The figure of one map: the two pictures, their words, and the scale of colours."""

from dataclasses import replace

import numpy as np
import pytest

from nodelens.figures.gradcam import PANEL_PIXELS, GradcamCaption, gradcam_figure
from nodelens.figures.overlay import COLOUR_MAP, SIGNED_COLOUR_MAP

CAPTION = GradcamCaption(
    class_index=285,
    class_name="Egyptian $cat$",
    probability=0.7654,
    layer="conv",
    method="Grad-CAM",
    footer="Weights: mine",
    empty=False,
)
PHOTO = np.full((30, 40, 3), 50, np.uint8)
OVERLAY = np.full((30, 40, 3), 200, np.uint8)


def words_of(axes) -> list[str]:
    return [text.get_text() for text in axes.texts if text.get_text()]


def test_photo_and_overlay_stand_side_by_side_with_their_words():
    figure = gradcam_figure(PHOTO, OVERLAY, CAPTION)
    left, right, _ = figure.axes
    np.testing.assert_array_equal(left.images[0].get_array(), PHOTO)
    np.testing.assert_array_equal(right.images[0].get_array(), OVERLAY)
    assert words_of(left) == ["Original image"]
    assert words_of(right) == [
        "class 285 (Egyptian $cat$)",
        "probability 0.77, Grad-CAM at layer conv",
    ]
    assert [text.get_text() for text in figure.texts] == ["Weights: mine"]
    # Both pictures have the same size, and names of classes are no formulas.
    assert left.get_position().bounds[2:] == pytest.approx(right.get_position().bounds[2:])
    assert not any(text.get_parse_math() for text in [*right.texts, *figure.texts])


@pytest.mark.parametrize(
    ("signed", "colours", "labels"),
    [(False, COLOUR_MAP, ["none", "most"]), (True, SIGNED_COLOUR_MAP, ["against", "for"])],
)
def test_the_scale_shows_the_colours_of_the_map(signed, colours, labels):
    *_, scale = gradcam_figure(PHOTO, OVERLAY, replace(CAPTION, signed=signed)).axes
    assert [tick.get_text() for tick in scale.get_yticklabels()] == labels
    assert scale.collections[-1].get_cmap().name == colours
    assert scale.get_ylim() == (0, 1)


def test_an_empty_map_has_no_scale_and_is_called_so():
    figure = gradcam_figure(PHOTO, PHOTO, replace(CAPTION, empty=True, layer="input"))
    _, right = figure.axes
    assert words_of(right)[1] == ("probability 0.77, Grad-CAM at the input: nothing speaks for it")


def test_a_large_photo_is_shrunk_in_its_proportions():
    large = np.zeros((1500, 2000, 3), np.uint8)
    left = gradcam_figure(large, large, CAPTION).axes[0]
    assert left.images[0].get_array().shape == (750, PANEL_PIXELS, 3)
