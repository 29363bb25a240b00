"""The kinds of layers, one row each.

A new kind of layer is a class (see `nodelens.conv.layers.base`) and a row of `KINDS`: it can then
be written in YAML and in one line, read from a Keras model, counted, explained and verified.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple

from nodelens.conv.arguments import Arguments, nearest
from nodelens.conv.errors import ConvolutionError
from nodelens.conv.layers.base import Layer
from nodelens.conv.layers.convolution import Conv, DepthwiseConv, SeparableConv
from nodelens.conv.layers.dense import Dense, Flatten, Reshape
from nodelens.conv.layers.merging import Concatenate, Elementwise
from nodelens.conv.layers.pointwise import (
    Activation,
    BatchNormalization,
    Dropout,
    LayerNormalization,
    Normalization,
    Pointwise,
)
from nodelens.conv.layers.pooling import GlobalPooling, Pooling
from nodelens.conv.layers.resizing import Cropping, UpSampling, ZeroPadding
from nodelens.conv.layers.transposed import ConvTranspose
from nodelens.conv.shapes import CHANNELS_LAST, Shape

Reader = Callable[[Arguments], Layer]


class Kind(NamedTuple):
    """A kind of layer.

    Attributes:
        pattern: Name of the Keras class, with `{}` for `1D`, `2D`, `3D` where it has them.
        read: Makes the layer from its settings.
        ranks: Numbers of spatial axes for which Keras has the class; empty if any will do.
        aliases: Other words for it, without the number of axes.
        leading: The settings that a bare number, then a second one, stand for in the short form.
        does: The rest of a sentence "A Conv2D takes an input and …"; words in braces are figures
            (see `nodelens.conv.explanation`).
    """

    pattern: str
    read: Reader
    ranks: tuple[int, ...] = ()
    aliases: tuple[str, ...] = ()
    leading: tuple[str, ...] = ()
    does: str = ""

    def name(self, rank: int) -> str:
        """Returns the name of the Keras class for a number of spatial axes: `Conv2D`."""
        return self.pattern.format(f"{rank}D")


ALL = (1, 2, 3)
FILTERS = ("filters", "kernel_size")
WINDOW = ("kernel_size", "strides")

KINDS = (
    Kind(
        "Conv{}",
        Conv,
        ALL,
        ("conv", "convolution"),
        FILTERS,
        "slides {filters} filters over it. Each filter covers {kernel} cells in {seen} {channels} "
        "channels, multiplies every value under it with a weight of its own, and the sum is one "
        "value of its output channel",
    ),
    Kind(
        "DepthwiseConv{}",
        DepthwiseConv,
        (1, 2),
        ("depthwise", "dwconv"),
        ("kernel_size",),
        "slides filters of {kernel} cells over each of its {channels} channels on its own, which "
        "gives {filters} channels",
    ),
    Kind(
        "SeparableConv{}",
        SeparableConv,
        (1, 2),
        ("separable", "sepconv"),
        FILTERS,
        "slides filters of {kernel} cells over each channel on its own, then mixes the channels "
        "of every cell into {filters}",
    ),
    Kind(
        "Conv{}Transpose",
        ConvTranspose,
        ALL,
        ("transposed", "upconv", "deconv"),
        FILTERS,
        "transposes a convolution: every input cell, multiplied with {filters} filters of "
        "{kernel} cells, is added to the output, one stride after the other; overlapping patches "
        "are summed",
    ),
    Kind(
        "MaxPooling{}",
        Pooling,
        ALL,
        ("maxpool",),
        WINDOW,
        "keeps, channel by channel, the largest value of every {kernel} window",
    ),
    Kind(
        "AveragePooling{}",
        Pooling,
        ALL,
        ("avgpool", "averagepool", "meanpool"),
        WINDOW,
        "keeps, channel by channel, the mean of every {kernel} window",
    ),
    Kind(
        "GlobalMaxPooling{}",
        GlobalPooling,
        ALL,
        ("globalmaxpool", "gmp"),
        does="keeps the largest value of each channel",
    ),
    Kind(
        "GlobalAveragePooling{}",
        GlobalPooling,
        ALL,
        ("globalavgpool", "gap"),
        does="keeps the mean of each channel",
    ),
    Kind(
        "ZeroPadding{}", ZeroPadding, ALL, ("pad", "zeropad"), ("padding",), "adds zeros around it"
    ),
    Kind("Cropping{}", Cropping, ALL, ("crop",), ("cropping",), "cuts its borders off"),
    Kind("UpSampling{}", UpSampling, ALL, ("upsample",), ("size",), "makes several cells of each"),
    Kind(
        "Dense",
        Dense,
        (),
        ("linear", "fc"),
        ("units",),
        "multiplies it with a matrix into {units} values",
    ),
    Kind("Flatten", Flatten, does="puts all values into one axis"),
    Kind("Reshape", Reshape, leading=("target_shape",), does="gives the same values another shape"),
    Kind(
        "BatchNormalization",
        BatchNormalization,
        aliases=("batchnorm", "bn"),
        does="brings each channel to the mean and variance that training found, then scales it by "
        "γ and shifts it by β; γ and β are trained, mean and variance are kept",
    ),
    Kind(
        "LayerNormalization",
        LayerNormalization,
        aliases=("layernorm", "ln"),
        does="brings each sample to mean 0 and variance 1, then scales it by γ and shifts it by β",
    ),
    Kind(
        "Normalization",
        Normalization,
        does="subtracts a mean and divides by a deviation that were measured beforehand",
    ),
    Kind(
        "Activation", Activation, leading=("activation",), does="applies a function to every value"
    ),
    Kind(
        "Dropout", Dropout, leading=("rate",), does="sets values to zero at random during training"
    ),
    *(Kind(name, Pointwise) for name in ("ReLU", "LeakyReLU", "ELU", "Softmax", "Rescaling")),
    Kind(
        "Concatenate",
        Concatenate,
        aliases=("concat",),
        leading=("axis",),
        does="joins its inputs along an axis",
    ),
    Kind("Add", Elementwise, does="adds its inputs"),
    Kind("Multiply", Elementwise, does="multiplies its inputs"),
    *(Kind(name, Elementwise) for name in ("Subtract", "Average", "Maximum", "Minimum")),
)


def _normal(word: str) -> str:
    """Returns a name without differences of spelling."""
    return word.lower().replace("_", "").replace("-", "").replace(" ", "")


def _words() -> dict[str, tuple[Kind, int | None]]:
    """Returns all words for kinds of layers, with the number of axes where the word has one."""
    words: dict[str, tuple[Kind, int | None]] = {}
    for kind in KINDS:
        stems = (_normal(kind.pattern), *(f"{alias}{{}}" for alias in kind.aliases))
        for stem in stems:
            words[stem.format("")] = (kind, None)
            for rank in kind.ranks:
                words[stem.format(f"{rank}d")] = (kind, rank)
    return words


WORDS = _words()


@lru_cache(maxsize=256)
def find(word: str) -> tuple[Kind, int | None]:
    """Finds a kind of layer, and the number of spatial axes if the word has one.

    Args:
        word: Its name, in any spelling of case and underscores, or a short name.

    Raises:
        ConvolutionError: There is none of that name.
    """
    found = WORDS.get(_normal(word))
    if found is None:
        # Of two spellings the later one is suggested: that of Keras.
        names = [*WORDS, *(kind.name(2) for kind in KINDS)]
        raise ConvolutionError(
            f"there is no layer type {word!r}",
            hint=nearest(word, names)
            or "the types are those of keras.layers, such as Conv2D, "
            "MaxPooling2D, Dense, Flatten, Add, Concatenate",
            key="type",
        )
    return found


def description(type_name: str) -> str:
    """Returns what a kind of layer does (`Kind.does`); empty where the kind is not known."""
    kind, _ = WORDS.get(_normal(type_name), (None, None))
    return kind.does if kind else ""


def make(
    word: str,
    settings: Mapping[str, object],
    shape: Shape,
    default_format: str = CHANNELS_LAST,
    *,
    foreign: bool = False,
) -> Layer:
    """Makes a layer for an input; its `output_shape` raises if it does not take the input.

    Args:
        word: Name of the kind; without a number of axes it takes that of the input.
        settings: Names and values.
        shape: Shape of the (first) input, without the batch.
        default_format: The position of the channels if the settings do not give it.
        foreign: True if settings that the kind does not have are ignored.

    Raises:
        ConvolutionError: The kind does not exist, or a setting is missing, unknown or wrong.
    """
    kind, rank = find(word)
    if rank is None:
        rank = len(shape) - 1
        if kind.ranks and rank not in kind.ranks:
            raise ConvolutionError(
                f"{kind.name(0).replace('0D', '')} exists for {_ranks(kind)} spatial axes, the "
                f"input has {rank}",
                hint="is a Flatten or a global pooling too early, or the input's shape incomplete?",
                key="type",
            )
    arguments = Arguments(settings, kind.name(rank), rank, default_format)
    layer = kind.read(arguments)
    if not foreign:
        arguments.finish()
    return layer


def _ranks(kind: Kind) -> str:
    """Returns the numbers of axes of a kind."""
    return " or ".join(map(str, kind.ranks))
