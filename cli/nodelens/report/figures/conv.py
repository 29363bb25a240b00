"""Pictures of conv-params: a layer's window over its input, and receptive fields, to scale."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from nodelens.errors import UsageError
from nodelens.report.conv_pieces import crossed, shape_text, window_text
from nodelens.report.figures.style import (
    BLUE,
    GREEN,
    INK,
    MUTED,
    ORANGE,
    PURPLE,
    new_figure,
    to_png,
)

CLOSE_UP = 14
"""Cells of the close-up along each axis."""

GRID_UP_TO = 40
"""Inputs up to this many cells are drawn with every cell."""

MOST_FIELDS = 6
"""Receptive fields drawn at once."""

PADDING = "#f0f0f0"
FIRST = ((0, 1), (1, 0))
"""The neighbours of the first cell that are drawn with it."""

Plane = tuple[int, int]


def draw_layer(layer: dict[str, Any]) -> bytes:
    """Draws one layer: input, window positions with stride, dilation and padding, output.

    Of three spatial axes the last two are drawn; a single one is drawn as a row.

    Args:
        layer: An entry of `layers` of the document of conv-params.

    Returns:
        A PNG file.

    Raises:
        UsageError: The layer has no window, or a size is unknown.
    """
    if layer["kernel_size"] is None:
        raise UsageError(
            f"{layer['type']} has no window that could be drawn",
            hint="draw a convolution or a pooling, or a network: its receptive fields are drawn",
        )
    transposed = layer["type"].endswith("Transpose")
    below, above = _plane(layer, "input_shape"), _plane(layer, "output_shape")
    kernel, stride, dilation = (_two(layer[key]) for key in ("kernel_size", "strides", "dilation"))
    pads = [pad or (0, 0) for pad in layer["pads"] or []]
    before, after = _two([p[0] for p in pads], 0), _two([p[1] for p in pads], 0)
    figure = new_figure(11, 4.6)
    left, middle, right = figure.subplots(1, 3, width_ratios=(1, 1.15, 1))
    scale = max(*below, *above)
    title = f"{layer['name']}: {layer['type']} {window_text(layer)}"
    figure.suptitle(title, x=0.01, ha="left", fontsize=12, fontweight="bold", color=INK)
    _sheet(left, below, scale, f"input {shape_text(layer['input_shape'])}", BLUE)
    _sheet(right, above, scale, f"output {shape_text(layer['output_shape'])}", GREEN)
    if transposed:
        cut = (-before[0], -before[1])
        _patches(middle, above, kernel, stride, dilation, cut)
        _first_cells(left, below)
        frame = right
    else:
        _positions(middle, below, kernel, stride, dilation, (before, after))
        _first_cells(right, above)
        _frame_padding(left, below, before, after)
        frame = left
    close = CLOSE_UP - 0.5
    shown = max(below if frame is left else above)
    if shown > CLOSE_UP:
        outline = Rectangle((-1, -1), close, close, fill=False, edgecolor=INK, linestyle=":")
        frame.add_patch(outline)
    return to_png(figure)


def draw_fields(document: dict[str, Any]) -> bytes:
    """Draws what the middle cell of some layers' outputs sees of the input.

    Args:
        document: The document of conv-params.

    Returns:
        A PNG file.

    Raises:
        UsageError: No layer has a receptive field, or the input's size is unknown.
    """
    seen = [layer for layer in document["layers"] if _drawable(layer)]
    if not seen:
        raise UsageError(
            "there is no receptive field that could be drawn",
            hint="the input's size must be known, and a layer must have spatial axes left",
        )
    distinct = list({layer["receptive_field"][-1]["size"]: layer for layer in seen}.values())
    step = max((len(distinct) + MOST_FIELDS - 1) // MOST_FIELDS, 1)
    chosen = distinct[::-1][::step][:MOST_FIELDS]
    shape = document["inputs"][0]["shape"]
    first_format = seen[0]["data_format"]
    size = _spatial(shape, first_format)
    figure = new_figure(8.6, 5.4)
    axes = figure.subplots()
    axes.add_patch(Rectangle((-0.5, -0.5), size[1], size[0], facecolor="#e8eef4", edgecolor=INK))
    low, high = [-0.5, -0.5], [size[0] - 0.5, size[1] - 0.5]
    colours = (ORANGE, BLUE, GREEN, PURPLE, INK, MUTED)
    for layer, colour in zip(chosen, colours, strict=False):
        spans = [_middle_span(layer, axis) for axis in (0, 1)]
        corner = (spans[1][0] - 0.5, spans[0][0] - 0.5)
        extent = [last - first + 1 for first, last in spans]
        sizes = crossed([axis["size"] for axis in layer["receptive_field"]])
        axes.add_patch(
            Rectangle(
                corner,
                extent[1],
                extent[0],
                facecolor=(colour, 0.08),
                edgecolor=colour,
                linewidth=1.8,
                label=f"{layer['name']}  {sizes}",
            )
        )
        for axis in (0, 1):
            low[axis] = min(low[axis], spans[axis][0] - 0.5)
            high[axis] = max(high[axis], spans[axis][1] + 0.5)
    _clean(axes)
    margin = 0.04 * max(high[0] - low[0], high[1] - low[1])
    axes.set_xlim(low[1] - margin, high[1] + margin)
    axes.set_ylim(high[0] + margin, low[0] - margin)
    axes.set_title(
        f"What the middle cell of a layer's output sees of the input {shape_text(shape)}",
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
    return to_png(figure)


def _positions(
    axes: Axes,
    size: Plane,
    kernel: Plane,
    stride: Plane,
    dilation: Plane,
    pads: tuple[Plane, Plane],
) -> None:
    """The corner of the input with the window's first positions, cell by cell."""
    before, after = pads
    rows = min(size[0] + before[0] + after[0], CLOSE_UP)
    columns = min(size[1] + before[1] + after[1], CLOSE_UP)
    for row in range(-before[0], rows - before[0]):
        for column in range(-before[1], columns - before[1]):
            inside = 0 <= row < size[0] and 0 <= column < size[1]
            face = "white" if inside else PADDING
            edge = "#c8d6e5" if inside else "#d9d9d9"
            axes.add_patch(
                Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor=face, edgecolor=edge)
            )
    _windows(axes, before, kernel, stride, dilation, flat=size[0] == 1)
    words = f"its corner, the first windows: stride {_both(stride)}"
    if any(step > 1 for step in dilation):
        words += f", dilation {_both(dilation)}"
    if any(before) or any(after):
        words += ", grey: zeros"
    _finish(axes, (rows, columns), before, words)


