"""Pictures that move: their frames, and the same classes explained on each."""

from dataclasses import replace

import numpy as np
from PIL import Image, ImageSequence

from nodelens.errors import UsageError
from nodelens.explaining.explainer import Explainer
from nodelens.explaining.pictures.images import Frames, Photo
from nodelens.explaining.result import Explanation

FORMATS = ("GIF", "WEBP", "PNG", "AVIF")
"""Whose frames are those of an animation; in a TIFF they are pages."""
USUAL_MILLISECONDS = 100


def with_frames(photo: Photo, *, pixel_limit: int) -> Photo:
    """Adds its frames to a photo, if its file holds an animation.

    Args:
        photo: The first frame.
        pixel_limit: The most pixels of all frames together.

    Returns:
        The photo with its frames, in the size of the first; as it is if it does not move.

    Raises:
        UsageError: There are more pixels than that.
    """
    with Image.open(photo.path) as image:
        count = getattr(image, "n_frames", 1)
        if count == 1 or image.format not in FORMATS:
            return photo
        if count * image.width * image.height > pixel_limit:
            raise UsageError(
                f"{photo.path}: the {count} frames have more than the {pixel_limit:,} pixels that "
                "are accepted",
                hint="explain the first one only: --set frames=first",
            )
        pictures, milliseconds = [], []
        for frame in ImageSequence.Iterator(image):
            pictures.append(_over_white(frame))
            # Known for some formats only now that the frame has been decoded.
            milliseconds.append(int(frame.info.get("duration") or USUAL_MILLISECONDS))
    frames = Frames(tuple(pictures), tuple(milliseconds))
    return replace(photo, frames=frames, notes=(f"{count} frames",))


def explain_frames(explainer: Explainer, first: Explanation, size: int) -> Explanation:
    """Explains every frame of an animation for the classes that its first frame is explained for.

    Args:
        explainer: The model and what is asked of it.
        first: The explanation of the first frame.
        size: The most frames that the model sees at once.

    Returns:
        The explanation, with the maps of all frames; as it is if the photo does not move.
    """
    photo = first.photo
    if photo.frames is None:
        return first
    classes = tuple(dict.fromkeys(heat_map.target.index for heat_map in first.maps))
    changes = {"classes": classes, "top_k": 1, "metrics": False}
    same = Explainer(explainer.classifier, explainer.settings.model_copy(update=changes))
    size = min(size, len(photo.frames.pictures))
    found: list[list[np.ndarray]] = []
    for start in range(0, len(photo.frames.pictures), size):
        pictures = photo.frames.pictures[start : start + size]
        batch = [same.prepare(Photo(photo.path, photo.sha256, picture)) for picture in pictures]
        for explanation in same.explain_batch(batch, size):
            found.append([heat_map.values for heat_map in explanation.maps])
    maps = [
        replace(heat_map, frames=np.stack(values))
        for heat_map, values in zip(first.maps, zip(*found, strict=True), strict=True)
    ]
    return replace(first, maps=tuple(maps))


def _over_white(frame: Image.Image) -> np.ndarray:
    rgba = frame.convert("RGBA")
    white = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
    return np.asarray(Image.alpha_composite(white, rgba).convert("RGB"))
