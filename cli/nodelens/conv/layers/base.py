"""What every layer can be asked."""

from collections.abc import Mapping
from typing import NamedTuple

from nodelens.conv.arguments import Arguments
from nodelens.conv.axes import Pads
from nodelens.conv.errors import ConvolutionError
from nodelens.conv.shapes import Shape, Size, format_shape, split
from nodelens.conv.windows import IDENTITY, Window


class Weights(NamedTuple):
    """How many numbers a layer holds.

    Attributes:
        kernel: Weights that multiply (a normalisation's scale among them).
        bias: Weights that are added (a normalisation's shift among them).
        statistics: Numbers that are kept but not trained by gradient, such as moving averages.
    """

    kernel: int = 0
    bias: int = 0
    statistics: int = 0


class NoField(NamedTuple):
    """There is no receptive field of one size and place, and this is why.

    Attributes:
        reason: A sentence without its full stop.
        everywhere: Whether every cell sees the whole input: then so do all cells behind it.
    """

    reason: str
    everywhere: bool = False


Geometry = tuple[Window, ...] | NoField
"""What the cells of an array see of another, an entry for each spatial axis."""


class Layer:
    """A layer without its place in a network.

    The defaults are those of a layer that changes nothing and holds nothing; kinds of layers
    override what is different with them. Plain classes, because thirty dataclasses would take a
    tenth of a second to define, and this must answer at once.

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
        use_bias: Whether a number is added to each output channel.
        activation: Name of the function applied to the output, `None` for none.
        merges: Whether the layer takes several inputs.
        bias_letters: The number of biases in letters.
        keras_names: The names that Keras has for settings which are called otherwise here.

    Raises:
        ConvolutionError: A setting is missing or wrong.
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
        """Tell the zeros added before and after each axis (negative: cells cut off).

        Args:
            shape: The input's shape.

        Returns:
            A pair an axis, `None` in place of a pair that depends on an unknown size; `None`
            altogether if the layer does not pad.
        """
        return None

    def output_shape(self, *inputs: Shape) -> Shape:
        """Compute the shape of the output.

        Args:
            inputs: Shapes of the inputs, without the batch.

        Returns:
            Shape of the output, without the batch.

        Raises:
            ConvolutionError: The layer does not take these inputs.
        """
        return inputs[0]

    def weights(self, *inputs: Shape) -> Weights:
        """Count the layer's weights.

        Args:
            inputs: Shapes of the inputs, without the batch.

        Returns:
            The counts, exact.

        Raises:
            ConvolutionError: The count depends on an unknown size.
        """
        return Weights()

    def terms(self, *inputs: Shape) -> tuple[str, str] | None:
        """Returns the products that make up the kernel's weights, in letters and in numbers.

        For example `K₁·K₂·C·F` and `5·5·3·10`; None for a layer without a kernel.
        """
        return None

    def macs(self, output: Shape, *inputs: Shape) -> Size:
        """Count the multiply-accumulate operations for one sample, the bias not among them.

        Args:
            output: Shape of the output.
            inputs: Shapes of the inputs.

        Returns:
            The count, `None` if it depends on an unknown size.
        """
        return 0

    def geometry(self, *inputs: Shape) -> Geometry:
        """Tell what the output's cells see of the (first) input.

        Args:
            inputs: Shapes of the inputs.

        Returns:
            A window an axis, or the reason why there is none.
        """
        return (IDENTITY,) * self.rank

    def need_rank(self, shape: Shape) -> None:
        """Refuse an input that has not this layer's number of axes.

        Args:
            shape: The input's shape.

        Raises:
            ConvolutionError: It has more or fewer axes.
        """
        if len(shape) != self.rank + 1:
            raise ConvolutionError(
                f"{self.type} takes an input of {self.rank} spatial axes and channels, "
                f"received an input of shape {format_shape(shape)}",
                hint="a Flatten before and a Dense after it change the number of axes; "
                "check the layer's number of dimensions (1D, 2D, 3D)",
            )

    def need_channels(self, shape: Shape) -> int:
        """Return the number of channels of an input, which must be known.

        Args:
            shape: The input's shape.

        Returns:
            Number of channels.

        Raises:
            ConvolutionError: It is unknown.
        """
        _, channels = split(shape, self.data_format)
        if channels is None:
            raise ConvolutionError(
                f"the number of channels is not known (input of shape {format_shape(shape)}), and "
                f"the weights of {self.type} depend on it",
                hint="only spatial sizes may be '?': give the number of channels",
            )
        return channels
