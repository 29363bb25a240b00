"""The scaling of the pixels of a photo to the numbers that a model was trained on."""

from collections.abc import Callable
from functools import partial

import keras
import numpy as np

from nodelens.errors import UsageError

# Luma of ITU-R 601, as Pillow converts to grey.
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def preprocessor(family: str, channels: int = 3) -> Callable[[np.ndarray], np.ndarray]:
    """Makes the preprocessing of a family of models.

    Args:
        family: `caffe` (BGR, mean subtracted), `tf` (-1 to 1), `torch` (ImageNet's mean and
            deviation), `unit` (0 to 1), or `none` (0 to 255, for models that scale themselves).
        channels: Channels that the model takes: 3, or 1 for grey.

    Returns:
        A function from `uint8` RGB images `(n, h, w, 3)` to float32 `(n, h, w, channels)`.

    Raises:
        UsageError: The number of channels is neither, or does not go with the family.
    """
    if channels == 1 and family in {"caffe", "torch"}:
        raise UsageError(
            f"the preprocessing {family!r} is for colour, and the model takes one channel",
            hint="set `model.preprocess` to tf, unit or none",
        )
    if channels not in {1, 3}:
        raise UsageError(f"expected a model of pictures, with 1 or 3 channels; it has {channels}")
    return partial(_preprocess, family, channels)


def _preprocess(family: str, channels: int, images: np.ndarray) -> np.ndarray:
    pixels = images.astype(np.float32)
    if channels == 1:
        pixels = (pixels @ _LUMA)[..., None]
    if family == "none":
        return pixels
    if family == "unit":
        return pixels / 255
    if family == "tf":
        return pixels / 127.5 - 1
    return keras.applications.imagenet_utils.preprocess_input(pixels, mode=family)
