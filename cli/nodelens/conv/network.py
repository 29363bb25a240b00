"""Layers wired together: names, order, shapes."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from nodelens.conv.arguments import nearest
from nodelens.conv.errors import ConvolutionError
from nodelens.conv.kinds import find, make
from nodelens.conv.layers.base import Layer
from nodelens.conv.shapes import CHANNELS_LAST, Shape, format_shape

INPUT = "input"
"""Name of a network's only input."""


class LayerSpec(NamedTuple):
    """A layer as the user writes it, before its input is known.

    Attributes:
        type: Name of its kind.
        settings: Names and values of its settings.
        name: Its own name; made from the type if missing.
        inputs: Names of the layers whose outputs it takes; the layer before if missing.
        trainable: True if its weights are trained.
        shares: Name of an earlier layer whose weights it uses again.
        foreign: True if the settings are those of Keras, more of which may be given than are read.
        made: The layer itself, where it does not come from settings.
    """

    type: str
    settings: Mapping[str, object] = {}
    name: str | None = None
    inputs: tuple[str, ...] | None = None
    trainable: bool = True
    shares: str | None = None
    foreign: bool = False
    made: Layer | None = None


class Node(NamedTuple):
    """A layer at its place in a network.

    Attributes:
        name: Its name, unique in the network.
        layer: The layer.
        inputs: Names of the nodes or network inputs it takes.
        input_shapes: Their shapes.
        output_shape: Its own output's shape.
        trainable: True if its weights are trained.
        shares: Name of the node whose weights it uses again.
    """

    name: str
    layer: Layer
    inputs: tuple[str, ...]
    input_shapes: tuple[Shape, ...]
    output_shape: Shape
    trainable: bool = True
    shares: str | None = None


class Network(NamedTuple):
    """Layers in an order in which they can be computed.

    Attributes:
        inputs: The inputs' shapes, without the batch, under their names.
        nodes: The layers; each takes only inputs and nodes before it.
        data_format: The position of the channels if a layer does not give it.
    """

    inputs: Mapping[str, Shape]
    nodes: tuple[Node, ...]
    data_format: str = CHANNELS_LAST


def assemble(
    inputs: Mapping[str, Shape], specs: Sequence[LayerSpec], data_format: str = CHANNELS_LAST
) -> Network:
    """Connects layers and follows the shapes through them.

    Args:
        inputs: The inputs' shapes, without the batch, under their names.
        specs: The layers; a later one may be named as an input of an earlier one.
        data_format: The position of the channels if a layer does not give it.

    Raises:
        ConvolutionError: A layer cannot exist, a name is unknown or doubled, or there is a cycle.
    """
    for name, shape in inputs.items():
        _check_input(name, shape)
    names = _names(specs, inputs)
    wires = _wires(specs, names, inputs)
    shapes: dict[str, Shape] = dict(inputs)
    workshop = _Workshop(data_format)
    nodes = []
    for place in _order(names, wires, inputs):
        spec, name = specs[place], names[place]
        taken = tuple(shapes[source] for source in wires[place])
        try:
            node = _place(workshop.layer(spec, taken[0]), spec, name, wires[place], taken)
        except ConvolutionError as error:
            further = _further(specs, names, place, next(iter(inputs.values())), data_format)
            raise error.at(place, name).along_with(further) from None
        shapes[name] = node.output_shape
        nodes.append(node)
    return Network(dict(inputs), tuple(nodes), data_format)


def _further(
    specs: Sequence[LayerSpec], names: Sequence[str], place: int, shape: Shape, data_format: str
) -> list[ConvolutionError]:
    """Finds what else is wrong with the layers after a wrong one, apart from shapes."""
    errors = []
    for later in range(place + 1, len(specs)):
        spec = specs[later]
        try:
            if spec.made is None:
                make(spec.type, spec.settings, shape, data_format, foreign=spec.foreign)
        except ConvolutionError as error:
            errors.append(error.at(later, names[later]))
    return errors


class _Workshop:
    """Makes layers; those with the same settings are one, as deep networks repeat a few."""

    def __init__(self, data_format: str) -> None:
        self._data_format = data_format
        self._made: dict[tuple[str, int, str], Layer] = {}

    def layer(self, spec: LayerSpec, shape: Shape) -> Layer:
        """Returns the layer of a specification, for an input of a shape."""
        if spec.made is not None:
            return spec.made
        key = spec.type, len(shape), repr(spec.settings)
        layer = self._made.get(key)
        if layer is None:
            layer = self._made[key] = make(
                spec.type, spec.settings, shape, self._data_format, foreign=spec.foreign
            )
        return layer


