"""The layers of a model at any depth, and finding those at which a map can be made."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from typing import Any

import keras
import tensorflow as tf

from nodelens.errors import UsageError
from nodelens.explaining.model.compiling import compiled
from nodelens.explaining.model.gradients import intercepted
from nodelens.explaining.model.grids import (
    Grid,
    Shape,
    computes_channels_first,
    grid_of,
    picture_shape,
    run_model,
)
from nodelens.explaining.model.receptive_field import ReceptiveField, receptive_fields

MOST_CHOICES = 30
"""How many candidates an error names: the last ones, where most maps are made."""


@dataclass(frozen=True)
class LayerRow:
    """One layer of a model.

    Attributes:
        name: Its name; inside a nested model `outer/inner`.
        type: Its Keras class.
        output_shape: Shape of its output, without the batch axis; None if it is not one tensor.
        grid: The layout of the output; None if no map can be made of it, as it has no height and
            width.
        receptive_field: The part of the image that one cell of the output sees; None where that is
            not one size at one place (see `nodelens.explaining.model.receptive_field`).
        layer: The layer.
    """

    name: str
    type: str
    output_shape: Shape | None
    grid: Grid | None
    receptive_field: ReceptiveField | None
    layer: keras.Layer

    @property
    def spatial(self) -> bool:
        """True if a map can be made of the output."""
        return self.grid is not None

    @property
    def attention(self) -> bool:
        """True if the layer lets tokens look at each other."""
        return "Attention" in self.type


def list_layers(model: keras.Model, input_size: tuple[int, int]) -> tuple[LayerRow, ...]:
    """Describes the layers of a model in the order in which they run, without its inputs."""
    named = _walk(model)
    shapes = _declared_shapes(named) or _traced_shapes(model, named, input_size)
    fields = receptive_fields(model, input_size)
    first = computes_channels_first(model)
    return tuple(
        LayerRow(
            name=name,
            type=type(layer).__name__,
            output_shape=shapes[name],
            grid=grid_of(shapes[name], input_size, first=first),
            receptive_field=fields.get(name),
            layer=layer,
        )
        for name, layer in named
        if name in shapes
    )


def find_layer(rows: tuple[LayerRow, ...], name: str) -> LayerRow:
    """Finds the layer to explain at.

    For a nested layer the name is the whole path or, if no other layer bears it, the name alone;
    `auto` is the last layer whose output has a height and a width, in a transformer with a class
    token the last such layer before the last attention.

    Raises:
        UsageError: There is no such layer, or its output has no spatial axes.
    """
    candidates = [row.name for row in rows if row.spatial]
    if not candidates:
        raise UsageError("no layer of the model has a height and a width: no map can be made")
    if name == "auto":
        return _usual(rows)[-1]
    matching = [row for row in rows if row.name == name]
    matching = matching or [row for row in rows if row.name.rpartition("/")[2] == name]
    if not matching:
        short = {row.name.rpartition("/")[2]: row.name for row in rows}
        near = [short[leaf] for leaf in get_close_matches(name, short, n=3, cutoff=0.5)]
        meant = f"did you mean {' or '.join(near)}? " if near else ""
        raise UsageError(f"the model has no layer {name!r}", hint=meant + _choices(candidates))
    if len(matching) > 1:
        listed = ", ".join(row.name for row in matching)
        raise UsageError(
            f"{len(matching)} layers are called {name!r}", hint=f"give the whole path: {listed}"
        )
    row = matching[0]
    if not row.spatial:
        raise UsageError(
            f"the output of the layer {row.name!r} ({row.type}) has the shape {row.output_shape}, "
            "and a map needs a layer that computes a height, a width and channels",
            hint=_choices(candidates),
        )
    return row


def find_layers(rows: tuple[LayerRow, ...], names: Sequence[str]) -> list[LayerRow]:
    """Finds the layers to explain at, each once, as `find_layer` does.

    The name `all` is a walk through the model: the last layer of every size.
    """
    found: list[LayerRow] = []
    for name in names:
        chosen = _last_of_every_size(rows) if name == "all" else [find_layer(rows, name)]
        found += [row for row in chosen if row not in found]
    return found


def _last_of_every_size(rows: tuple[LayerRow, ...]) -> list[LayerRow]:
    last = {(row.grid.height, row.grid.width): row for row in _usual(rows) if row.grid}
    return [row for row in rows if row in last.values()]


def _usual(rows: tuple[LayerRow, ...]) -> list[LayerRow]:
    """Finds the layers to choose from where none is named.

    In a network without attention a matrix is rarely a row of tokens. With a class token only what
    lies before the last attention layer tells of the picture: behind it that token alone counts.
    """
    spatial = [row for row in rows if row.spatial]
    attentive = [number for number, row in enumerate(rows) if row.attention]
    if not attentive:
        return [row for row in spatial if row.grid and row.grid.kind != "tokens"] or spatial
    before = [row for row in rows[: attentive[-1]] if row.grid]
    apart = any(row.grid.special for row in spatial if row.grid)
    return before if apart and before else spatial


def _walk(model: keras.Layer, prefix: str = "") -> list[tuple[str, keras.Layer]]:
    found: list[tuple[str, keras.Layer]] = []
    for layer in model._flatten_layers(include_self=False, recursive=False):
        if isinstance(layer, keras.layers.InputLayer):
            continue
        name = prefix + layer.name
        # The parts of an attention layer lie over pairs of tokens, not over the picture.
        inside = [] if "Attention" in type(layer).__name__ else _walk(layer, f"{name}/")
        found += [*inside, (name, layer)]
    return found


def _declared_shapes(named: list[tuple[str, keras.Layer]]) -> dict[str, Shape | None] | None:
    """Returns the shapes that functional and sequential models know; None if one is unknown."""
    try:
        shapes = {name: _shape(layer.output) for name, layer in named}
    except (AttributeError, ValueError):  # Keras raises either for a layer without a graph
        return None
    return None if any(shape and None in shape for shape in shapes.values()) else shapes


def _traced_shapes(
    model: keras.Model, named: list[tuple[str, keras.Layer]], input_size: tuple[int, int]
) -> dict[str, Shape | None]:
    """Runs the model symbolically and notes the shapes of the outputs."""
    shapes: dict[str, Shape | None] = {}
    spec = tf.TensorSpec((1, *input_size, input_channels(model)), tf.float32)

    def note(name: str, output: Any) -> Any:
        shapes[name] = _shape(output)
        return output

    with ExitStack() as stack:
        for name, layer in named:
            stack.enter_context(intercepted(layer, partial(note, name)))
        compiled(lambda images: run_model(model, images)).get_concrete_function(spec)
    return shapes


def input_channels(model: keras.Model) -> int:
    """Returns the number of channels of the images that a model takes; 3 where unknown."""
    shape = picture_shape(model)
    return shape[2] if shape and shape[2] else 3


def _shape(output: Any) -> Shape | None:
    return tuple(output.shape[1:]) if hasattr(output, "shape") else None


def _choices(candidates: list[str]) -> str:
    shown = candidates[-MOST_CHOICES:]
    which = "" if shown == candidates else f" (the last {MOST_CHOICES} of {len(candidates)})"
    return f"layers with a height and a width{which}: {', '.join(shown)}"
