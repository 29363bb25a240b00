"""Real architectures with weights from a seed, for the comparison with PyTorch.

The weights come from NumPy's generator, whose numbers are the same everywhere, so that only maps
have to be stored.
"""

import keras
import numpy as np

SIZE = (64, 96)
CLASSES = 10
EXPLAINED = {"vgg19": 6, "resnet50": 2}
"""The class that each network predicts for the picture."""
LAYERS = {
    "vgg19": ("block4_conv4", "block5_conv4"),
    "resnet50": ("conv4_block6_out", "conv5_block3_out"),
}


def pixels() -> np.ndarray:
    """A picture: patches of colour with noise, `uint8` `(64, 96, 3)`."""
    generator = np.random.default_rng(7)
    patches = generator.integers(0, 200, (8, 12, 3)).repeat(8, axis=0).repeat(8, axis=1)
    return (patches + generator.integers(0, 56, (*SIZE, 3))).astype(np.uint8)


def build(name: str) -> keras.Model:
    """The network of `keras.applications`, for smaller pictures and ten classes."""
    function = {"vgg19": keras.applications.VGG19, "resnet50": keras.applications.ResNet50}[name]
    model = function(weights=None, input_shape=(*SIZE, 3), classes=CLASSES)
    for number, variable in enumerate(model.weights):
        variable.assign(drawn(variable.path.rpartition("/")[2], variable.shape, number))
    return model


def drawn(kind: str, shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Weights of a size that keeps the numbers between the layers near one.

    Args:
        kind: `kernel`, `bias`, `gamma`, `beta`, `moving_mean` or `moving_variance`.
        shape: Their shape.
        seed: Of the generator.

    Returns:
        float32 of that shape.
    """
    values = np.random.default_rng(seed).standard_normal(shape, np.float32)
    if kind == "kernel":
        return values * np.float32(np.sqrt(2 / np.prod(shape[:-1])))
    if kind == "moving_variance":
        return 1 + np.abs(values)
    return values * np.float32(0.1) + (1 if kind == "gamma" else 0)
