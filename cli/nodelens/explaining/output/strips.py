"""The strip of one picture on a contact sheet: the photo, and its maps."""

import numpy as np
from PIL import Image

from nodelens.explaining.result import NO_EVIDENCE, PictureResult
from nodelens.figures.contact_sheet import Tile, small


def strip_of(picture: PictureResult, photo: np.ndarray) -> list[Tile]:
    """Makes the strip of one picture.

    Args:
        picture: What was found out about it; its overlays are read.
        photo: `uint8` RGB, shape `(height, width, 3)`.

    Returns:
        A tile for the photo, and one for each map.
    """
    best = picture.predictions[0]
    tiles = [small(Image.fromarray(photo), picture.path.name, f"{best.name} {best.score:.2f}")]
    for found in picture.maps:
        words = NO_EVIDENCE if found.empty else f"at {found.layer}"
        title = f"{found.method}: {found.target.name} {found.target.score:.2f}"
        assert found.files.overlay  # noqa: S101 (only pictures with overlays have strips)
        with Image.open(found.files.overlay) as overlay:
            tiles.append(small(overlay, title, words))
    return tiles
