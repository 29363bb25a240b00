"""Questions to `node conv-params` asked backwards: windows to a size, filters for a budget."""

from typing import Any

from nodelens.commands.conv.settings import ConvParamsSettings
from nodelens.conv.document import budget_document, ways_document
from nodelens.conv.errors import ConvolutionError
from nodelens.conv.inverse import most_filters, ways_to
from nodelens.conv.quantities import parse_quantity
from nodelens.conv.shapes import split
from nodelens.errors import UsageError
from nodelens.report.conv.answers import budget_text, ways_text

Answer = tuple[dict[str, Any], str, bool]
"""The document, the same as text, and True if there is anything that was asked for."""


def ways_to_size(settings: ConvParamsSettings, target: str, width: int) -> Answer:
    """Lists the windows that lead to given spatial sizes.

    Args:
        settings: The settings, with one input.
        target: The sizes, such as `56,56`.
        width: Columns of the terminal.

    Raises:
        UsageError: The sizes do not fit the input.
    """
    words = target.replace("x", ",").split(",")
    if not all(word.strip().isdecimal() for word in words):
        raise UsageError(f"--target-output takes sizes such as 56,56; received {target!r}")
    aim = tuple(int(word) for word in words)
    try:
        if len(settings.input) != 1:
            raise ConvolutionError("the shape of one input is needed", hint="for example 224 224 3")
        (shape,) = settings.input.values()
        sizes, _ = split(shape, settings.data_format)
        ways = ways_to(sizes, aim)
    except ConvolutionError as error:
        raise UsageError(error.message, hint=error.hint) from None
    return ways_document(shape, aim, ways), ways_text(ways, sizes, aim, width), bool(ways)


def filters_for_budget(settings: ConvParamsSettings, budget: str) -> Answer:
    """Finds the number of filters within a budget of parameters.

    Args:
        settings: The settings, with one input and one layer.
        budget: The parameters, such as `1M`.

    Raises:
        UsageError: The layer cannot exist, or the budget is no quantity.
    """
    try:
        if len(settings.input) != 1 or len(settings.layers) != 1:
            raise ConvolutionError(
                "--budget takes one input and one layer",
                hint="for example: 56 56 64 -k 3 --budget 1M",
            )
        (shape,) = settings.input.values()
        limit = parse_quantity(budget)
        found = most_filters(settings.layers[0], shape, limit, settings.data_format)
    except ConvolutionError as error:
        raise UsageError(error.message, hint=error.hint) from None
    return budget_document(shape, limit, found), budget_text(found, limit), found.filters > 0
