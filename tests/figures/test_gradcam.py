"""The figure of one map: the two pictures, their words, and the scale of colours."""

import numpy as np
import pytest

from nodelens.figures.gradcam import BOTH_SIGNS, ONE_SIGN, PANEL_PIXELS, gradcam_figure
from nodelens.figures.overlay import COLOUR_MAP, SIGNED_COLOUR_MAP

PHOTO = np.full((30, 40, 3), 50, np.uint8)
OVERLAY = np.full((30, 40, 3), 200, np.uint8)


WORDS = {"title": "class 285 (Egyptian $cat$)", "words": "probability 0.77", "footer": "mine"}


def words_of(axes) -> list[str]:
    return [text.get_text() for text in axes.texts if text.get_text()]


def test_photo_and_overlay_stand_side_by_side_with_their_words():
    figure = gradcam_figure(PHOTO, OVERLAY, **WORDS, scale=ONE_SIGN)
    left, right, _ = figure.axes
    np.testing.assert_array_equal(left.images[0].get_array(), PHOTO)
    np.testing.assert_array_equal(right.images[0].get_array(), OVERLAY)
    assert words_of(left) == ["Original image"]
    assert words_of(right) == ["class 285 (Egyptian $cat$)", "probability 0.77"]
    assert [text.get_text() for text in figure.texts] == ["mine"]
    # Both pictures have the same size, and names of classes are no formulas.
    assert left.get_position().bounds[2:] == pytest.approx(right.get_position().bounds[2:])
    assert not any(text.get_parse_math() for text in [*right.texts, *figure.texts])


@pytest.mark.parametrize(
    ("scale", "colours", "labels"),
    [(ONE_SIGN, COLOUR_MAP, ["none", "most"]), (BOTH_SIGNS, SIGNED_COLOUR_MAP, ["against", "for"])],
)
def test_the_scale_shows_the_colours_of_the_map(scale, colours, labels):
    *_, bar = gradcam_figure(PHOTO, OVERLAY, **WORDS, scale=scale).axes
    assert [tick.get_text() for tick in bar.get_yticklabels()] == labels
    assert bar.collections[-1].get_cmap().name == colours
    assert bar.get_ylim() == (0, 1)


def test_what_has_no_colour_has_no_scale():
    assert len(gradcam_figure(PHOTO, PHOTO, **WORDS, scale=None).axes) == 2


def test_a_large_photo_is_shrunk_in_its_proportions():
    large = np.zeros((1500, 2000, 3), np.uint8)
    left = gradcam_figure(large, large, **WORDS, scale=None).axes[0]
    assert left.images[0].get_array().shape == (750, PANEL_PIXELS, 3)
