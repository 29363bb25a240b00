"""Layers that keep the shape: activations, dropout, normalisations."""

from nodelens.conv.arguments import Arguments
from nodelens.conv.errors import ConvolutionError
from nodelens.conv.layers.base import Geometry, Layer, NoField, Weights
from nodelens.conv.shapes import Shape, format_shape, product
from nodelens.conv.windows import IDENTITY


class Pointwise(Layer):
    """A layer without settings that treats every value on its own, such as `ReLU`."""


class Activation(Layer):
    """A function applied to every value."""

    def __init__(self, settings: Arguments) -> None:
        super().__init__(settings)
        self.activation = settings.text("activation")
        if self.activation is None:
            raise ConvolutionError(
                "Activation needs 'activation'", hint="for example relu", key="activation"
            )


class Dropout(Layer):
    """Values set to zero at random while training; the rate changes no figure here."""

    def __init__(self, settings: Arguments) -> None:
        super().__init__(settings)
        settings.has("rate")


class Scaling(Layer):
    """The base of the normalisations: weights along some axes, a scale and a shift.

    Attributes:
        axis: Axes of the weights, counted with the batch as axis 0.
        scale: True if there is a scale γ.
        center: True if there is a shift β.
    """

    def __init__(self, settings: Arguments) -> None:
        super().__init__(settings)
        self.axis = settings.integers("axis", (-1,))
        self.scale = settings.flag("scale", True)
        self.center = settings.flag("center", True)

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Layer.output_shape`."""
        axes = len(inputs[0]) + 1
        if any(not -axes <= axis < axes or axis % axes == 0 for axis in self.axis):
            raise ConvolutionError(
                f"axis {list(self.axis)} does not name axes of an input of shape "
                f"{format_shape(inputs[0])} (axis 0 is the batch)",
                key="axis",
            )
        return inputs[0]

    def cells(self, shape: Shape) -> int:
        """Returns the number of values of one weight; raises if an axis is unknown."""
        batched = (1, *shape)
        cells = product(batched[axis] for axis in self.axis)
        if cells is None:
            raise ConvolutionError(
                f"{self.type} normalises over an axis of unknown size "
                f"(input of shape {format_shape(shape)})",
                key="axis",
            )
        return cells

    def weights(self, *inputs: Shape) -> Weights:
        """See `Layer.weights`."""
        cells = self.cells(inputs[0]) if self.scale or self.center else 0
        return Weights(cells * self.scale, cells * self.center)


class Normalization(Scaling):
    """Normalisation by a mean and a variance measured beforehand, kept with a counter."""

    def __init__(self, settings: Arguments) -> None:
        Layer.__init__(self, settings)
        self.axis = settings.integers("axis", (-1,))

    def weights(self, *inputs: Shape) -> Weights:
        """See `Layer.weights`."""
        return Weights(statistics=2 * self.cells(inputs[0]) + 1)


class BatchNormalization(Scaling):
    """Normalisation by the statistics of the batch; keeps a moving mean and variance."""

    def weights(self, *inputs: Shape) -> Weights:
        """See `Layer.weights`."""
        cells = self.cells(inputs[0])
        return Weights(cells * self.scale, cells * self.center, 2 * cells)


class LayerNormalization(Scaling):
    """Normalisation of each sample by the statistics along `axis`."""

    def geometry(self, *inputs: Shape) -> Geometry:
        """See `Layer.geometry`."""
        axes = len(inputs[0]) + 1
        channels = 1 if self.data_format == "channels_first" else axes - 1
        along = {axis % axes for axis in self.axis} - {channels}
        if along:
            return NoField(
                "a normalisation along spatial axes shows every cell all others",
                everywhere=len(along) == axes - 2,
            )
        return (IDENTITY,) * self.rank
