"""Asking Keras for the figures that conv-params has counted, layer by layer."""

from typing import Any, NamedTuple

from nodelens.conv.layers.given import Given
from nodelens.conv.network import Network, Node
from nodelens.conv.shapes import format_shape


class Verified(NamedTuple):
    """One figure held against Keras.

    Attributes:
        layer: Name of the layer.
        figure: `output_shape`, `params`, `non_trainable` or `macs`.
        ours: The figure counted here.
        theirs: The figure of Keras; for `macs` see `nodelens.conv.verify.macs`.
    """

    layer: str
    figure: str
    ours: Any
    theirs: Any

    @property
    def passed(self) -> bool:
        """True if the two agree."""
        return bool(self.ours == self.theirs)

    @property
    def message(self) -> str:
        """The comparison as a sentence."""
        return f"{self.layer}: {self.figure} is {_text(self.ours)} here and " + (
            f"{_text(self.theirs)} in Keras"
        )


class Verification(NamedTuple):
    """A network held against Keras.

    Attributes:
        reference: The versions of Keras and TensorFlow.
        checks: The figures.
        skipped: Names of layers of kinds not known here, which are not built.
    """

    reference: str
    checks: tuple[Verified, ...]
    skipped: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """True if all figures agree."""
        return all(check.passed for check in self.checks)


def verify(network: Network) -> Verification:
    """Builds every layer in Keras and compares its figures.

    Shapes and parameters are those that Keras computes; for operations see
    `nodelens.conv.verify.macs`.

    Args:
        network: The network.
    """
    import keras
    import tensorflow as tf

    checks: list[Verified] = []
    skipped = []
    for node in network.nodes:
        if isinstance(node.layer, Given):
            skipped.append(node.name)
        else:
            checks += _verified(node)
    reference = f"Keras {keras.__version__} on TensorFlow {tf.__version__}"
    return Verification(reference, tuple(checks), tuple(skipped))


def _verified(node: Node) -> list[Verified]:
    """Compares one layer."""
    from nodelens.conv.verify.layers import keras_figures
    from nodelens.conv.verify.macs import reference_macs

    output, total, fixed = keras_figures(node.layer, node.input_shapes)
    weights = node.layer.weights(*node.input_shapes)
    checks = [
        Verified(node.name, "output_shape", node.output_shape, tuple(output)),
        Verified(node.name, "params", weights.kernel + weights.bias + weights.statistics, total),
        Verified(node.name, "non_trainable", weights.statistics, fixed),
    ]
    macs = node.layer.macs(node.output_shape, *node.input_shapes)
    if macs:
        counted = reference_macs(node.layer, node.input_shapes[0], macs)
        if counted is not None:
            checks.append(Verified(node.name, "macs", macs, counted))
    return checks


def _text(value: Any) -> str:
    return format_shape(value) if isinstance(value, tuple) else f"{value:,}"