def _patches(
    axes: Axes, size: Plane, kernel: Plane, stride: Plane, dilation: Plane, cut: Plane
) -> None:
    """The corner of the output with the patches of the input's first cells."""
    rows = min(size[0] + cut[0], CLOSE_UP)
    columns = min(size[1] + cut[1], CLOSE_UP)
    for row in range(-cut[0], rows - cut[0]):
        for column in range(-cut[1], columns - cut[1]):
            inside = 0 <= row < size[0] and 0 <= column < size[1]
            face = "white" if inside else PADDING
            axes.add_patch(
                Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor=face, edgecolor="#c8d6e5")
            )
    _windows(axes, cut, kernel, stride, dilation, flat=size[0] == 1)
    words = f"the output's corner, the first cells' patches: stride {_both(stride)}"
    _finish(axes, (rows, columns), cut, words + (", grey: cut off" if any(cut) else ""))


def _windows(
    axes: Axes, before: Plane, kernel: Plane, stride: Plane, dilation: Plane, *, flat: bool
) -> None:
    """The windows of the first cell and of its neighbours; a row has none below."""
    for (down, across), colour in ((FIRST[1], GREEN), (FIRST[0], PURPLE), ((0, 0), ORANGE)):
        if not (flat and down):
            corner = (down * stride[0] - before[0], across * stride[1] - before[1])
            _window(axes, corner, kernel, dilation, colour)


def _window(axes: Axes, corner: Plane, kernel: Plane, dilation: Plane, colour: str) -> None:
    """One position of a window: its outline, and the cells it touches."""
    for row in range(kernel[0]):
        for column in range(kernel[1]):
            place = (corner[1] + column * dilation[1], corner[0] + row * dilation[0])
            axes.add_patch(
                Rectangle((place[0] - 0.5, place[1] - 0.5), 1, 1, facecolor=(colour, 0.18), lw=0)
            )
    width = dilation[1] * (kernel[1] - 1) + 1
    height = dilation[0] * (kernel[0] - 1) + 1
    axes.add_patch(
        Rectangle(
            (corner[1] - 0.5, corner[0] - 0.5),
            width,
            height,
            fill=False,
            edgecolor=colour,
            linewidth=2.2,
        )
    )


