"""The weights that are part of the package, described in `weights/MODEL_CARD.md`."""

import keras
import numpy as np

from nodelens.errors import EnvironmentLacksError
from nodelens.explaining.model.vgg19 import build_vgg19
from nodelens.explaining.model.weights_files import WeightsFile


def load_embedded_vgg19(file: WeightsFile) -> keras.Model:
    """Builds VGG19 with the pooled head, in float32, and fills in the embedded weights.

    Kernels of convolutions are stored as 8-bit integers with one scale an output channel:
    `kernel = integer * scale`.

    Raises:
        EnvironmentLacksError: The file is missing or is not the one that was released.
    """
    if file.state != "complete":
        raise EnvironmentLacksError(
            f"the weights that are part of the package are {file.state}: {file.path}",
            hint="install nodelens again, or set `model.weights` to imagenet",
        )
    model = build_vgg19("pooled")
    with np.load(file.path, allow_pickle=False) as arrays:
        for layer in model.layers:
            if layer.weights:
                layer.set_weights([_kernel(arrays, layer.name), arrays[f"{layer.name}/bias"]])
    return model


def _kernel(arrays: np.lib.npyio.NpzFile, layer: str) -> np.ndarray:
    if f"{layer}/kernel.q" in arrays:
        return arrays[f"{layer}/kernel.q"] * arrays[f"{layer}/kernel.scale"]
    return arrays[f"{layer}/kernel"].astype(np.float32)
