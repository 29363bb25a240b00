"""Asking Keras for the figures that conv-params has counted, layer by layer."""

from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from nodelens.conv.layers.given import Given
from nodelens.conv.network import Network, Node
from nodelens.conv.shapes import format_shape
from nodelens.conv.verify.layers import keras_figures
from nodelens.conv.verify.macs import reference_macs


@dataclass(frozen=True)
class Verified:
    """One figure held against Keras.

    Attributes:
        layer: Name of the layer.
        figure: `output_shape`, `params`, `non_trainable` or `macs`.
        ours: What was counted here.
        theirs: What Keras says; for `macs` what `conv_macs` measures.
    """

    layer: str
    figure: str
    ours: Any
    theirs: Any

    @property
    def passed(self) -> bool:
        """Whether the two agree."""
        return bool(self.ours == self.theirs)


@dataclass(frozen=True)
class Verification:
    """What Keras says to a network.

    Attributes:
        checks: One figure after the other.
        skipped: Names of layers of kinds not known here, which are not built.
    """

    checks: tuple[Verified, ...]
    skipped: tuple[str, ...]

    def to_document(self) -> dict[str, Any]:
        """The verification as plain values."""
        passed = all(check.passed for check in self.checks)
        return {
            "verdict": "pass" if passed else "fail",
            "reference": f"Keras {keras.__version__} on TensorFlow {tf.__version__}",
            "skipped": list(self.skipped),
            "checks": [
                {
                    "layer": check.layer,
                    "figure": check.figure,
                    "ours": check.ours,
                    "theirs": check.theirs,
                    "passed": check.passed,
                    "message": f"{check.layer}: {check.figure} is {_told(check.ours)} here and "
                    f"{_told(check.theirs)} in Keras",
                }
                for check in self.checks
            ],
        }


def verify(network: Network) -> Verification:
    """Builds every layer in Keras and compares its figures.

    Shapes and parameters are those that Keras computes; for operations see `conv_macs`.

    Args:
        network: The network.
    """
    checks: list[Verified] = []
    skipped = []
    for node in network.nodes:
        if isinstance(node.layer, Given):
            skipped.append(node.name)
            continue
        checks += _verified(node)
    return Verification(tuple(checks), tuple(skipped))


def _verified(node: Node) -> list[Verified]:
    """Compares one layer."""
    output, total, fixed = keras_figures(node.layer, node.input_shapes)
    weights = node.layer.weights(*node.input_shapes)
    checks = [
        Verified(node.name, "output_shape", list(node.output_shape), list(output)),
        Verified(node.name, "params", weights.kernel + weights.bias + weights.statistics, total),
        Verified(node.name, "non_trainable", weights.statistics, fixed),
    ]
    macs = node.layer.macs(node.output_shape, *node.input_shapes)
    if macs:
        counted = reference_macs(node.layer, node.input_shapes[0], macs)
        if counted is not None:
            checks.append(Verified(node.name, "macs", macs, counted))
    return checks


def _told(value: Any) -> str:
    """A figure in a sentence."""
    return format_shape(value) if isinstance(value, list) else f"{value:,}"
