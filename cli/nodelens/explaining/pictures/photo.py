"""Pictures read from files so that their pixels mean what the photographer saw."""

import hashlib
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from nodelens.errors import UsageError
from nodelens.explaining.pictures.files import PIXEL_LIMIT, refuse_unreadable

_SIXTEEN_BIT_MODES = ("I;16", "I;16L", "I;16B", "I;16N")
TURNED = "turned upright by its EXIF orientation"

# Pillow's decoders raise any of these for damaged data.
_DAMAGE = (
    OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError, RuntimeError,
    struct.error, zlib.error, Image.DecompressionBombError,
)  # fmt: skip
_ALPHA_MODES = ("RGBA", "LA", "PA", "RGBa", "La")


@dataclass(frozen=True)
class Frames:
    """The frames of an animation.

    Attributes:
        pictures: `uint8` arrays of shape `(height, width, 3)`, all of one size.
        milliseconds: The time for which each is shown.
    """

    pictures: tuple[np.ndarray, ...]
    milliseconds: tuple[int, ...]


@dataclass(frozen=True)
class Photo:
    """A picture in its own size, upright, as 8-bit RGB.

    Attributes:
        path: The file it came from.
        sha256: The checksum of the bytes of the file.
        pixels: `uint8` array of shape `(height, width, 3)`.
        notes: What was done to the pixels beyond decoding, one phrase each.
        tensor: The input of the model, where the file holds that and no pixels; float32.
        frames: The frames of an animation, the first of which this is.
    """

    path: Path
    sha256: str
    pixels: np.ndarray
    notes: tuple[str, ...] = ()
    tensor: np.ndarray | None = None
    frames: Frames | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]


def load_photo(path: Path, *, pixel_limit: int = PIXEL_LIMIT) -> Photo:
    """Reads a picture of any common format and colour mode.

    The EXIF orientation is applied, transparency is laid over white, grey is repeated over the
    three channels, 16-bit values are divided by 257 so that white stays white, and CMYK and
    palettes are converted. Of an animation the first frame is taken.

    Args:
        path: The file.
        pixel_limit: A picture with more pixels is refused before it is decoded.

    Returns:
        The photo in its own size.

    Raises:
        UsageError: The file is missing, empty, too large, truncated, or not a picture.
    """
    refuse_unreadable(path)
    with decoding_errors(path), path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        with open_image(file, path, pixel_limit) as image:
            image.load()
            pixels, notes = _to_rgb(image, path)
    return Photo(path=path, sha256=sha256, pixels=pixels, notes=notes)


@contextmanager
def decoding_errors(path: Path) -> Iterator[None]:
    """Raises whatever Pillow's decoders raise for damaged data as a `UsageError`."""
    try:
        yield
    except _DAMAGE as error:
        raise UsageError(
            f"{path}: the picture cannot be decoded: {error}",
            hint="the file may be truncated or damaged; save it anew with an image viewer",
        ) from error


def to_model_input(photo: Photo, size: tuple[int, int]) -> np.ndarray:
    """Resizes a photo to the input of a model.

    Bilinear interpolation with anti-aliasing when shrinking (Pillow's `BILINEAR`). The whole photo
    is squeezed into the input, its proportions are not kept: every part of it is seen by the
    model, and the map can be laid over all of it.

    Args:
        photo: The photo.
        size: Height and width of the model's input.

    Returns:
        `uint8` array of shape `(height, width, 3)`.
    """
    height, width = size
    resized = Image.fromarray(photo.pixels).resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(resized)


def open_image(file: BinaryIO, path: Path, pixel_limit: int) -> Image.Image:
    """Reads the header only; refuses what would be too large once decoded."""
    too_large = UsageError(
        f"{path}: the picture has more than the {pixel_limit:,} pixels that are accepted",
        hint="shrink it first: a model sees a few hundred pixels a side",
    )
    try:
        with warnings.catch_warnings():
            # Pillow warns of decompression bombs above its own limit; ours is the one that counts.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(file)
    except UnidentifiedImageError as error:
        raise UsageError(
            f"{path}: the file is not a picture in a format that is understood",
            hint="JPEG, PNG, WebP, AVIF, GIF, TIFF, BMP and JPEG 2000 are; HEIC is not",
        ) from error
    except Image.DecompressionBombError as error:
        raise too_large from error
    if image.width * image.height > pixel_limit:
        raise too_large
    return image


def _to_rgb(image: Image.Image, path: Path) -> tuple[np.ndarray, tuple[str, ...]]:
    notes = []
    if getattr(image, "n_frames", 1) > 1:
        notes.append(f"first of {image.n_frames} frames")  # type: ignore[attr-defined]
    upright = ImageOps.exif_transpose(image)
    if orientation_of(image) != 1:
        notes.append(TURNED)
    if upright.mode in _SIXTEEN_BIT_MODES or upright.mode == "I":
        notes.append("16-bit grey reduced to 8 bits")
        return _grey_to_rgb(_eight_bits(np.asarray(upright), path)), tuple(notes)
    if upright.mode == "F":
        raise UsageError(
            f"{path}: the picture stores floating-point pixels, and nothing says which is white",
            hint="save it with 8 or 16 bits a channel",
        )
    if upright.mode in _ALPHA_MODES or "transparency" in upright.info:
        notes.append("transparency laid over white")
        upright = over_white(upright)
    return np.asarray(upright.convert("RGB")), tuple(notes)


def orientation_of(image: Image.Image) -> int:
    """Returns the EXIF orientation of a picture; 1 is upright."""
    return int(image.getexif().get(ExifTags.Base.Orientation, 1))


def _eight_bits(values: np.ndarray, path: Path) -> np.ndarray:
    """Maps 0…65535 to 0…255; 257 = 65535 / 255 keeps both ends."""
    if values.min() < 0 or values.max() > 65535:
        raise UsageError(
            f"{path}: expected grey values from 0 to 65535, "
            f"received {values.min()} to {values.max()}",
            hint="save the picture with 8 or 16 bits a channel",
        )
    return np.round(values / 257.0).astype(np.uint8)


def _grey_to_rgb(grey: np.ndarray) -> np.ndarray:
    return np.repeat(grey[..., None], 3, axis=-1)


def over_white(image: Image.Image) -> Image.Image:
    """Lays a picture with transparency over white."""
    rgba = image.convert("RGBA")
    white = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
    return Image.alpha_composite(white, rgba)
