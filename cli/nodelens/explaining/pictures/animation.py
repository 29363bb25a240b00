"""The frames of pictures that move."""

from dataclasses import replace

import numpy as np
from PIL import ExifTags, Image, ImageOps, ImageSequence

from nodelens.errors import UsageError
from nodelens.explaining.pictures.photo import (
    TURNED,
    Frames,
    Photo,
    decoding_errors,
    open_image,
    orientation_of,
    over_white,
)

FORMATS = ("GIF", "WEBP", "PNG", "AVIF")
"""Formats whose frames are those of an animation; in a TIFF they are pages."""
USUAL_MILLISECONDS = 100


def with_frames(photo: Photo, *, pixel_limit: int) -> Photo:
    """Adds its frames to a photo, if its file holds an animation.

    Args:
        photo: The first frame.
        pixel_limit: The most pixels of all frames together.

    Returns:
        The photo with its frames, upright and in the size of the first; as it is if it does not
        move.

    Raises:
        UsageError: There are more pixels than that, or a frame cannot be decoded.
    """
    with (
        decoding_errors(photo.path),
        photo.path.open("rb") as file,
        open_image(file, photo.path, pixel_limit) as image,
    ):
        count = getattr(image, "n_frames", 1)
        if count == 1 or image.format not in FORMATS:
            return photo
        if count * image.width * image.height > pixel_limit:
            raise UsageError(
                f"{photo.path}: the {count} frames have more than the {pixel_limit:,} pixels that "
                "are accepted",
                hint="explain the first one only: --set frames=first",
            )
        image.load()
        orientation = orientation_of(image)  # of the file: later frames may not repeat it
        pictures, milliseconds = [], []
        for frame in ImageSequence.Iterator(image):
            pictures.append(_upright(over_white(frame), orientation))
            # Known for some formats only now that the frame has been decoded.
            milliseconds.append(int(frame.info.get("duration") or USUAL_MILLISECONDS))
    frames = Frames(tuple(pictures), tuple(milliseconds))
    turned = [note for note in photo.notes if note == TURNED]
    return replace(photo, frames=frames, notes=(f"{count} frames", *turned))


def _upright(frame: Image.Image, orientation: int) -> np.ndarray:
    plain = Image.fromarray(np.asarray(frame.convert("RGB")))  # without any EXIF data of its own
    if orientation != 1:
        plain.getexif()[ExifTags.Base.Orientation] = orientation
        plain = ImageOps.exif_transpose(plain)
    return np.asarray(plain)
