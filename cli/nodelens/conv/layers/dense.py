"""Layers that work on the last axis or on the order of the values: dense, flatten, reshape."""

from nodelens.conv.arguments import Arguments
from nodelens.conv.errors import ConvolutionError
from nodelens.conv.layers.base import Geometry, Layer, NoField, Weights
from nodelens.conv.shapes import Shape, Size, format_shape, product
from nodelens.conv.windows import IDENTITY

NO_AXES = NoField("no spatial axes are left")


class Dense(Layer):
    """A matrix applied to the last axis.

    Attributes:
        units: Length of the last axis of the output.
    """

    def __init__(self, settings: Arguments) -> None:
        super().__init__(settings)
        self.units = settings.integer("units")
        self.use_bias = settings.flag("use_bias", True)
        self.activation = settings.text("activation")

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Layer.output_shape`."""
        return (*inputs[0][:-1], self.units)

    def weights(self, *inputs: Shape) -> Weights:
        """See `Layer.weights`."""
        features = inputs[0][-1]
        if features is None:
            raise ConvolutionError(
                f"the last axis is not known (input of shape {format_shape(inputs[0])}), and the "
                "weights of Dense depend on it",
                hint="put a global pooling before it, or give the input's size",
            )
        return Weights(features * self.units, self.units * self.use_bias)

    def terms(self, *inputs: Shape) -> tuple[str, str]:
        """See `Layer.terms`."""
        return "C·F", f"{inputs[0][-1]}·{self.units}"

    def macs(self, output: Shape, *inputs: Shape) -> Size:
        """See `Layer.macs`."""
        return product((*output, inputs[0][-1]))

    def geometry(self, *inputs: Shape) -> Geometry:
        """See `Layer.geometry`."""
        return (IDENTITY,) * self.rank if self.rank else NO_AXES


class Flatten(Layer):
    """All values in one axis."""

    def __init__(self, settings: Arguments) -> None:
        super().__init__(settings)
        self.data_format = settings.data_format()

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Layer.output_shape`."""
        return (product(inputs[0]),)

    def geometry(self, *inputs: Shape) -> Geometry:
        """See `Layer.geometry`."""
        return NO_AXES


class Reshape(Layer):
    """The same values in another shape.

    Attributes:
        target_shape: Sizes of the axes; one may be -1, for the rest.
    """

    def __init__(self, settings: Arguments) -> None:
        super().__init__(settings)
        self.target_shape = settings.integers("target_shape")
        wrong = any(size < -1 or size == 0 for size in self.target_shape)
        if wrong or self.target_shape.count(-1) > 1:
            raise ConvolutionError(
                f"target_shape takes sizes of at least 1 and one -1, "
                f"received {list(self.target_shape)}",
                key="target_shape",
            )

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Layer.output_shape`."""
        values = product(inputs[0])
        known = product(size for size in self.target_shape if size != -1) or 1
        if values is None:
            return tuple(None if size == -1 else size for size in self.target_shape)
        fits = values % known == 0 if -1 in self.target_shape else values == known
        if not fits:
            raise ConvolutionError(
                f"{format_shape(inputs[0])} holds {values} values, which do not fill "
                f"{list(self.target_shape)}",
                key="target_shape",
            )
        return tuple(values // known if size == -1 else size for size in self.target_shape)

    def geometry(self, *inputs: Shape) -> Geometry:
        """See `Layer.geometry`."""
        return NoField("a reshape moves values between axes")
