"""Pooling: over windows, and over everything."""

from nodelens.conv.arguments import Arguments
from nodelens.conv.axes import SAME, VALID
from nodelens.conv.layers.base import Geometry, Layer, NoField
from nodelens.conv.layers.windowed import Windowed
from nodelens.conv.shapes import Shape, join, split


class Pooling(Windowed):
    """The maximum or the mean over each position of a window."""

    keras_names = {"kernel_size": "pool_size"}  # noqa: RUF012

    def __init__(self, settings: Arguments) -> None:
        super().__init__(settings)
        self.kernel_size = settings.sizes("kernel_size", 2)
        self.strides = settings.sizes("strides", self.kernel_size)
        self.padding = settings.choice("padding", (VALID, SAME), VALID)
        self.data_format = settings.data_format()
        self.dilation = (1,) * settings.rank


class GlobalPooling(Layer):
    """The maximum or the mean over all cells of each channel.

    Attributes:
        keepdims: True if the spatial axes stay, with one cell each.
    """

    def __init__(self, settings: Arguments) -> None:
        super().__init__(settings)
        self.data_format = settings.data_format()
        self.keepdims = settings.flag("keepdims", False)

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Layer.output_shape`."""
        self.need_rank(inputs[0])
        _, channels = split(inputs[0], self.data_format)
        kept = (1,) * self.rank if self.keepdims else ()
        return join(kept, channels, self.data_format)

    def geometry(self, *inputs: Shape) -> Geometry:
        """See `Layer.geometry`."""
        return NoField("a pooling over all cells shows every cell the whole input", everywhere=True)
