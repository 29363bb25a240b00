"""Convolution arithmetic on one axis: lengths and paddings, in exact integers.

The rules are those of Keras and TensorFlow. For an input of length n, a kernel of k cells with
dilation d (so that it spans e = d(k - 1) + 1 cells) and a stride s:

- `valid`: the kernel stays inside, floor((n - e) / s) + 1 positions.
- `same`: ceil(n / s) positions; zeros are added, one more after than before if their number is odd.
- `causal`: as many as `same`, all zeros before, so that no output sees later input.

All functions take the length of the input in cells, None if it is unknown, then k, s, d and the
padding; `extra` is the `output_padding` of Keras, None for its default.

Dumoulin and Visin, "A guide to convolution arithmetic for deep learning" (arXiv:1603.07285),
derives the same lengths with pictures; Keras' transposed convolution differs from theirs in that it
never crops less than the stride asks for.
"""

from functools import lru_cache

from nodelens.conv.shapes import Size

VALID = "valid"
SAME = "same"
CAUSAL = "causal"

Pads = tuple[int, int]
"""Zeros added before and after (negative: cells cut off)."""


def span(kernel: int, dilation: int = 1) -> int:
    """Returns the extent of a dilated kernel, d(k - 1) + 1 cells."""
    return dilation * (kernel - 1) + 1


def window_length(length: Size, kernel: int, stride: int, dilation: int, padding: str) -> Size:
    """Returns the number of positions of a sliding window (convolution or pooling).

    It is zero or negative where the window does not fit, and None if the length is unknown.
    """
    if length is None:
        return None
    if padding == VALID:
        return (length - span(kernel, dilation)) // stride + 1
    return (length - 1) // stride + 1


@lru_cache(maxsize=1024)
def window_pads(length: Size, kernel: int, stride: int, dilation: int, padding: str) -> Pads | None:
    """Returns the zeros that a sliding window adds before and after the input.

    None if they depend on an unknown length.
    """
    extent = span(kernel, dilation)
    if padding == VALID:
        return 0, 0
    if padding == CAUSAL:
        return extent - 1, 0
    if stride == 1:
        missing = extent - 1
    elif length is None:
        return None
    else:
        positions = (length - 1) // stride + 1
        missing = max((positions - 1) * stride + extent - length, 0)
    return missing // 2, missing - missing // 2


def transposed_length(
    length: Size, kernel: int, stride: int, dilation: int, padding: str, extra: Size
) -> Size:
    """Returns the output length of a transposed convolution, None if it is unknown."""
    if length is None:
        return None
    return (length - 1) * stride + _patch(kernel, stride, dilation, padding, extra)


def transposed_crop(kernel: int, stride: int, dilation: int, padding: str, extra: Size) -> Pads:
    """Returns the cells that a transposed convolution cuts before and after its full output.

    The full output has (n - 1)s + e cells. TensorFlow computes the layer as the gradient of a
    `same` convolution over the output, and that convolution's zeros are the cells cut here. A
    negative second number says that zeros are added.
    """
    extent = span(kernel, dilation)
    surplus = extent - _patch(kernel, stride, dilation, padding, extra)
    if padding == VALID:
        return 0, surplus
    before = max(surplus, 0) // 2
    return before, surplus - before


def _patch(kernel: int, stride: int, dilation: int, padding: str, extra: Size) -> int:
    """Returns the number of output cells of a single input cell."""
    extent = span(kernel, dilation)
    if padding == VALID:
        return max(extent, stride) if extra is None else extent + extra
    return stride if extra is None else extent % 2 + extra
