"""The layers that transpose a convolution."""

from nodelens.conv.arguments import Arguments
from nodelens.conv.axes import Pads, span, transposed_crop, transposed_length
from nodelens.conv.errors import ConvolutionError
from nodelens.conv.layers.base import Geometry, NoField, Weights
from nodelens.conv.layers.windowed import Kernel
from nodelens.conv.shapes import Shape, Size, join, product, split
from nodelens.conv.windows import spreading


class ConvTranspose(Kernel):
    """The transpose of a convolution: every input cell spreads over a kernel's patch of the output.

    Each input cell is multiplied with the whole kernel once, so the multiplications are counted
    over the input's cells, not the output's.

    Attributes:
        filters: Number of output channels.
        output_padding: Cells added after the output along each axis, `None` for Keras' default.
    """

    def __init__(self, settings: Arguments) -> None:
        self.filters = settings.integer("filters")
        super().__init__(settings)
        self.output_padding: tuple[int, ...] | None = None
        if settings.has("output_padding"):
            self.output_padding = settings.sizes("output_padding", least=0)
            if any(e >= s for e, s in zip(self.output_padding, self.strides, strict=True)):
                raise ConvolutionError(
                    f"output_padding must be less than strides on every axis, received "
                    f"output_padding={list(self.output_padding)} and strides={list(self.strides)}",
                    key="output_padding",
                )
        self.refuse_stride_with_dilation()

    def pads(self, shape: Shape) -> tuple[Pads | None, ...]:
        """See `Layer.pads`."""
        crops = [transposed_crop(*axis) for axis in self._kernels()]
        return tuple((-before, -after) for before, after in crops)

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Layer.output_shape`."""
        self.need_rank(inputs[0])
        spatial, _ = split(inputs[0], self.data_format)
        lengths = [
            transposed_length(length, *axis)
            for length, axis in zip(spatial, self._kernels(), strict=True)
        ]
        return join(lengths, self.filters, self.data_format)

    def weights(self, *inputs: Shape) -> Weights:
        """See `Layer.weights`."""
        cells = product((*self.kernel_size, self.need_channels(inputs[0]), self.filters))
        return Weights(cells or 0, self.filters * self.use_bias)

    def terms(self, *inputs: Shape) -> tuple[str, str]:
        """See `Layer.terms`."""
        letters, numbers = self.kernel_terms()
        return f"{letters}·C·F", f"{numbers}·{self.need_channels(inputs[0])}·{self.filters}"

    def macs(self, output: Shape, *inputs: Shape) -> Size:
        """See `Layer.macs`."""
        return product((*inputs[0], *self.kernel_size, self.filters))

    def geometry(self, *inputs: Shape) -> Geometry:
        """See `Layer.geometry`."""
        windows = []
        for kernel, stride, dilation, padding, extra in self._kernels():
            before, _ = transposed_crop(kernel, stride, dilation, padding, extra)
            window = spreading(span(kernel, dilation), stride, before)
            if window is None:
                return NoField(f"a stride of {stride} is too long for its pattern to be followed")
            windows.append(window)
        return tuple(windows)

    def _kernels(self) -> list[tuple[int, int, int, str, Size]]:
        """Returns kernel, stride, dilation, padding and output padding of each axis."""
        extra: tuple[Size, ...] = self.output_padding or (None,) * self.rank
        axes = zip(self.kernel_size, self.strides, self.dilation, extra, strict=True)
        return [(kernel, stride, dilation, self.padding, e) for kernel, stride, dilation, e in axes]
