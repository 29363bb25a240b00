"""Questions asked backwards: windows that give a shape, and filters within a budget."""

from typing import NamedTuple

from nodelens.conv.axes import SAME, VALID, window_length, window_pads
from nodelens.conv.errors import ConvolutionError
from nodelens.conv.kinds import find, make
from nodelens.conv.shapes import CHANNELS_LAST, Shape, format_shape
from nodelens.conv.writing import from_mapping

LARGEST_KERNEL = 11
LARGEST_STRIDE = 32


class Way(NamedTuple):
    """A window that leads from one size to another on every axis.

    Attributes:
        kernel: Cells of the window along each axis.
        stride: Stride along each axis.
        padding: `"valid"`, or `"same"`.
        pads: Zeros before and after each axis.
    """

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    padding: str
    pads: tuple[tuple[int, int], ...]


def ways_to(
    sizes: Shape, target: Shape, *, largest_kernel: int = LARGEST_KERNEL, dilation: int = 1
) -> list[Way]:
    """Lists the windows of one kernel size and one stride that lead to given sizes.

    With one kernel size for all axes and one stride for all axes, as layers mostly have, for
    kernels up to `largest_kernel` and strides up to `LARGEST_STRIDE`.

    Args:
        sizes: Spatial sizes of the input; all known.
        target: Spatial sizes of the output; all known, as many.
        largest_kernel: The largest kernel to try.
        dilation: Dilation of the kernel.

    Returns:
        All ways, small strides and kernels first; `same` only where it is not also `valid`.

    Raises:
        ConvolutionError: The sizes do not fit together.
    """
    known = [(a, b) for a, b in zip(sizes, target, strict=False) if a is not None and b is not None]
    if len(sizes) != len(target) or len(known) < len(sizes):
        raise ConvolutionError(
            f"the target must give all spatial sizes: {len(sizes)} numbers for an input of "
            f"{format_shape(sizes)}, received {format_shape(target)}",
            hint="leave out the channels; unknown sizes cannot be aimed at",
        )
    if any(b < 1 for _, b in known):
        raise ConvolutionError(f"sizes are at least 1, received {format_shape(target)}")
    furthest = min(a // max(b - 1, 1) for a, b in known)
    strides = range(1, min(max(furthest, 1), LARGEST_STRIDE) + 1)
    found = []
    for stride in strides:
        for kernel in range(1, largest_kernel + 1):
            for padding in (VALID, SAME):
                way = _try(known, kernel, stride, padding, dilation)
                if way is not None:
                    found.append(way)
    return found


def _try(
    axes: list[tuple[int, int]], kernel: int, stride: int, padding: str, dilation: int
) -> Way | None:
    """Returns a way if it leads to the target on all axes."""
    pads = []
    if dilation > 1 and stride > 1:
        return None
    for length, wanted in axes:
        if window_length(length, kernel, stride, dilation, padding) != wanted:
            return None
        pad = window_pads(length, kernel, stride, dilation, padding)
        pads.append(pad or (0, 0))
    if padding == SAME and not any(map(sum, pads)) and kernel <= min(a for a, _ in axes):
        return None
    rank = len(axes)
    return Way((kernel,) * rank, (stride,) * rank, padding, tuple(pads))


class Affordable(NamedTuple):
    """The number of filters within a budget of parameters.

    Attributes:
        key: `"filters"` or `"units"`.
        filters: The largest number within the budget; 0 if none is.
        params: Its parameters.
        next_params: The parameters of the next larger number.
    """

    key: str
    filters: int
    params: int
    next_params: int


def most_filters(
    entry: object, shape: Shape, budget: int, data_format: str = CHANNELS_LAST
) -> Affordable:
    """Finds the largest number of filters whose parameters stay within a budget.

    Args:
        entry: The layer as users write it; its number of filters is not looked at.
        shape: Shape of the input.
        budget: The most parameters.
        data_format: The position of the channels if the layer does not give it.

    Raises:
        ConvolutionError: The layer cannot exist, or has no filters.
    """
    spec = from_mapping(entry, 0)
    kind, _ = find(spec.type)
    key = next((word for word in ("filters", "units") if word in kind.leading), None)
    if key is None:
        raise ConvolutionError(
            f"{spec.type} has no number of filters that a budget could be spent on",
            hint="ask for a convolution or a dense layer",
        )
    groups = spec.settings.get("groups", 1)
    step = groups if isinstance(groups, int) and groups > 0 else 1

    def cost(filters: int) -> int:
        layer = make(spec.type, {**spec.settings, key: filters}, shape, data_format)
        layer.output_shape(shape)
        weights = layer.weights(shape)
        return weights.kernel + weights.bias

    # The count grows by the same amount with every step, so two of them are enough.
    one = cost(step)
    steps = max((budget - one) // (cost(2 * step) - one) + 1, 0)
    most = steps * step
    return Affordable(key, most, cost(most) if most else 0, cost(most + step))
