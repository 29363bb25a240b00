"""Layers with several inputs."""

from nodelens.conv.arguments import Arguments
from nodelens.conv.errors import ConvolutionError
from nodelens.conv.layers.base import Layer
from nodelens.conv.shapes import Shape, Size, format_shape, total


class Elementwise(Layer):
    """A sum, product, mean, maximum … of inputs of one shape; sizes of 1 are spread."""

    merges = True

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Layer.output_shape`."""
        result = inputs[0]
        for shape in inputs[1:]:
            result = self._spread(result, shape, inputs)
        return result

    def _spread(self, one: Shape, other: Shape, inputs: tuple[Shape, ...]) -> Shape:
        """Returns the shape of an elementwise operation on two arrays."""
        if len(one) < len(other):
            one, other = other, one
        lead = len(one) - len(other)
        sizes: list[Size] = list(one[:lead])
        for a, b in zip(one[lead:], other, strict=True):
            if a is None or b is None:
                sizes.append(None)
            elif a == b or b == 1:
                sizes.append(a)
            elif a == 1:
                sizes.append(b)
            else:
                raise ConvolutionError(
                    f"{self.type} takes inputs of one shape, "
                    f"received {' and '.join(map(format_shape, inputs))}",
                    hint="a convolution with kernel_size 1 changes the channels, "
                    "a stride or a crop the spatial sizes",
                    key="inputs",
                )
        return tuple(sizes)


class Concatenate(Layer):
    """Inputs put one after another along an axis.

    Attributes:
        axis: The axis, counted with the batch as axis 0.
    """

    merges = True

    def __init__(self, settings: Arguments) -> None:
        super().__init__(settings)
        self.axis = settings.integer("axis", -1, least=None)

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Layer.output_shape`."""
        axes = len(inputs[0]) + 1
        if not -axes <= self.axis < axes or self.axis % axes == 0:
            raise ConvolutionError(
                f"axis {self.axis} names no axis of an input of shape {format_shape(inputs[0])} "
                "(axis 0 is the batch)",
                key="axis",
            )
        along = self.axis % axes - 1
        rest = [shape[:along] + shape[along + 1 :] for shape in inputs]
        if any(not _agree(rest[0], other) for other in rest[1:]):
            raise ConvolutionError(
                f"Concatenate takes inputs that differ only along axis {self.axis}, "
                f"received {' and '.join(map(format_shape, inputs))}",
                hint="cropping or padding brings spatial sizes together",
                key="inputs",
            )
        first = list(inputs[0])
        first[along] = total(shape[along] for shape in inputs)
        return tuple(first)

    def joins_channels(self, shape: Shape) -> bool:
        """Checks whether inputs of a shape are joined along their channels."""
        channels = 1 if self.data_format == "channels_first" else len(shape)
        return self.axis % (len(shape) + 1) == channels


def _agree(one: Shape, other: Shape) -> bool:
    """Checks whether sizes that are known are equal."""
    return len(one) == len(other) and all(
        a is None or b is None or a == b for a, b in zip(one, other, strict=True)
    )
