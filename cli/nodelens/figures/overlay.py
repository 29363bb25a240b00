"""From a map of a few cells to colours over a photo: pure functions of pixels.

The order matters. The map is enlarged as floating-point numbers, then divided by its maximum,
once, then coloured: enlarging colours would mix hues, enlarging 8-bit values would show steps.
"""

import matplotlib as mpl
import numpy as np
from PIL import Image

ALPHA = 0.5
COLOUR_MAP = "jet"
SIGNED_COLOUR_MAP = "RdBu_r"


def enlarge(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Enlarges a map to the size of a photo, bilinearly, with the centres of cells in place.

    Pixels and cells are squares whose centres lie at half-integers, so that cell `i` of `n` is
    centred at `(i + 1/2) / n` of the photo: for layers with "same" padding that is the centre of
    its receptive field. (Aligning the outermost centres with the border instead, as some image
    libraries do, misplaces the map by up to half a cell.)

    Args:
        values: The map, float, shape `(h, w)`.
        size: Width and height of the photo.

    Returns:
        float32 of shape `(height, width)`.
    """
    image = Image.fromarray(np.ascontiguousarray(values, dtype=np.float32))
    return np.asarray(image.resize(size, Image.Resampling.BILINEAR))


def divide_by_maximum(values: np.ndarray) -> np.ndarray:
    """Scales a map so that its largest magnitude is one.

    Args:
        values: The map.

    Returns:
        Values from 0 to 1, or from -1 to 1 if some are negative; all zero if the map is.
    """
    maximum = np.abs(values).max()
    return values / maximum if maximum > 0 else np.zeros_like(values)


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
