"""Convolutions: ordinary and grouped, depthwise, separable."""

from nodelens.conv.arguments import Arguments
from nodelens.conv.axes import CAUSAL, SAME, VALID
from nodelens.conv.errors import ConvolutionError
from nodelens.conv.layers.base import Weights
from nodelens.conv.layers.windowed import Kernel
from nodelens.conv.shapes import Shape, Size, product, split


class Conv(Kernel):
    """An ordinary or grouped convolution.

    Each of the F filters weighs k₁·k₂ cells of C / groups channels, so the layer has
    N = k₁·k₂·(C / groups)·F + F parameters.

    Attributes:
        filters: Number of output channels F.
    """

    groups: int

    def __init__(self, settings: Arguments) -> None:
        self.filters = settings.integer("filters")
        self.paddings = (VALID, SAME, CAUSAL) if settings.rank == 1 else (VALID, SAME)
        super().__init__(settings)
        self.groups = settings.integer("groups", 1)
        if self.filters % self.groups:
            nearest = max(self.filters - self.filters % self.groups, self.groups)
            raise ConvolutionError(
                f"the number of filters must be divisible by groups, "
                f"received filters={self.filters} and groups={self.groups}",
                hint=f"filters={nearest} would do",
                key="groups",
            )
        self.refuse_stride_with_dilation()

    def output_channels(self, channels: Size) -> Size:
        """See `Windowed.output_channels`."""
        return self.filters

    def weights(self, *inputs: Shape) -> Weights:
        """See `Layer.weights`."""
        channels = self.need_channels(inputs[0])
        if channels % self.groups:
            raise ConvolutionError(
                f"the number of input channels must be divisible by groups, "
                f"received {channels} channels and groups={self.groups}",
                key="groups",
            )
        cells = product((*self.kernel_size, channels // self.groups, self.filters))
        return Weights(cells or 0, self.filters * self.use_bias)

    def terms(self, *inputs: Shape) -> tuple[str, str]:
        """See `Layer.terms`."""
        letters, numbers = self.kernel_terms()
        channels = self.need_channels(inputs[0]) // self.groups
        seen = "(C / G)" if self.groups > 1 else "C"
        return f"{letters}·{seen}·F", f"{numbers}·{channels}·{self.filters}"

    def macs(self, output: Shape, *inputs: Shape) -> Size:
        """See `Layer.macs`."""
        channels = self.need_channels(inputs[0])
        return product((*output, *self.kernel_size, channels // self.groups))


class DepthwiseConv(Kernel):
    """A convolution that filters every channel on its own.

    Attributes:
        depth_multiplier: Number of output channels for each input channel.
    """

    bias_letters = "C·M"

    def __init__(self, settings: Arguments) -> None:
        super().__init__(settings)
        self.depth_multiplier = settings.integer("depth_multiplier", 1)

    def output_channels(self, channels: Size) -> Size:
        """See `Windowed.output_channels`."""
        return product((channels, self.depth_multiplier))

    def weights(self, *inputs: Shape) -> Weights:
        """See `Layer.weights`."""
        channels = self.need_channels(inputs[0]) * self.depth_multiplier
        return Weights(product((*self.kernel_size, channels)) or 0, channels * self.use_bias)

    def terms(self, *inputs: Shape) -> tuple[str, str]:
        """See `Layer.terms`."""
        letters, numbers = self.kernel_terms()
        channels = self.need_channels(inputs[0])
        return f"{letters}·C·M", f"{numbers}·{channels}·{self.depth_multiplier}"

    def macs(self, output: Shape, *inputs: Shape) -> Size:
        """See `Layer.macs`."""
        return product((*output, *self.kernel_size))


class SeparableConv(Kernel):
    """A depthwise convolution followed by one of single cells that mixes the channels.

    Attributes:
        filters: Number of output channels.
        depth_multiplier: Number of channels between the two for each input channel.
    """

    def __init__(self, settings: Arguments) -> None:
        self.filters = settings.integer("filters")
        super().__init__(settings)
        self.depth_multiplier = settings.integer("depth_multiplier", 1)

    def output_channels(self, channels: Size) -> Size:
        """See `Windowed.output_channels`."""
        return self.filters

    def weights(self, *inputs: Shape) -> Weights:
        """See `Layer.weights`."""
        between = self.need_channels(inputs[0]) * self.depth_multiplier
        depthwise = product((*self.kernel_size, between)) or 0
        return Weights(depthwise + between * self.filters, self.filters * self.use_bias)

    def terms(self, *inputs: Shape) -> tuple[str, str]:
        """See `Layer.terms`."""
        letters, numbers = self.kernel_terms()
        channels, multiplier = self.need_channels(inputs[0]), self.depth_multiplier
        mixed = f"{channels * multiplier}·{self.filters}"
        return f"{letters}·C·M + C·M·F", f"{numbers}·{channels}·{multiplier} + {mixed}"

    def macs(self, output: Shape, *inputs: Shape) -> Size:
        """See `Layer.macs`."""
        between = self.need_channels(inputs[0]) * self.depth_multiplier
        spatial, _ = split(output, self.data_format)
        cells = product((*self.kernel_size, between)) or 0
        return product((*spatial, cells + between * self.filters))
