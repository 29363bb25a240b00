"""Shapes without the batch axis, where a size may be unknown."""

from collections.abc import Iterable, Sequence

Size = int | None
"""A number of cells or channels; `None` where it is not known before the data is seen."""

Shape = tuple[Size, ...]
"""Sizes of all axes but the batch."""

CHANNELS_LAST = "channels_last"
CHANNELS_FIRST = "channels_first"


def product(sizes: Iterable[Size]) -> Size:
    """Returns the exact product of sizes, 1 for none; None if one of them is unknown."""
    result = 1
    for size in sizes:
        if size is None:
            return None
        result *= size
    return result


def total(sizes: Iterable[Size]) -> Size:
    """Returns the exact sum of sizes, 0 for none; None if one of them is unknown."""
    result = 0
    for size in sizes:
        if size is None:
            return None
        result += size
    return result


def format_shape(shape: Sequence[Size]) -> str:
    """Returns a shape as text, `?` for an unknown size: `(196, ?, 10)`, `(10,)`."""
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
    """Returns the spatial sizes and the number of channels of a shape."""
    if data_format == CHANNELS_FIRST:
        return shape[1:], shape[0]
    return shape[:-1], shape[-1]


def join(spatial: Iterable[Size], channels: Size, data_format: str) -> Shape:
    """Returns the shape of spatial sizes and a number of channels; the inverse of `split`."""
    if data_format == CHANNELS_FIRST:
        return (channels, *spatial)
    return (*spatial, channels)
