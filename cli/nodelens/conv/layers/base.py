"""The base of all kinds of layers."""

from collections.abc import Mapping
from typing import NamedTuple

from nodelens.conv.arguments import Arguments
from nodelens.conv.axes import Pads
from nodelens.conv.errors import ConvolutionError
from nodelens.conv.shapes import Shape, Size, format_shape, split
from nodelens.conv.windows import IDENTITY, Window


class Weights(NamedTuple):
    """Numbers that a layer holds.

    Attributes:
        kernel: Weights that multiply (a normalisation's scale among them).
        bias: Weights that are added (a normalisation's shift among them).
        statistics: Numbers that are kept but not trained by gradient, such as moving averages.
    """

    kernel: int = 0
    bias: int = 0
    statistics: int = 0


class NoField(NamedTuple):
    """The reason why there is no receptive field of one size and place.

    Attributes:
        reason: A sentence without its full stop.
        everywhere: True if every cell sees the whole input: then so do all cells behind it.
    """

    reason: str
    everywhere: bool = False


Geometry = tuple[Window, ...] | NoField
"""The cells of one array that those of another see, an entry for each spatial axis."""


class Layer:
    """A layer without its place in a network.

    The defaults are those of a layer that changes nothing and holds nothing; kinds of layers
    override what is different with them. All shapes are without the batch; `inputs` are the shapes
    of the inputs and `output` is that of the output. A `ConvolutionError` is raised for a setting
    that is missing or wrong, and for inputs that the layer does not take.

    Args:
        settings: The settings under their names.

    Attributes:
        settings: The settings with their defaults.
        type: Name of the Keras class.
        rank: Number of spatial axes of the input.
        data_format: `"channels_last"` or `"channels_first"`.
        kernel_size: Cells of the window along each axis, `None` without a window.
        strides: Cells between neighbouring positions along each axis, `None` without a window.
        padding: `"valid"`, `"same"` or `"causal"`; `None` without a window.
        dilation: Distance of neighbouring weights along each axis, `None` without a kernel.
        groups: Number of groups of channels, `None` without a kernel.
        use_bias: True if a number is added to each output channel.
        activation: Name of the function applied to the output, `None` for none.
        merges: True if the layer takes several inputs.
        bias_letters: The number of biases in letters.
        keras_names: The names that Keras has for settings which are called otherwise here.
    """

    kernel_size: tuple[int, ...] | None = None
    strides: tuple[int, ...] | None = None
    padding: str | None = None
    dilation: tuple[int, ...] | None = None
    groups: int | None = None
    use_bias: bool = False
    activation: str | None = None
    merges: bool = False
    bias_letters: str = "F"
    keras_names: Mapping[str, str] = {}

    def __init__(self, settings: Arguments) -> None:
        self.type = settings.type_name
        self.rank = settings.rank
        self.data_format = settings.default_format
        self.settings = settings.read

    def pads(self, shape: Shape) -> tuple[Pads | None, ...] | None:
        """Returns the zeros added before and after each axis (negative: cells cut off).

        A pair that depends on an unknown size is None; all is None if the layer does not pad.
        """
        return None

    def output_shape(self, *inputs: Shape) -> Shape:
        """Returns the shape of the output."""
        return inputs[0]

    def weights(self, *inputs: Shape) -> Weights:
        """Counts the weights, exactly; raises if the count depends on an unknown size."""
        return Weights()

    def terms(self, *inputs: Shape) -> tuple[str, str] | None:
        """Returns the products that make up the kernel's weights, in letters and in numbers.

        For example `K₁·K₂·C·F` and `5·5·3·10`; None for a layer without a kernel.
        """
        return None

    def macs(self, output: Shape, *inputs: Shape) -> Size:
        """Counts the multiply-accumulate operations for one sample, without the bias.

        The count is None if it depends on an unknown size.
        """
        return 0

    def geometry(self, *inputs: Shape) -> Geometry:
        """Returns the cells of the (first) input that the output's cells see.

        A window an axis, or the reason why there is none.
        """
        return (IDENTITY,) * self.rank

    def need_rank(self, shape: Shape) -> None:
        """Raises if an input has more or fewer axes than the layer takes."""
        if len(shape) != self.rank + 1:
            raise ConvolutionError(
                f"{self.type} takes an input of {self.rank} spatial axes and channels, "
                f"received an input of shape {format_shape(shape)}",
                hint="a Flatten before and a Dense after it change the number of axes; "
                "check the layer's number of dimensions (1D, 2D, 3D)",
            )

    def need_channels(self, shape: Shape) -> int:
        """Returns the number of channels of an input; raises if it is unknown."""
        _, channels = split(shape, self.data_format)
        if channels is None:
            raise ConvolutionError(
                f"the number of channels is not known (input of shape {format_shape(shape)}), and "
                f"the weights of {self.type} depend on it",
                hint="only spatial sizes may be '?': give the number of channels",
            )
        return channels
