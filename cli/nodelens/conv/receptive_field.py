"""Receptive fields: the cells of the network's input that a cell of a layer's output can see.

With the window (extent e, stride s, zeros before p) of each layer before it, the field of a chain
has, layer by layer (Araujo, Norris and Sim, Distill 2019, equations 1 to 3),

    size ← size + (e - 1)·stride,   padding ← padding + p·stride,   stride ← stride·s,

and the first cell's field has its centre at (size - 1) / 2 - padding. Where branches meet, the
field is defined if all have the same stride and look at the same centres; it then spans them all.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from nodelens.conv.layers.base import Geometry, Layer, NoField
from nodelens.conv.layers.merging import Concatenate
from nodelens.conv.network import Network, Node
from nodelens.conv.shapes import Shape, split
from nodelens.conv.windows import IDENTITY, Window, compose, union


class AxisField(NamedTuple):
    """A receptive field along one axis, in cells of the network's input.

    Attributes:
        size: Cells seen by one output cell; the most where it varies between cells.
        stride: Cells from the field of one output cell to that of the next.
        padding: Cells by which the first output cell's field begins before the input's first cell;
            `None` if it depends on an unknown size.
        center: Place of the centre of the first output cell's field, 0 at the centre of the input's
            first cell; `None` as `padding`.
        smallest_size: The least number of cells seen, which differs from `size` only behind
            up-sampling and transposed convolutions.
    """

    size: int
    stride: int | float
    padding: int | None
    center: int | float | None
    smallest_size: int


Fields = tuple[AxisField, ...] | NoField


def receptive_fields(network: Network) -> list[Geometry]:
    """Returns for each node a window an axis onto the network's input.

    Where there are none, the reason takes their place.
    """
    seen: dict[str, Geometry] = {}
    origin: dict[str, str] = {}
    for name, shape in network.inputs.items():
        seen[name] = (IDENTITY,) * (len(shape) - 1)
        origin[name] = name
    fields = []
    for node in network.nodes:
        origins = {origin[source] for source in node.inputs}
        geometry = _geometry(node.layer, node.input_shapes)
        if len(origins) > 1:
            found: Geometry = NoField("it sees more than one input of the network")
        elif node.layer.merges and not isinstance(geometry, NoField):
            found = _meet(node, [seen[source] for source in node.inputs])
        else:
            found = _look(geometry, seen[node.inputs[0]])
        seen[node.name] = found
        origin[node.name] = min(origins)
        fields.append(found)
    return fields


def describe(geometry: Geometry) -> Fields:
    """Returns the figures of windows, a field an axis, or the reason why there are none."""
    if isinstance(geometry, NoField):
        return geometry
    if not geometry:
        return NoField("there are no spatial axes")
    if all(window is geometry[0] for window in geometry):
        return (_figures(geometry[0]),) * len(geometry)
    return tuple(_figures(window) for window in geometry)


def _figures(window: Window) -> AxisField:
    """Returns the figures of one axis."""
    stride = _ratio(window.step, window.period)
    first = next((span for span in window.spans if span), None)
    known = first is not None and window.anchored
    return AxisField(
        size=window.size,
        stride=stride,
        padding=-first[0] if known and first else None,
        center=_ratio(first[0] + first[1], 2) if known and first else None,
        smallest_size=window.smallest_size,
    )


def _ratio(numerator: int, denominator: int) -> int | float:
    """Divides, exactly where the result is whole."""
    whole, rest = divmod(numerator, denominator)
    return whole if not rest else numerator / denominator


@lru_cache(maxsize=1024)  # deep networks repeat the same few layers
def _geometry(layer: Layer, shapes: tuple[Shape, ...]) -> Geometry:
    """Returns what a layer sees, computed once for each of its inputs' shapes."""
    return layer.geometry(*shapes)


def _look(geometry: Geometry, onto: Geometry) -> Geometry:
    """Returns the field of a layer through that of its input."""
    if isinstance(onto, NoField):
        return _strongest((onto, geometry))
    if isinstance(geometry, NoField):
        return geometry
    windows = []
    for outer, inner in zip(geometry, onto, strict=True):
        window = inner if outer is IDENTITY else compose(outer, inner)
        if window is None:
            return NoField("what a cell sees depends on an unknown size, or repeats too late")
        windows.append(window)
    return tuple(windows)


def _meet(node: Node, branches: Sequence[Geometry]) -> Geometry:
    """Joins the branches at a layer with several inputs, if they are aligned."""
    windows = [branch for branch in branches if not isinstance(branch, NoField)]
    if len(windows) < len(branches):
        return _strongest(branches)
    spatial = {split(shape, node.layer.data_format)[0] for shape in node.input_shapes}
    if isinstance(node.layer, Concatenate) and not node.layer.joins_channels(node.output_shape):
        return NoField("it joins along a spatial axis")
    if len({len(sizes) for sizes in spatial}) > 1 or (len(spatial) > 1 and _spreads(spatial)):
        return NoField(
            "a branch of one cell is spread over all: every cell sees what that one sees"
        )
    joined = []
    for axis, one_axis in enumerate(zip(*windows, strict=True)):
        why = _misaligned(axis, node.inputs, one_axis)
        if why:
            return NoField(why)
        joined.append(union(one_axis))
    return tuple(joined)


def _strongest(seen: Sequence[Geometry]) -> NoField:
    """Returns the first of several reasons, unless another says that the whole input is seen."""
    reasons = [one for one in seen if isinstance(one, NoField)]
    return next((reason for reason in reasons if reason.everywhere), reasons[0])


def _spreads(spatial: set[tuple[int | None, ...]]) -> bool:
    """Checks whether sizes of 1 meet other known sizes."""
    for sizes in zip(*spatial, strict=True):
        known = {size for size in sizes if size is not None}
        if 1 in known and len(known) > 1:
            return True
    return False


def _misaligned(axis: int, names: Sequence[str], windows: Sequence[Window]) -> str | None:
    """Returns the reason why branches cannot be joined along an axis; None if they can."""
    first = windows[0]
    for name, window in zip(names[1:], windows[1:], strict=True):
        where = f"branches {names[0]} and {name} are not aligned on axis {axis}"
        if first.step * window.period != window.step * first.period:
            strides = [_ratio(w.step, w.period) for w in (first, window)]
            return f"{where}: strides {strides[0]} and {strides[1]}"
        if window == first:
            continue
        if not first.anchored or not window.anchored:
            return (
                f"branches {names[0]} and {name} cannot be checked for alignment on axis {axis} "
                "while the input's size is unknown"
            )
        if not first.aligned_with(window):
            centres = [_figures(w).center for w in (first, window)]
            return f"{where}: first centres {centres[0]} and {centres[1]}"
    return None
