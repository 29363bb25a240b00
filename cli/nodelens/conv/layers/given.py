"""Layers of kinds that are not computed here: their figures are given."""

from nodelens.conv.arguments import Arguments
from nodelens.conv.errors import ConvolutionError
from nodelens.conv.layers.base import Geometry, Layer, NoField, Weights
from nodelens.conv.shapes import Shape

POINTWISE = ("LayerScale", "StochasticDepth")
"""Layers of keras.applications that treat every value on its own."""


class Given(Layer):
    """A layer of a kind that is not known here, as another program has built it.

    Its operations are not counted; an accounting names such layers.

    Args:
        type_name: Name of its class.
        shape: Shape of its output, `None` if it is not known.
        weights: Its weights, `None` if they are not known.
    """

    merges = True

    def __init__(self, type_name: str, shape: Shape | None, weights: Weights | None) -> None:
        super().__init__(Arguments({}, type_name, len(shape or ()) - 1))
        self._shape = shape
        self._weights = weights

    @property
    def pointwise(self) -> bool:
        """True if it treats every value on its own, so that nothing is left to be counted."""
        return self.type in POINTWISE

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Layer.output_shape`."""
        if self._shape is None:
            raise ConvolutionError(
                f"the output shape of {self.type}, a layer of a kind not known here, is not known",
                key="type",
            )
        return self._shape

    def weights(self, *inputs: Shape) -> Weights:
        """See `Layer.weights`."""
        if self._weights is None:
            raise ConvolutionError(
                f"the weights of {self.type}, a layer of a kind not known here, are not known",
                key="type",
            )
        return self._weights

    def geometry(self, *inputs: Shape) -> Geometry:
        """See `Layer.geometry`."""
        if self.pointwise:
            return super().geometry(*inputs)
        return NoField(f"what {self.type} sees of its input is not known here")
