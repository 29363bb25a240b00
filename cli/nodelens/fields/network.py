"""A network for samples: a stem, an ODE block or residual blocks, and a head."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np

from nodelens.errors import UsageError
from nodelens.fields.blocks import Augment, ResidualBlocks
from nodelens.fields.build import augmented, make_inner
from nodelens.fields.conv import group_norm, norm_groups
from nodelens.fields.fast_convolution import Convolution
from nodelens.fields.layer import NeuralODE
from nodelens.fields.model import Frame
from nodelens.fields.settings import (
    FIELDS,
    ConvFieldSettings,
    FieldSettings,
    ResnetFieldSettings,
)
from nodelens.registry import load

SEED_STRIDE = 1000  # between the seeds of parts, each of which uses a few in a row


@dataclass(frozen=True)
class Network:
    """A network and its three parts.

    Attributes:
        model: All layers, from the samples as they are to logits or values.
        stem: The layers before the block.
        block: The ODE block, or the residual blocks in its place.
        head: The layers after it.
    """

    model: keras.Sequential
    stem: tuple[keras.layers.Layer, ...]
    block: NeuralODE | ResidualBlocks
    head: tuple[keras.layers.Layer, ...]

    @property
    def state(self) -> tuple[int, ...]:
        """The shape of the state of the block for one sample."""
        return tuple(self.block.input.shape[1:])

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
    """Makes the untrained network of a run, which computes so many logits or values.

    The settings are the field of its ODE block, or the residual blocks. The shape is that of one
    sample: [features] or [height, width, channels]. Mean and scale of the samples are removed
    before the network, those of the values are given to its outputs. The function `block` makes the
    ODE block from its field.

    Raises:
        UsageError: If the field cannot serve samples of this shape.
    """
    kind = FIELDS[settings.kind]
    if not kind.network:
        raise UsageError(
            f"a field of kind {kind.name} learns from trajectories, not from samples",
            hint="use field.kind=mlp, conv or resnet",
        )
    layers: Layers = load(kind.network)(settings, shape, seed)
    stem = [_rescaling(1 / inputs[1], -inputs[0] / inputs[1]), *layers.stem]
    middle = layers.middle or block(make_inner(settings, Frame(layers.width), seed + SEED_STRIDE))
    # A flow keeps the order of numbers: a head that begins as the identity does not ask it to turn
    # them round.
    start = (
        keras.initializers.Identity()
        if outputs == layers.width
        else keras.initializers.GlorotUniform(seed=seed + SEED_STRIDE - 1)
    )
    head = [*layers.head, keras.layers.Dense(outputs, kernel_initializer=start)]
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


@dataclass(frozen=True)
class Layers:
    """The layers around a field in a network, without the scaling of inputs and outputs.

    Attributes:
        stem: The layers before the block.
        width: The components of its state, or the channels.
        head: The layers after it, before the last one.
        middle: The block, if it is no ODE block.
    """

    stem: list[keras.layers.Layer]
    width: int
    head: list[keras.layers.Layer]
    middle: ResidualBlocks | None = None


def vector_layers(settings: FieldSettings, shape: tuple[int, ...], seed: int) -> Layers:
    """Makes the layers for a field of vectors; images are flattened. See `FieldKind.network`."""
    flat = [keras.layers.Flatten()] if len(shape) > 1 else []
    extra = augmented(settings)
    return Layers([*flat, *_augment(extra)], int(np.prod(shape)) + extra, [])


def image_layers(settings: ConvFieldSettings, shape: tuple[int, ...], seed: int) -> Layers:
    """Makes the layers of torchdiffeq's demo for a field of feature maps. See `FieldKind.network`.

    One convolution, then `downsample` ones that halve height and width: the margin of one and a
    kernel of four make 13 of 26 and 6 of 13.

    Raises:
        UsageError: If the samples are no images.
    """
    if len(shape) != 3:
        raise UsageError(
            f"a field of kind conv needs images, and a sample has the shape {list(shape)}",
            hint="use field.kind=mlp",
        )
    stem: list[keras.layers.Layer] = [Convolution(settings.filters, 3, seed)]
    for number in range(settings.downsample):
        stem += [
            group_norm(settings.filters),
            keras.layers.Activation(settings.activation),
            keras.layers.ZeroPadding2D(1),
            Convolution(settings.filters, 4, seed + number + 1, strides=2),
        ]
    width = settings.filters + settings.augment
    head = [
        group_norm(width, norm_groups(settings)),
        keras.layers.Activation(settings.activation),
        keras.layers.GlobalAveragePooling2D(),
    ]
    return Layers([*stem, *_augment(settings.augment)], width, head)


def residual_layers(settings: ResnetFieldSettings, shape: tuple[int, ...], seed: int) -> Layers:
    """Makes the layers around the field of a residual block, and all blocks.

    See `FieldKind.network`.
    """
    layers: Layers = load(FIELDS[settings.block.kind].network)(settings.block, shape, seed)
    frame, seeds = Frame(layers.width), range(1, settings.blocks + 1)
    fields = [make_inner(settings.block, frame, seed + SEED_STRIDE * number) for number in seeds]
    return replace(layers, middle=ResidualBlocks(fields))


def _augment(extra: int) -> list[keras.layers.Layer]:
    return [Augment(extra)] if extra else []


def _rescaling(scale: Any, offset: Any) -> keras.layers.Rescaling:
    return keras.layers.Rescaling(np.asarray(scale).tolist(), np.asarray(offset).tolist())
