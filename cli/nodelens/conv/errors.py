"""The exceptions of convolution arithmetic."""

from collections.abc import Sequence


class ConvolutionError(ValueError):
    """A layer or a network that cannot exist.

    Args:
        message: What happened, what was expected, what was received.
        hint: What to do next.
        layer: Place of the layer at fault in the list of layers, counted from 0.
        key: Name of the setting at fault, e.g. `"strides"`.
        further: What else is wrong, in other layers.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        layer: int | None = None,
        key: str | None = None,
        further: "Sequence[ConvolutionError]" = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.layer = layer
        self.key = key
        self.further = tuple(further)

    def at(self, layer: int, name: str) -> "ConvolutionError":
        """Returns the same error of the layer called `name`, or of that type, at place `layer`."""
        return ConvolutionError(
            f"layer {layer + 1} ({name}): {self.message}",
            hint=self.hint,
            layer=layer,
            key=self.key,
        )

    def along_with(self, further: "Sequence[ConvolutionError]") -> "ConvolutionError":
        """Returns the same error, with those of other layers."""
        return ConvolutionError(
            self.message, hint=self.hint, layer=self.layer, key=self.key, further=further
        )


class MissingLibraryError(ConvolutionError):
    """A saved model takes a library that is not installed."""