def _sheet(axes: Axes, size: Plane, scale: int, title: str, colour: str) -> None:
    """An array to scale, with its cells if they are few."""
    axes.add_patch(Rectangle((-0.5, -0.5), size[1], size[0], facecolor="white", lw=0))
    axes.add_patch(
        Rectangle((-0.5, -0.5), size[1], size[0], facecolor=(colour, 0.07), edgecolor=colour)
    )
    if max(size) <= GRID_UP_TO:
        for row in range(1, size[0]):
            axes.plot([-0.5, size[1] - 0.5], [row - 0.5] * 2, color=colour, lw=0.4, alpha=0.5)
        for column in range(1, size[1]):
            axes.plot([column - 0.5] * 2, [-0.5, size[0] - 0.5], color=colour, lw=0.4, alpha=0.5)
    margin = 0.08 * scale + 0.5
    _clean(axes)
    axes.set_xlim(-0.5 - margin, scale - 0.5 + margin)
    axes.set_ylim(scale - 0.5 + margin, -0.5 - margin)
    axes.set_title(title, fontsize=10, color=INK)


def _frame_padding(axes: Axes, size: Plane, before: Plane, after: Plane) -> None:
    """The zeros around the input, to scale."""
    if not any(before) and not any(after):
        return
    corner = (-0.5 - before[1], -0.5 - before[0])
    width, height = size[1] + before[1] + after[1], size[0] + before[0] + after[0]
    axes.add_patch(
        Rectangle(corner, width, height, facecolor=PADDING, edgecolor=MUTED, lw=0.8, zorder=0)
    )


def _first_cells(axes: Axes, size: Plane) -> None:
    """The cells that belong to the windows of the close-up, made visible however small."""
    for place, colour in ((FIRST[1], GREEN), (FIRST[0], PURPLE), ((0, 0), ORANGE)):
        if place[0] < size[0] and place[1] < size[1]:
            corner = (place[1] - 0.5, place[0] - 0.5)
            axes.add_patch(Rectangle(corner, 1, 1, facecolor=colour, edgecolor=colour, lw=1))


def _finish(axes: Axes, cells: Plane, before: Plane, words: str) -> None:
    """Bounds and title of the close-up."""
    _clean(axes)
    axes.set_xlim(-before[1] - 1, max(cells[1], 3) - before[1])
    axes.set_ylim(max(cells[0], 3) - before[0], -before[0] - 1)
    axes.set_title(words, fontsize=10, color=INK)


def _clean(axes: Axes) -> None:
    """Square cells and no ticks."""
    axes.set_aspect("equal")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)


def _plane(layer: dict[str, Any], key: str) -> Plane:
    """The last two spatial sizes of a shape, a single one as a row."""
    return _spatial(layer[key], layer["data_format"])


def _spatial(shape: list[int | None], data_format: str) -> Plane:
    sizes = shape[1:] if data_format == "channels_first" else shape[:-1]
    known = [size for size in sizes if size is not None]
    if not known or len(known) < len(sizes):
        raise UsageError(
            f"a shape with unknown sizes cannot be drawn to scale: {shape_text(shape)}",
            hint="give numbers instead of ?",
        )
    return _two(known)


def _two(values: list[int], missing: int = 1) -> Plane:
    """The last two of some values, one put before a single one."""
    padded = [missing, missing, *values]
    return padded[-2], padded[-1]


def _both(values: Plane) -> str:
    return str(values[1]) if values[0] == values[1] else f"{values[0]}×{values[1]}"


def _drawable(layer: dict[str, Any]) -> bool:
    fields = layer["receptive_field"]
    return bool(fields) and all(axis["center"] is not None for axis in fields)


def _middle_span(layer: dict[str, Any], axis: int) -> tuple[float, float]:
    """First and last input cell that the middle output cell sees, on the drawn axis 0 or 1."""
    fields = layer["receptive_field"]
    if len(fields) == 1 and axis == 0:
        return 0, 0
    field = fields[axis - 2] if len(fields) > 1 else fields[0]
    length = _spatial(layer["output_shape"], layer["data_format"])[axis]
    centre = field["center"] + field["stride"] * (length // 2)
    reach = (field["size"] - 1) / 2
    return centre - reach, centre + reach
