"""Shapes without the batch axis, where a size may be unknown."""

from collections.abc import Iterable, Sequence

Size = int | None
"""A number of cells or channels; `None` where it is not known before the data is seen."""

Shape = tuple[Size, ...]
"""Sizes of all axes but the batch."""

CHANNELS_LAST = "channels_last"
CHANNELS_FIRST = "channels_first"


def product(sizes: Iterable[Size]) -> Size:
    """Multiply sizes exactly; unknown if any of them is.

    Args:
        sizes: Any number of sizes.

    Returns:
        The product, 1 for none, or `None`.
    """
    result = 1
    for size in sizes:
        if size is None:
            return None
        result *= size
    return result


def total(sizes: Iterable[Size]) -> Size:
    """Add sizes exactly; unknown if any of them is.

    Args:
        sizes: Any number of sizes.

    Returns:
        The sum, 0 for none, or `None`.
    """
    result = 0
    for size in sizes:
        if size is None:
            return None
        result += size
    return result


def format_shape(shape: Sequence[Size]) -> str:
    """Write a shape as people do, with `?` for an unknown size.

    Args:
        shape: Sizes of the axes.

    Returns:
        For example `(196, ?, 10)`, or `(10,)` for one axis.
    """
    inner = ", ".join("?" if size is None else str(size) for size in shape)
    return f"({inner},)" if len(shape) == 1 else f"({inner})"


def crossed(values: Iterable[object]) -> str:
    """Returns the values of all axes as text: `3×3`."""
    return "×".join(str(value) for value in values)


def times(values: Iterable[object]) -> str:
    """Returns the values of the axes as text, once if they are equal: `3`, `3×5`."""
    texts = [f"{value:g}" if isinstance(value, float) else str(value) for value in values]
    return texts[0] if len(texts) > 1 and len(set(texts)) == 1 else crossed(texts)


def split(shape: Shape, data_format: str) -> tuple[Shape, Size]:
    """Take a shape apart into its spatial sizes and its number of channels.

    Args:
        shape: At least one axis.
        data_format: `"channels_last"` or `"channels_first"`.

    Returns:
        The spatial sizes and the channels.
    """
    if data_format == CHANNELS_FIRST:
        return shape[1:], shape[0]
    return shape[:-1], shape[-1]


def join(spatial: Iterable[Size], channels: Size, data_format: str) -> Shape:
    """Put spatial sizes and channels back into one shape; the inverse of `split`.

    Args:
        spatial: Sizes of the spatial axes.
        channels: Number of channels.
        data_format: `"channels_last"` or `"channels_first"`.

    Returns:
        The shape without the batch.
    """
    if data_format == CHANNELS_FIRST:
        return (channels, *spatial)
    return (*spatial, channels)
