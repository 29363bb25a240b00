"""Computes the golden map of the cat without TensorFlow, in float64: `python make_cat.py`."""

from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
CLASS = 285


def convolve(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """A 3x3 convolution with zero padding, as nine matrix products, and a ReLU."""
    height, width = x.shape[:2]
    padded = np.pad(x, ((1, 1), (1, 1), (0, 0)))
    total = np.zeros((height, width, kernel.shape[-1])) + bias
    for i in range(3):
        for j in range(3):
            total += padded[i : i + height, j : j + width] @ kernel[i, j]
    return np.maximum(total, 0)


def windows(x: np.ndarray) -> np.ndarray:
    """The 2x2 windows of a map, shape `(h / 2, w / 2, channels, 4)`."""
    height, width, channels = x.shape
    split = x.reshape(height // 2, 2, width // 2, 2, channels)
    return split.transpose(0, 2, 4, 1, 3).reshape(height // 2, width // 2, channels, 4)


def main() -> None:
    weights = np.load(ROOT / "cli/nodelens/explaining/model/weights/vgg19-embedded-int8.npz")
    photo = Image.open(ROOT / "sample_images/cat.jpg").resize((224, 224), Image.Resampling.BILINEAR)
    x = np.asarray(photo, float)[..., ::-1] - [103.939, 116.779, 123.68]
    for block, convolutions in enumerate((2, 2, 4, 4, 4), start=1):
        for number in range(1, convolutions + 1):
            name = f"block{block}_conv{number}"
            kernel = weights[f"{name}/kernel.q"] * weights[f"{name}/kernel.scale"].astype(float)
            x = convolve(x, kernel, weights[f"{name}/bias"])
        activations = x
        x = windows(x).max(axis=-1)
    row = weights["predictions/kernel"].astype(float)[:, CLASS]
    # The gradient is w / 49 at one cell of each of 49 windows: on average over 196 cells w / 196.
    alpha = row / 196
    print("logit", x.mean(axis=(0, 1)) @ row + weights["predictions/bias"][CLASS])
    heat_map = np.maximum(activations @ alpha, 0).astype(np.float32)
    np.save(HERE / f"cat-block5_conv4-{CLASS}.npy", heat_map)


if __name__ == "__main__":
    main()
