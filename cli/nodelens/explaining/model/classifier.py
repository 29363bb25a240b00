"""A classifier ready to be explained: the model with its preprocessing and its classes."""

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np

from nodelens.explaining.model.classes import ClassNames


@dataclass(frozen=True)
class Weights:
    """The weights of a model.

    Attributes:
        kind: `imagenet`, `embedded`, `random` or `file`.
        description: A text for people, for example under a figure.
        sha256: Of the file they come from; None for random ones.
        warning: A remark on the choice of the weights, for the user.
    """

    kind: str
    description: str
    sha256: str | None
    warning: str | None = None


@dataclass(frozen=True)
class Classifier:
    """A model with all that is needed to feed it photos and to read its scores.

    Attributes:
        name: The name that the user gave.
        model: The Keras model; it is never changed.
        weights: Its weights and their origin.
        input_size: Height and width of its input.
        preprocess_name: The family of its preprocessing.
        preprocess: From `uint8` RGB images `(n, h, w, 3)` to what the model takes, float32.
        class_names: The names of its outputs.
        default_layer: The layer that is explained if none is named, as `find_layer` takes it:
            `block5_conv4` for VGG19, `auto` for any other model.
        output: The output that is explained, of a model with several.
    """

    name: str
    model: keras.Model
    weights: Weights
    input_size: tuple[int, int]
    preprocess_name: str
    preprocess: Callable[[np.ndarray], np.ndarray]
    class_names: ClassNames
    default_layer: str
    output: str | None = None
