"""Expectations of a network, and by how much they are missed."""

from typing import NamedTuple

from nodelens.conv.accounting import Accounting
from nodelens.conv.shapes import Shape, format_shape


class Limits(NamedTuple):
    """Expectations on a network; `None` expects nothing.

    Attributes:
        params: The number of parameters.
        output: The last layer's output shape, without the batch.
        max_params: The most parameters.
        max_macs: The most multiply-accumulate operations for one sample.
        max_activation: The most memory of all activations, in bytes.
    """

    params: int | None = None
    output: Shape | None = None
    max_params: int | None = None
    max_macs: int | None = None
    max_activation: int | None = None


class Check(NamedTuple):
    """One expectation held against what was counted.

    Attributes:
        name: Name of the expectation, as in `Limits`.
        expected: What was expected.
        received: What was counted; `None` if it depends on an unknown size.
        passed: Whether the expectation is met.
        message: The same in one sentence, with the difference.
    """

    name: str
    expected: int | Shape
    received: int | Shape | None
    passed: bool
    message: str


def check(accounting: Accounting, limits: Limits) -> list[Check]:
    """Compares a network with expectations: a check for each of them."""
    totals = accounting.totals
    checks = []
    if limits.params is not None:
        checks.append(_equal("params", "parameters", limits.params, totals.params))
    if limits.output is not None:
        output = accounting.layers[-1].output_shape
        checks.append(_shape(limits.output, output))
    for name, words, most, counted in (
        ("max_params", "parameters", limits.max_params, totals.params),
        ("max_macs", "MACs", limits.max_macs, totals.macs),
        ("max_activation", "activations", limits.max_activation, totals.activation_bytes),
    ):
        if most is not None:
            checks.append(_at_most(name, words, most, counted))
    return checks


def _equal(name: str, words: str, expected: int, received: int) -> Check:
    """Compares two counts."""
    message = f"{words}: {received:,}, as expected"
    if received != expected:
        side = "more" if received > expected else "fewer"
        difference = abs(received - expected)
        message = (
            f"{words}: {received:,}, which is {difference:,} {side} than the {expected:,} expected"
        )
    return Check(name, expected, received, received == expected, message)


def _shape(expected: Shape, received: Shape) -> Check:
    """Compares two shapes; a size that is not known in the expectation may be anything."""
    passed = len(expected) == len(received) and all(
        want is None or want == size for want, size in zip(expected, received, strict=True)
    )
    message = f"output: {format_shape(received)}, as expected"
    if not passed:
        message = f"output: {format_shape(received)} instead of {format_shape(expected)}"
        if len(expected) == len(received):
            differences = ", ".join(
                "0"
                if want is None or want == size
                else "?"
                if size is None
                else f"{size - want:+d}"
                for want, size in zip(expected, received, strict=True)
            )
            message += f" (difference {differences})"
    return Check("output", expected, received, passed, message)


def _at_most(name: str, words: str, most: int, received: int | None) -> Check:
    """Compares a count with the most it may be."""
    unit = " bytes" if name == "max_activation" else ""
    limit = f"{most:,}{unit}"
    if received is None:
        message = f"{words}: not known, because a size is unknown; at most {limit} allowed"
        return Check(name, most, None, False, message)
    counted = f"{received:,}{unit}"
    if received <= most:
        message = f"{words}: {counted}, within the {limit} allowed"
        return Check(name, most, received, True, message)
    over = received - most
    percent = 100 * over / most if most else float("inf")
    message = f"{words}: {counted}, over the {limit} allowed by {over:,}{unit} ({percent:.1f} %)"
    return Check(name, most, received, False, message)
