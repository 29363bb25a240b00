"""The layouts of the outputs of layers and of the pictures that a model takes.

All else is written for height, width and channels in this order. A network whose channels come
first, or whose places are a sequence of tokens, is turned into that where its layer is watched.
"""

from dataclasses import dataclass
from typing import Literal

import keras
import tensorflow as tf

Shape = tuple[int | None, ...]

SPECIAL_TOKENS = (0, 1, 2, 5)
"""Tokens before those of the picture: none, a class token, that and one for distillation, that and
four registers."""


@dataclass(frozen=True)
class Grid:
    """The layout of a layer's output over the picture.

    Attributes:
        kind: `last` or `first`, the place of the channels; `tokens`, row by row.
        height: Of the grid.
        width: Of the grid.
        special: Tokens that stand for no place, before the others.
    """

    kind: Literal["last", "first", "tokens"]
    height: int | None
    width: int | None
    special: int = 0

    def spread(self, output: tf.Tensor) -> tf.Tensor:
        """Turns the output of the layer into `(n, height, width, channels)`."""
        if self.kind == "last":
            return output
        if self.kind == "first":
            return tf.transpose(output, [0, 2, 3, 1])
        places = output[:, self.special :]
        return tf.reshape(places, [tf.shape(output)[0], self.height, self.width, output.shape[-1]])

    def gather(self, places: tf.Tensor, output: tf.Tensor) -> tf.Tensor:
        """Puts values `(n, height, width, channels)` at the places of the output of the layer."""
        if self.kind == "last":
            return places
        if self.kind == "first":
            return tf.transpose(places, [0, 3, 1, 2])
        tokens = tf.reshape(places, [tf.shape(places)[0], -1, output.shape[-1]])
        return tf.concat([output[:, : self.special], tokens], axis=1)


CHANNELS_LAST = Grid("last", None, None)


def grid_of(shape: Shape | None, input_size: tuple[int, int], *, first: bool) -> Grid | None:
    """Finds the layout of an output of this shape; None if it has no height and width.

    The shape is without the batch axis, and None if the output is not one tensor; channels are
    taken to come first where `first` is set. Tokens are taken for a grid of the proportions of the
    picture.
    """
    if shape is None or len(shape) not in {2, 3}:
        return None
    if len(shape) == 3:
        height, width = shape[1:] if first else shape[:2]
        # A side of one is what is left of space after an average over it.
        return None if 1 in {height, width} else Grid("first" if first else "last", height, width)
    tokens, high, wide = shape[0] or 0, *input_size
    for special in SPECIAL_TOKENS:
        for height in range(2, tokens - special + 1):
            width, rest = divmod(tokens - special, height)
            if not rest and width > 1 and height * wide == width * high:
                return Grid("tokens", height, width, special)
    return None


def picture_shape(model: keras.Model) -> Shape | None:
    """Returns height, width and channels of the pictures that a model takes; None if unknown."""
    shape = _input_shape(model)
    if shape is None:
        return None
    return (*shape[1:], shape[0]) if _fed_channels_first(shape) else shape


def computes_channels_first(model: keras.Model) -> bool:
    """Checks whether the outputs of layers are `(n, channels, height, width)`."""
    layers = model._flatten_layers(include_self=False)
    return any(getattr(layer, "data_format", None) == "channels_first" for layer in layers)


def _input_shape(model: keras.Model) -> Shape | None:
    """Returns the shape of the only input without the batch; None if unknown or not a picture."""
    shape = getattr(model, "input_shape", None)
    if isinstance(shape, list) and len(shape) == 1:
        shape = shape[0]
    return tuple(shape[1:]) if isinstance(shape, tuple) and len(shape) == 4 else None


def _fed_channels_first(shape: Shape) -> bool:
    return shape[0] in {1, 3} and shape[2] not in {1, 3}


def run_model(model: keras.Model, images: tf.Tensor) -> tf.Tensor:
    """Runs a model as it is, for preprocessed pictures `(n, height, width, channels)`."""
    shape = _input_shape(model)
    turned = shape is not None and _fed_channels_first(shape)
    return model(tf.transpose(images, [0, 3, 1, 2]) if turned else images, training=False)
