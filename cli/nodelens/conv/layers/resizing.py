"""Layers that only move cells along the spatial axes: padding, cropping, up-sampling."""

from nodelens.conv.arguments import Arguments
from nodelens.conv.axes import Pads
from nodelens.conv.errors import ConvolutionError
from nodelens.conv.layers.base import Geometry, Layer, NoField
from nodelens.conv.shapes import Shape, Size, format_shape, join, split
from nodelens.conv.windows import sliding, spreading


class Bordered(Layer):
    """Zeros added around the input, or cells cut off from it.

    Attributes:
        amounts: Cells before and after each axis, never negative.
    """

    amounts: tuple[Pads, ...]
    sign = 1

    def pads(self, shape: Shape) -> tuple[Pads, ...]:
        """See `Layer.pads`."""
        return tuple((self.sign * before, self.sign * after) for before, after in self.amounts)

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Layer.output_shape`."""
        self.need_rank(inputs[0])
        spatial, channels = split(inputs[0], self.data_format)
        lengths: list[Size] = []
        for length, pad in zip(spatial, self.pads(inputs[0]), strict=True):
            lengths.append(None if length is None else length + sum(pad))
            if length is not None and length + sum(pad) <= 0:
                raise ConvolutionError(
                    f"cropping {-pad[0]} + {-pad[1]} cells leaves nothing of an axis of {length} "
                    f"(input of shape {format_shape(inputs[0])})",
                    key="cropping",
                )
        return join(lengths, channels, self.data_format)

    def geometry(self, *inputs: Shape) -> Geometry:
        """See `Layer.geometry`."""
        return tuple(sliding(1, 1, before) for before, _ in self.pads(inputs[0]))


class ZeroPadding(Bordered):
    """Zeros added around the input."""

    def __init__(self, settings: Arguments) -> None:
        super().__init__(settings)
        self.amounts = settings.pairs("padding", 1)
        self.data_format = settings.data_format()


class Cropping(Bordered):
    """Cells cut off from the input's borders."""

    sign = -1

    def __init__(self, settings: Arguments) -> None:
        super().__init__(settings)
        self.amounts = settings.pairs("cropping", 0 if settings.rank == 2 else 1)
        self.data_format = settings.data_format()


class UpSampling(Layer):
    """Every cell repeated, or values interpolated between cells.

    Attributes:
        size: Output cells of an input cell, along each axis.
        interpolation: `"nearest"`, or one of Keras' smooth interpolations for images.
    """

    def __init__(self, settings: Arguments) -> None:
        super().__init__(settings)
        self.size = settings.sizes("size", 2)
        self.data_format = settings.data_format()
        self.interpolation = "nearest"
        if settings.rank == 2:
            ways = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")
            self.interpolation = settings.choice("interpolation", ways, "nearest")

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Layer.output_shape`."""
        self.need_rank(inputs[0])
        spatial, channels = split(inputs[0], self.data_format)
        lengths = [
            None if length is None else length * factor
            for length, factor in zip(spatial, self.size, strict=True)
        ]
        return join(lengths, channels, self.data_format)

    def geometry(self, *inputs: Shape) -> Geometry:
        """See `Layer.geometry`."""
        if self.interpolation != "nearest":
            return NoField(f"{self.interpolation} interpolation has no window of its own")
        windows = [spreading(factor, factor, 0) for factor in self.size]
        known = tuple(window for window in windows if window is not None)
        if len(known) < self.rank:
            return NoField(f"up-sampling by {list(self.size)} is too much to be followed")
        return known
