"""Colours of maps, and colours over a photo: pure functions of pixels.

A map is enlarged as floating-point numbers, then divided by its maximum, once, and only then
coloured: enlarging colours would mix hues, enlarging 8-bit values would show steps.
"""

import matplotlib as mpl
import numpy as np
from PIL import Image

ALPHA = 0.5
COLOUR_MAP = "jet"
SIGNED_COLOUR_MAP = "RdBu_r"


def colours(values: np.ndarray) -> np.ndarray:
    """Looks up the colour of every value.

    Args:
        values: From 0 to 1, any shape.

    Returns:
        `uint8` RGB, shape `(*values.shape, 3)`.
    """
    table = mpl.colormaps[COLOUR_MAP](np.arange(256), bytes=True)[:, :3]
    return table[np.round(values * 255).astype(np.uint8)]


def signed_colours(values: np.ndarray) -> np.ndarray:
    """Looks up the colour of every value of a map with both signs.

    Args:
        values: From -1 to 1, any shape.

    Returns:
        `uint8` RGB, shape `(*values.shape, 3)`: blue below zero, white at zero, red above.
    """
    table = mpl.colormaps[SIGNED_COLOUR_MAP](np.arange(256), bytes=True)[:, :3]
    return table[np.round((values + 1) * 127.5).astype(np.uint8)]


def blend(photo: np.ndarray, colour: np.ndarray, alpha: float = ALPHA) -> np.ndarray:
    """Lays colours over a photo: `alpha * colour + (1 - alpha) * photo`.

    Args:
        photo: `uint8` RGB, shape `(height, width, 3)`.
        colour: The same.
        alpha: From 0, the photo alone, to 1, the colours alone.

    Returns:
        `uint8` RGB of the same shape.
    """
    return np.asarray(Image.blend(Image.fromarray(photo), Image.fromarray(colour), alpha))
