"""A network for samples: a stem, an ODE block or residual blocks, and a head."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from nodelens.errors import UsageError
from nodelens.fields.blocks import Augment, ResidualBlocks
from nodelens.fields.build import augmented, make_learned_field, norm_groups
from nodelens.fields.conv import group_norm
from nodelens.fields.fast_convolution import Convolution
from nodelens.fields.layer import NeuralODE
from nodelens.fields.settings import (
    ConvFieldSettings,
    FieldSettings,
    LinearFieldSettings,
    MLPFieldSettings,
    OwnFieldSettings,
    ResnetFieldSettings,
)

SEED_STRIDE = 1000  # between the seeds of parts, each of which uses a few in a row


@dataclass(frozen=True)
class Network:
    """A network and its three parts.

    Attributes:
        model: All of it, from the samples as they are to logits or values.
        stem: The layers before the block.
        block: The ODE block, or the residual blocks in its place.
        head: The layers after it.
    """

    model: keras.Sequential
    stem: tuple[keras.layers.Layer, ...]
    block: NeuralODE | ResidualBlocks
    head: tuple[keras.layers.Layer, ...]

    @classmethod
    def of(cls, model: keras.Sequential) -> "Network":
        """Finds the parts of a network, such as one that was loaded from a file."""
        layers = model.layers
        (at,) = (i for i, each in enumerate(layers) if isinstance(each, NeuralODE | ResidualBlocks))
        return cls(model, tuple(layers[:at]), layers[at], tuple(layers[at + 1 :]))


def make_network(
    settings: FieldSettings,
    shape: tuple[int, ...],
    outputs: int,
    seed: int,
    *,
    inputs: tuple[np.ndarray, np.ndarray],
    results: tuple[np.ndarray, np.ndarray],
    block: Callable[[keras.Model], NeuralODE],
) -> Network:
    """Makes the untrained network of a run.

    Args:
        settings: The field of its ODE block, or the residual blocks.
        shape: Of one sample: [features] or [height, width, channels].
        outputs: The logits or values that it computes.
        seed: The seed of its weights.
        inputs: Mean and scale of the samples, which are taken out before the network sees them.
        results: Mean and scale of the values, which the network's outputs are given.
        block: Makes the ODE block from its field.

    Raises:
        UsageError: If the field cannot serve samples of this shape.
    """
    inner = settings.block if isinstance(settings, ResnetFieldSettings) else settings
    image = isinstance(inner, ConvFieldSettings)
    if image and len(shape) != 3:
        raise UsageError(
            f"a field of kind conv needs images, and a sample has the shape {list(shape)}",
            hint="use field.kind=mlp",
        )
    if not isinstance(
        inner, MLPFieldSettings | LinearFieldSettings | ConvFieldSettings | OwnFieldSettings
    ):
        raise UsageError(
            f"a field of kind {inner.kind} learns from trajectories, not from samples",
            hint="use field.kind=mlp, conv or resnet",
        )
    extra = augmented(inner)
    stem: list[keras.layers.Layer] = [_rescaling(1 / inputs[1], -inputs[0] / inputs[1])]
    if isinstance(inner, ConvFieldSettings):
        stem += _image_stem(inner, seed)
        channels = inner.filters
    else:
        stem += [keras.layers.Flatten()] if len(shape) > 1 else []
        channels = int(np.prod(shape))
    stem += [Augment(extra)] if extra else []
    width = channels + extra

    def field(number: int) -> keras.Model:
        return make_learned_field(inner, width, seed + SEED_STRIDE * (number + 1))

    if isinstance(settings, ResnetFieldSettings):
        middle = ResidualBlocks([field(number) for number in range(settings.blocks)])
    else:
        middle = block(field(0))
    head: list[keras.layers.Layer] = []
    if isinstance(inner, ConvFieldSettings):
        head += [
            group_norm(width, norm_groups(inner)),
            keras.layers.Activation(inner.activation),
            keras.layers.GlobalAveragePooling2D(),
        ]
    # A flow keeps the order of numbers: a head that begins as the identity does not ask it to turn
    # them round.
    start = (
        keras.initializers.Identity()
        if outputs == width
        else keras.initializers.GlorotUniform(seed=seed + SEED_STRIDE - 1)
    )
    head.append(keras.layers.Dense(outputs, kernel_initializer=start))
    if np.any(results[0] != 0) or np.any(results[1] != 1):
        head.append(_rescaling(results[1], results[0]))
    try:
        model = keras.Sequential([keras.Input(shape), *stem, middle, *head])
    except ValueError as error:
        raise UsageError(
            f"a sample of the shape {list(shape)} does not pass the network: {error}",
            hint="images that are this small need a smaller field.downsample",
        ) from error
    return Network.of(model)


def _image_stem(settings: ConvFieldSettings, seed: int) -> list[keras.layers.Layer]:
    """One convolution, then `downsample` ones that halve height and width, as torchdiffeq's demo.

    The margin of one and a kernel of four make 13 of 26 and 6 of 13.
    """
    layers: list[keras.layers.Layer] = [Convolution(settings.filters, 3, seed)]
    for number in range(settings.downsample):
        layers += [
            group_norm(settings.filters),
            keras.layers.Activation(settings.activation),
            keras.layers.ZeroPadding2D(1),
            Convolution(settings.filters, 4, seed + number + 1, strides=2),
        ]
    return layers


def _rescaling(scale: Any, offset: Any) -> keras.layers.Rescaling:
    return keras.layers.Rescaling(np.asarray(scale).tolist(), np.asarray(offset).tolist())
