"""The network VGG19, layer by layer, with either of two heads.

The topology and the names of the layers are those of `keras.applications.VGG19` (Simonyan &
Zisserman 2014, configuration E). It is built here because weights are always loaded into it or
drawn once: Keras' own function first draws 144 million random numbers, for seconds, and throws
them away.
"""

from typing import Literal

import keras

INPUT_SIZE = (224, 224)
CLASSES = 1000
DEFAULT_LAYER = "block5_conv4"

_BLOCKS = ((2, 64), (2, 128), (4, 256), (4, 512), (4, 512))


def build_vgg19(head: Literal["dense", "pooled"], *, initializer: str = "zeros") -> keras.Model:
    """Builds VGG19 with a softmax over 1000 classes.

    Args:
        head: `dense` is the original (`flatten`, `fc1`, `fc2`, `predictions`; 143,667,240
            parameters), `pooled` averages over space first (`avg_pool`, `predictions`; 20,537,384).
        initializer: The initial kernels: `zeros` where weights are loaded next, else a Keras name.

    Returns:
        The model; input `(n, 224, 224, 3)`, output `(n, 1000)`.
    """
    image = keras.Input((*INPUT_SIZE, 3), name="input_layer")
    x = image
    for block, (convolutions, filters) in enumerate(_BLOCKS, start=1):
        for number in range(1, convolutions + 1):
            x = keras.layers.Conv2D(
                filters,
                3,
                padding="same",
                activation="relu",
                kernel_initializer=initializer,
                name=f"block{block}_conv{number}",
            )(x)
        x = keras.layers.MaxPooling2D(2, strides=2, name=f"block{block}_pool")(x)
    if head == "dense":
        x = keras.layers.Flatten(name="flatten")(x)
        for name in ("fc1", "fc2"):
            x = keras.layers.Dense(
                4096, activation="relu", kernel_initializer=initializer, name=name
            )(x)
    else:
        x = keras.layers.GlobalAveragePooling2D(name="avg_pool")(x)
    scores = keras.layers.Dense(
        CLASSES, activation="softmax", kernel_initializer=initializer, name="predictions"
    )(x)
    return keras.Model(image, scores, name="vgg19" if head == "dense" else "vgg19_pooled")
