"""Pictures that are stored as NumPy arrays."""

import hashlib
from pathlib import Path

import numpy as np

from nodelens.errors import UsageError
from nodelens.explaining.pictures.photo import Photo


def load_array(path: Path, *, pixel_limit: int) -> Photo:
    """Reads a picture from an array `(height, width, channels)` or `(height, width)`.

    Integers of 8 bits are pixels, RGB or grey, and are treated as those of any other picture.
    Floating-point numbers are what the model takes, preprocessed already; such a picture is shown
    with its smallest value as black and its largest as white.

    Args:
        path: A `.npy` file.
        pixel_limit: A picture with more pixels is refused before it is read.

    Returns:
        The photo.

    Raises:
        UsageError: The file is no such array, or some of its numbers are not finite.
    """
    try:
        mapped = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise UsageError(f"{path}: the array cannot be read: {error}") from error
    if mapped.shape[0:1] == (1,) and mapped.ndim == 4:
        mapped = mapped[0]
    shape = mapped.shape
    if len(shape) not in {2, 3} or shape[2:] not in {(), (1,), (3,)} or 0 in shape:
        raise UsageError(
            f"{path}: expected an array (height, width, 3) or (height, width), "
            f"received the shape {shape}",
            hint="the channels come last; of several pictures each is a file of its own",
        )
    if shape[0] * shape[1] > pixel_limit:
        raise UsageError(f"{path}: the array has more than the {pixel_limit:,} pixels accepted")
    values = np.array(mapped).reshape(*shape[:2], -1)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    if values.dtype == np.uint8:
        return Photo(path, sha256, _three_channels(values))
    if values.dtype.kind != "f":
        raise UsageError(
            f"{path}: expected pixels as uint8 or the model's input as float32, "
            f"received {values.dtype}"
        )
    if not np.isfinite(values).all():
        raise UsageError(f"{path}: some values are not finite")
    tensor = values.astype(np.float32)
    low, high = tensor.min(), tensor.max()
    shown = np.round((tensor - low) / (high - low if high > low else 1) * 255).astype(np.uint8)
    notes = ("the model's input as it is, shown from its smallest to its largest value",)
    return Photo(path, sha256, _three_channels(shown), notes, tensor)


def _three_channels(pixels: np.ndarray) -> np.ndarray:
    return np.repeat(pixels, 3, axis=-1) if pixels.shape[-1] == 1 else pixels
