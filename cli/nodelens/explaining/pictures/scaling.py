"""Maps of a few cells in the size of a picture, and on the scale of their own maximum."""

import numpy as np
from PIL import Image


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
