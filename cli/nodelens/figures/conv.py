"""Pictures of conv-params: a layer's window over its input, and receptive fields, to scale."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from nodelens.conv.accounting import Accounting, LayerAccount
from nodelens.conv.explanation import window_text
from nodelens.conv.shapes import Shape, crossed, format_shape, split
from nodelens.errors import UsageError
from nodelens.figures.style import (
    BLUE,
    GREEN,
    INK,
    MUTED,
    ORANGE,
    PURPLE,
    new_figure,
)

CLOSE_UP = 14
"""Cells of the close-up along each axis."""

GRID_UP_TO = 40
"""Inputs up to this many cells are drawn with every cell."""

LARGEST = 100_000
"""The most cells along an axis that are drawn."""

MOST_FIELDS = 6
"""Receptive fields drawn at once."""

PADDING = "#f0f0f0"
FIRST = ((0, 1), (1, 0))
"""The neighbours of the first cell that are drawn with it."""

Plane = tuple[int, int]


def layer_figure(layer: LayerAccount) -> Figure:
    """Draws one layer: input, window positions with stride, dilation and padding, output.

    Of three spatial axes the last two are drawn; a single one is drawn as a row.

    Args:
        layer: The figures of the layer.

    Raises:
        UsageError: The layer has no window, or a size is unknown.
    """
    if layer.kernel_size is None:
        raise UsageError(
            f"{layer.type} has no window that could be drawn",
            hint="draw a convolution or a pooling, or a network: its receptive fields are drawn",
        )
    below, above = (
        _plane(layer.input_shape, layer.data_format),
        _plane(layer.output_shape, layer.data_format),
    )
    kernel, stride = _two(layer.kernel_size), _two(layer.strides or ())
    dilation = _two(layer.dilation or ())
    pads = [pad or (0, 0) for pad in layer.pads or ()]
    before, after = _two([p[0] for p in pads], 0), _two([p[1] for p in pads], 0)
    flat = below[0] == above[0] == 1
    figure = new_figure(9, 3.4) if flat else new_figure(11, 4.6)
    if flat:
        left, middle, right = figure.subplots(3, 1)
    else:
        left, middle, right = figure.subplots(1, 3, width_ratios=(1, 1.15, 1))
    title = f"{layer.name}: {layer.type} {window_text(layer)}"
    figure.suptitle(title, x=0.01, ha="left", fontsize=12, fontweight="bold", color=INK)
    transposed = layer.type.endswith("Transpose")
    none = (0, 0)
    if transposed:
        before, after = (-before[0], -before[1]), none
    margins = (none, none) if transposed else (before, after)
    extent = [below[i] + margins[0][i] + margins[1][i] for i in (0, 1)]
    scale = max(*extent, *above)
    _sheet(left, below, scale, f"input {format_shape(layer.input_shape)}", BLUE, margins)
    _sheet(right, above, scale, f"output {format_shape(layer.output_shape)}", GREEN)
    touched = [step * (k - 1) + 1 + s for k, s, step in zip(kernel, stride, dilation, strict=True)]
    cells = min(max(CLOSE_UP, *touched), GRID_UP_TO)
    _corner(middle, above if transposed else below, (before, after), cells)
    _windows(middle, before, kernel, stride, dilation, flat=flat)
    _first_cells(left if transposed else right, below if transposed else above)
    if scale > cells:
        whole = above if transposed else extent
        corner = none if transposed else before
        height, width = (min(cells, size) for size in whole)
        sheet = right if transposed else left
        _box(sheet, (-corner[0], -corner[1]), (height, width), fill=False, edgecolor=INK, ls=":")
    words = "output's corner, patches of the first cells" if transposed else "first windows"
    words += f", stride {_both(stride)}"
    if any(step > 1 for step in dilation):
        words += f", dilation {_both(dilation)}"
    if any(before) or any(after):
        words += ", grey: cut off" if transposed else ", grey: zeros"
    middle.set_title(words, fontsize=10, color=INK)
    return figure


def fields_figure(accounting: Accounting) -> Figure:
    """Draws what the middle cell of some layers' outputs sees of the input.

    Args:
        accounting: The figures of the network.

    Raises:
        UsageError: No layer has a receptive field, or the input's size is unknown.
    """
    seen = [layer for layer in accounting.layers if _drawable(layer)]
    if not seen:
        raise UsageError(
            "there is no receptive field that could be drawn",
            hint="the input's size must be known, and a layer must have spatial axes left",
        )
    distinct = list({(layer.receptive_field or ())[-1].size: layer for layer in seen}.values())
    step = max((len(distinct) + MOST_FIELDS - 1) // MOST_FIELDS, 1)
    chosen = distinct[::-1][::step][:MOST_FIELDS]
    _, shape = accounting.inputs[0]
    size = _plane(shape, seen[0].data_format)
    figure = new_figure(8.6, 5.4)
    axes = figure.subplots()
    whole = f"input  {crossed(size)}"
    _box(axes, (0, 0), size, facecolor="#e8eef4", edgecolor=INK, ls="--", label=whole)
    low, high = [-0.5, -0.5], [size[0] - 0.5, size[1] - 0.5]
    colours = (ORANGE, BLUE, GREEN, PURPLE, INK, MUTED)
    for layer, colour in zip(chosen, colours, strict=False):
        spans = [_middle_span(layer, axis) for axis in (0, 1)]
        sizes = crossed(axis.size for axis in layer.receptive_field or ())
        (top, bottom), (first, last) = spans
        extent = (bottom - top + 1, last - first + 1)
        style = {"facecolor": (colour, 0.08), "edgecolor": colour, "lw": 1.8}
        _box(axes, (top, first), extent, label=f"{layer.name}  {sizes}", **style)
        for axis in (0, 1):
            low[axis] = min(low[axis], spans[axis][0] - 0.5)
            high[axis] = max(high[axis], spans[axis][1] + 0.5)
    _clean(axes)
    margin = 0.04 * max(high[0] - low[0], high[1] - low[1])
    axes.set_xlim(low[1] - margin, high[1] + margin)
    axes.set_ylim(high[0] + margin, low[0] - margin)
    axes.set_title(
        f"What the middle cell of a layer's output sees of the input {format_shape(shape)}",
        loc="left",
        fontsize=11,
        fontweight="bold",
        color=INK,
    )
    axes.legend(
        title="layer, receptive field",
        loc="center left",
        bbox_to_anchor=(1.02, 0.5),
        frameon=False,
        fontsize=9,
        alignment="left",
    )
    return figure


def _corner(axes: Axes, size: Plane, pads: tuple[Plane, Plane], cells: int) -> None:
    """Draws the first cells of an array, those of its border in grey."""
    before, after = pads
    rows, columns = (min(size[i] + before[i] + after[i], cells) for i in (0, 1))
    for row in range(-before[0], rows - before[0]):
        for column in range(-before[1], columns - before[1]):
            inside = 0 <= row < size[0] and 0 <= column < size[1]
            face, edge = ("white", "#c8d6e5") if inside else (PADDING, "#d9d9d9")
            _box(axes, (row, column), (1, 1), facecolor=face, edgecolor=edge)
    _clean(axes)
    axes.set_xlim(-before[1] - 1, max(columns, 3) - before[1])
    axes.set_ylim(max(rows, 1) - before[0], -before[0] - 1)


def _windows(
    axes: Axes, before: Plane, kernel: Plane, stride: Plane, dilation: Plane, *, flat: bool
) -> None:
    """Draws the windows of the first cell and of its neighbours; a row has none below."""
    for (down, across), colour in ((FIRST[1], GREEN), (FIRST[0], PURPLE), ((0, 0), ORANGE)):
        if not (flat and down):
            corner = (down * stride[0] - before[0], across * stride[1] - before[1])
            _window(axes, corner, kernel, dilation, colour)


def _window(axes: Axes, corner: Plane, kernel: Plane, dilation: Plane, colour: str) -> None:
    """Draws one position of a window: its outline, and the cells it covers."""
    for row in range(min(kernel[0], GRID_UP_TO)):
        for column in range(min(kernel[1], GRID_UP_TO)):
            place = (corner[0] + row * dilation[0], corner[1] + column * dilation[1])
            _box(axes, place, (1, 1), facecolor=(colour, 0.18), lw=0)
    extent = tuple(step * (k - 1) + 1 for k, step in zip(kernel, dilation, strict=True))
    _box(axes, corner, extent, fill=False, edgecolor=colour, lw=2.2)


def _box(axes: Axes, corner: Sequence[float], size: Sequence[float], **style: Any) -> None:
    """Draws a rectangle of whole cells, each of which is centred on its row and column."""
    place = (corner[1] - 0.5, corner[0] - 0.5)
    axes.add_patch(Rectangle(place, size[1], size[0], **style))


def _sheet(
    axes: Axes,
    size: Plane,
    scale: int,
    title: str,
    colour: str,
    pads: tuple[Plane, Plane] = ((0, 0), (0, 0)),
) -> None:
    """Draws an array to scale, with the zeros around it, and with its cells if they are few."""
    before, after = pads
    if any(before) or any(after):
        whole = [size[i] + before[i] + after[i] for i in (0, 1)]
        corner = (-before[0], -before[1])
        _box(axes, corner, whole, facecolor=PADDING, edgecolor=MUTED, lw=0.8)
    _box(axes, (0, 0), size, facecolor="white", lw=0)
    _box(axes, (0, 0), size, facecolor=(colour, 0.07), edgecolor=colour)
    if max(size) <= GRID_UP_TO:
        for row in range(1, size[0]):
            axes.plot([-0.5, size[1] - 0.5], [row - 0.5] * 2, color=colour, lw=0.4, alpha=0.5)
        for column in range(1, size[1]):
            axes.plot([column - 0.5] * 2, [-0.5, size[0] - 0.5], color=colour, lw=0.4, alpha=0.5)
    margin = 0.03 * scale + 0.5
    height = size[0] + before[0] + after[0] if size[0] == 1 else scale
    _clean(axes)
    axes.set_xlim(-0.5 - before[1] - margin, scale - 0.5 - before[1] + margin)
    axes.set_ylim(height - 0.5 - before[0] + margin, -0.5 - before[0] - margin)
    axes.set_title(title, fontsize=10, color=INK)


def _first_cells(axes: Axes, size: Plane) -> None:
    """Marks the cells that belong to the windows of the close-up."""
    for place, colour in ((FIRST[1], GREEN), (FIRST[0], PURPLE), ((0, 0), ORANGE)):
        if place[0] < size[0] and place[1] < size[1]:
            _box(axes, place, (1, 1), facecolor=colour, edgecolor=colour, lw=1)


def _clean(axes: Axes) -> None:
    """Makes cells square and removes the ticks."""
    axes.set_aspect("equal")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)


def _plane(shape: Shape, data_format: str) -> Plane:
    """Returns the last two spatial sizes of a shape, a single one as a row."""
    sizes, _ = split(shape, data_format)
    known = [size for size in sizes if size is not None]
    if not known or len(known) < len(sizes):
        raise UsageError(
            f"a shape with unknown sizes cannot be drawn to scale: {format_shape(shape)}",
            hint="give numbers instead of ?",
        )
    if max(known) > LARGEST:
        raise UsageError(
            f"{format_shape(shape)} is too large to be drawn to scale; "
            f"the most is {LARGEST:,} cells"
        )
    return _two(known)


def _two(values: Sequence[int], missing: int = 1) -> Plane:
    """Returns the last two of some values, one put before a single one."""
    padded = [missing, missing, *values]
    return padded[-2], padded[-1]


def _both(values: Plane) -> str:
    return str(values[1]) if values[0] == values[1] else f"{values[0]}×{values[1]}"


def _drawable(layer: LayerAccount) -> bool:
    fields = layer.receptive_field
    return bool(fields) and all(axis.center is not None for axis in fields or ())


def _middle_span(layer: LayerAccount, axis: int) -> tuple[float, float]:
    """Returns first and last input cell that the middle output cell sees, on drawn axis 0 or 1."""
    fields = layer.receptive_field or ()
    if len(fields) == 1 and axis == 0:
        return 0, 0
    field = fields[axis - 2] if len(fields) > 1 else fields[0]
    length = _plane(layer.output_shape, layer.data_format)[axis]
    centre = (field.center or 0) + field.stride * (length // 2)
    reach = (field.size - 1) / 2
    return centre - reach, centre + reach