def _place(
    layer: Layer,
    spec: LayerSpec,
    name: str,
    wires: tuple[str, ...],
    shapes: tuple[Shape, ...],
) -> Node:
    """Puts a layer behind its inputs."""
    if not layer.merges and len(shapes) > 1:
        raise ConvolutionError(
            f"{layer.type} takes one input, received {len(shapes)}",
            hint="an Add or a Concatenate before it joins several into one",
            key="inputs",
        )
    output = _output_shape(layer, shapes)
    return Node(name, layer, wires, shapes, output, spec.trainable, spec.shares)


@lru_cache(maxsize=256)
def _output_shape(layer: Layer, shapes: tuple[Shape, ...]) -> Shape:
    """Asks a layer for its output's shape, once for each of its inputs' shapes."""
    return layer.output_shape(*shapes)


def _check_input(name: str, shape: Shape) -> None:
    """Refuses an input without axes or with sizes below 1."""
    if not shape or any(size is not None and size < 1 for size in shape):
        raise ConvolutionError(
            f"the input's sizes must be at least 1, received {format_shape(shape)} for {name}",
            hint="give height, width and channels, for example 200 200 3; '?' is an unknown size",
            key="input",
        )


def _names(specs: Sequence[LayerSpec], inputs: Mapping[str, Shape]) -> list[str]:
    """Returns a name for every layer: its own, or its type's in Keras' style with a number."""
    taken = set(inputs)
    for place, spec in enumerate(specs):
        if spec.name is None:
            continue
        if spec.name in taken:
            raise ConvolutionError(
                f"the name {spec.name!r} is given twice",
                hint="names of layers and inputs are unique in a network",
                key="name",
            ).at(place, spec.name)
        taken.add(spec.name)
    rank = len(next(iter(inputs.values()))) - 1
    counts: dict[str, int] = {}
    names = []
    for place, spec in enumerate(specs):
        name = spec.name
        try:
            stem = "" if name else _stem(spec.type, rank)
        except ConvolutionError as error:
            raise error.at(place, spec.type) from None
        while name is None:
            number = counts.get(stem, 0)
            counts[stem] = number + 1
            candidate = f"{stem}_{number}" if number else stem
            name = candidate if candidate not in taken else None
        taken.add(name)
        names.append(name)
    return names


@lru_cache(maxsize=256)
def _stem(word: str, rank: int) -> str:
    """Returns the type of a layer as Keras names layers: `MaxPooling2D` is `max_pooling2d`."""
    kind, own = find(word)
    stem = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", kind.name(own or rank))
    return re.sub("([a-z])([A-Z])", r"\1_\2", stem).lower()


def _wires(
    specs: Sequence[LayerSpec], names: Sequence[str], inputs: Mapping[str, Shape]
) -> list[tuple[str, ...]]:
    """Returns the names of the inputs of every layer."""
    known = {*inputs, *names}
    before = next(iter(inputs))
    wires = []
    for place, (spec, name) in enumerate(zip(specs, names, strict=True)):
        sources = spec.inputs or (before,)
        for source in sources:
            if source not in known:
                raise ConvolutionError(
                    f"there is no layer {source!r} to take as an input",
                    hint=nearest(source, known),
                    key="inputs",
                ).at(place, name)
        wires.append(sources)
        before = name
    return wires


def _order(
    names: Sequence[str], wires: Sequence[tuple[str, ...]], inputs: Mapping[str, Shape]
) -> list[int]:
    """Sorts the layers so that each comes after its inputs, otherwise as they were written."""
    places = {name: place for place, name in enumerate(names)}
    order: list[int] = []
    state = dict.fromkeys(inputs, True)
    for start in range(len(names)):
        trail = [start]
        while trail:
            place = trail[-1]
            if state.get(names[place]):
                trail.pop()
                continue
            state[names[place]] = False
            missing = next((w for w in wires[place] if not state.get(w)), None)
            if missing is None:
                state[names[place]] = True
                order.append(trail.pop())
            elif missing in state:
                loop = [names[p] for p in trail[trail.index(places[missing]) :]]
                raise ConvolutionError(
                    f"the layers go round in a circle: {' ← '.join([*loop, loop[0]])}",
                    hint="every layer's inputs must lead back to the network's input",
                    key="inputs",
                ).at(place, names[place])
            else:
                trail.append(places[missing])
    return order
