"""Questions to `node conv-params` asked backwards: ways to a size, filters for a budget."""

from typing import Any

from nodelens.conv.errors import ConvolutionError
from nodelens.conv.inverse import most_filters, spatial_sizes, ways_to
from nodelens.conv.quantities import parse_quantity
from nodelens.errors import UsageError
from nodelens.report.conv import answers as conv_answers
from nodelens.settings.conv_params import Located

Answer = tuple[dict[str, Any], str, bool]
"""The document, the same as text, and whether there is anything that was asked for."""


def ways_to_size(located: Located, target: str, width: int) -> Answer:
    """Lists the windows that lead to given spatial sizes.

    Args:
        located: The settings, with one input.
        target: The sizes, such as `56,56`.
        width: Columns of the terminal.

    Raises:
        UsageError: The sizes do not fit the input.
    """
    settings = located.settings
    words = target.replace("x", ",").split(",")
    if not all(word.strip().isdecimal() for word in words):
        raise UsageError(
            f"--target-output takes sizes such as 56,56; received {target!r}",
        )
    aim = tuple(int(word) for word in words)
    try:
        if len(settings.input) != 1:
            raise ConvolutionError("the shape of one input is needed", hint="for example 224 224 3")
        (shape,) = settings.input.values()
        sizes = spatial_sizes(shape, settings.data_format)
        ways = ways_to(sizes, aim)
    except ConvolutionError as error:
        raise UsageError(error.message, hint=error.hint) from None
    rows = [
        {
            "kernel_size": way.kernel,
            "strides": way.stride,
            "padding": way.padding,
            "pads": way.pads,
        }
        for way in ways
    ]
    document = {"input": shape, "target_output": aim, "ways": rows}
    return document, conv_answers.ways_text(rows, sizes, aim, width), bool(ways)


def filters_for_budget(located: Located, budget: str) -> Answer:
    """Finds how many filters a budget of parameters pays.

    Args:
        located: The settings, with one input and one layer.
        budget: The parameters, such as `1M`.

    Raises:
        UsageError: The layer cannot exist, or the budget is no quantity.
    """
    settings = located.settings
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
    document = {"input": shape, "budget": limit, "key": found.key, "filters": found.filters}
    document |= {"params": found.params, "next_params": found.next_params}
    if found.filters == 0:
        text = f"not one filter: the fewest parameters are {found.next_params:,}, over {limit:,}"
    else:
        text = (
            f"{found.filters:,} {found.key} take {found.params:,} parameters, "
            f"one more would take {found.next_params:,}"
        )
    return document, text, found.filters > 0
