"""Networks from settings and saved Keras models, and parts of networks."""

import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nodelens.conv.arguments import nearest
from nodelens.conv.errors import ConvolutionError
from nodelens.conv.network import Network, assemble
from nodelens.conv.shapes import CHANNELS_LAST, Shape, format_shape
from nodelens.conv.writing import from_mapping


def build(
    inputs: Mapping[str, Shape], layers: Sequence[object], data_format: str = CHANNELS_LAST
) -> Network:
    """Builds a network from layers as users write them.

    Args:
        inputs: The inputs' shapes, without the batch, under their names.
        layers: Mappings with `type` and settings, or one-line texts such as `conv2d 64 k3 same`.
        data_format: The position of the channels if a layer does not give it.

    Raises:
        ConvolutionError: There is no input or no layer, or a layer cannot exist.
    """
    if not inputs:
        raise ConvolutionError(
            "the shape of the input is missing",
            hint="give height, width and channels, for example 200 200 3",
            key="input",
        )
    if not layers:
        raise ConvolutionError(
            "there is no layer to count",
            hint="give `layers`, such as 'conv2d 10 k5', or a `model`",
            key="layers",
        )
    specs, errors = [], []
    for place, entry in enumerate(layers):
        try:
            specs.append(from_mapping(entry, place))
        except ConvolutionError as error:
            errors.append(error)
    if errors:
        raise errors[0].along_with(errors[1:])
    return assemble(inputs, specs, data_format)


def fill_in(inputs: Mapping[str, Shape], sizes: Mapping[str, Shape]) -> dict[str, Shape]:
    """Returns a model's input shapes with sizes in place of the unknown ones.

    Args:
        inputs: The shapes of the model.
        sizes: The shapes that are asked for; of a single input under any name.

    Raises:
        ConvolutionError: A size differs from one that the model knows.
    """
    if len(inputs) == len(sizes) == 1:
        sizes = dict(zip(inputs, sizes.values(), strict=True))
    filled = dict(inputs)
    for name, wanted in sizes.items():
        known = inputs.get(name, ())
        fits = len(known) == len(wanted) and all(
            size in (None, want) for size, want in zip(known, wanted, strict=True)
        )
        if not fits:
            raise ConvolutionError(
                f"the model's inputs are "
                f"{', '.join(f'{key} {format_shape(shape)}' for key, shape in inputs.items())}, "
                f"received {name} {format_shape(wanted)}",
                hint="only unknown sizes (?) can be given; leave the sizes out",
                key="input",
            )
        filled[name] = wanted
    return filled


def read_keras_file(path: Path) -> dict[str, Any]:
    """Reads the configuration of a `.keras` file, a zip archive, without Keras.

    Raises:
        ConvolutionError: It is no such file.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            config = json.loads(archive.read("config.json"))
    except OSError as error:
        raise ConvolutionError(f"{path} cannot be read: {error.strerror}") from error
    except (KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ConvolutionError(
            f"{path} is no Keras model: {error}",
            hint="save the model with model.save('name.keras')",
        ) from error
    if not isinstance(config, dict):
        raise ConvolutionError(f"{path} is no Keras model: its config.json is not a mapping")
    return config


def up_to(network: Network, name: str) -> Network:
    """Returns the part of a network that leads to the layer `name`; raises if there is none."""
    need_layer(network, name)
    wanted = {name}
    kept = []
    for node in reversed(network.nodes):
        if node.name in wanted:
            wanted.update(node.inputs)
            kept.append(node)
    inputs = {source: shape for source, shape in network.inputs.items() if source in wanted}
    return Network(inputs, tuple(reversed(kept)), network.data_format)


def need_layer(network: Network, name: str) -> None:
    """Raises if there is no layer `name` in a network."""
    names = [node.name for node in network.nodes]
    if name not in names:
        listed = ", ".join(names[:30]) + (f", … ({len(names)} in all)" if len(names) > 30 else "")
        raise ConvolutionError(
            f"there is no layer {name!r}; the layers are {listed}", hint=nearest(name, names)
        )
