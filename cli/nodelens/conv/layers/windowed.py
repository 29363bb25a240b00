"""Layers that slide a window over their input."""

from nodelens.conv.arguments import Arguments
from nodelens.conv.axes import SAME, VALID, Pads, span, window_length, window_pads
from nodelens.conv.errors import ConvolutionError
from nodelens.conv.layers.base import Geometry, Layer
from nodelens.conv.shapes import Shape, Size, format_shape, join, split
from nodelens.conv.windows import sliding


class Windowed(Layer):
    """A layer whose output cells each see one position of a window.

    `valid`, `same` and `causal` are those of `nodelens.conv.axes`.
    """

    kernel_size: tuple[int, ...]
    strides: tuple[int, ...]
    padding: str
    dilation: tuple[int, ...]

    def output_channels(self, channels: Size) -> Size:
        """Returns the number of output channels, by default that of the input."""
        return channels

    def pads(self, shape: Shape) -> tuple[Pads | None, ...]:
        """See `Layer.pads`."""
        return tuple(window_pads(*axis, self.padding) for axis in self._axes(shape))

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Layer.output_shape`."""
        self.need_rank(inputs[0])
        _, channels = split(inputs[0], self.data_format)
        axes = self._axes(inputs[0])
        lengths = [window_length(*axis, self.padding) for axis in axes]
        for (length, kernel, _, dilation), result in zip(axes, lengths, strict=True):
            if result is not None and result <= 0:
                raise ConvolutionError(
                    f"the output would be empty: a window of {span(kernel, dilation)} cells"
                    f"{_spread(kernel, dilation)} does not fit on an axis of {length} "
                    f"(input of shape {format_shape(inputs[0])})",
                    hint="take a smaller kernel or dilation, fewer strides before this layer, "
                    "or padding: same",
                    key="kernel_size",
                )
        return join(lengths, self.output_channels(channels), self.data_format)

    def geometry(self, *inputs: Shape) -> Geometry:
        """See `Layer.geometry`."""
        pads = self.pads(inputs[0])
        axes = zip(self.kernel_size, self.strides, self.dilation, pads, strict=True)
        return tuple(
            sliding(span(kernel, dilation), stride, pad[0] if pad else None)
            for kernel, stride, dilation, pad in axes
        )

    def _axes(self, shape: Shape) -> list[tuple[Size, int, int, int]]:
        """Returns length, kernel, stride and dilation of each axis."""
        spatial, _ = split(shape, self.data_format)
        return list(zip(spatial, self.kernel_size, self.strides, self.dilation, strict=True))


class Kernel(Windowed):
    """A window with weights: the base of all convolutions."""

    paddings: tuple[str, ...] = (VALID, SAME)
    keras_names = {"dilation": "dilation_rate"}  # noqa: RUF012

    def __init__(self, settings: Arguments) -> None:
        super().__init__(settings)
        self.kernel_size = settings.sizes("kernel_size")
        self.strides = settings.sizes("strides", 1)
        self.padding = settings.choice("padding", self.paddings, VALID)
        self.data_format = settings.data_format()
        self.dilation = settings.sizes("dilation", 1)
        self.use_bias = settings.flag("use_bias", True)
        self.activation = settings.text("activation")

    def kernel_terms(self) -> tuple[str, str]:
        """Returns the number of cells of the kernel in letters and in numbers."""
        letters = "·".join(f"K{'₁₂₃'[axis]}" for axis in range(self.rank))
        return letters, "·".join(map(str, self.kernel_size))

    def refuse_stride_with_dilation(self) -> None:
        """Refuses strides with dilation, for which TensorFlow has no kernel."""
        if max(self.strides) > 1 and max(self.dilation) > 1:
            raise ConvolutionError(
                f"strides above 1 and dilation above 1 exclude each other, "
                f"received strides={list(self.strides)} and dilation={list(self.dilation)}",
                hint="keep one of them at 1, or put the stride into a pooling layer",
                key="dilation",
            )


def _spread(kernel: int, dilation: int) -> str:
    """Returns how a dilated kernel comes to its extent."""
    return f" ({kernel} with dilation {dilation})" if dilation > 1 else ""
