"""The colours of pixels, not that files exist."""

import matplotlib as mpl
import numpy as np

from nodelens.figures.overlay import blend, colours, signed_colours


def test_colours_go_from_dark_blue_over_green_to_dark_red():
    # The definition of jet: 0 is (0, 0, 0.5), the middle is greenish, 1 is (0.5, 0, 0).
    cold, middle, hot = colours(np.array([0, 0.5, 1.0]))
    np.testing.assert_allclose(cold, (0, 0, 128), atol=1)
    assert middle[1] == 255
    np.testing.assert_allclose(hot, (128, 0, 0), atol=1)


def test_colours_are_those_of_matplotlibs_jet():
    values = np.linspace(0, 1, 1001)
    expected = mpl.colormaps["jet"](np.round(values * 255).astype(int), bytes=True)[:, :3]
    np.testing.assert_array_equal(colours(values), expected)


def test_half_of_the_overlay_is_the_photo():
    photo = np.array([[[200, 100, 0]]], np.uint8)
    colour = np.array([[[100, 200, 50]]], np.uint8)
    np.testing.assert_array_equal(blend(photo, colour, 0.5), [[[150, 150, 25]]])
    np.testing.assert_array_equal(blend(photo, colour, 0.0), photo)
    np.testing.assert_array_equal(blend(photo, colour, 1.0), colour)


def test_signed_colours_go_from_blue_over_white_to_red():
    against, nothing, favour = signed_colours(np.array([-1.0, 0.0, 1.0])).astype(int)
    assert against[2] > against[0] + 50
    assert nothing.min() > 240
    assert favour[0] > favour[2] + 50
