"""From what is written down to a network: settings, saved Keras models, parts of a network."""

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
    """Build a network from layers as people write them.

    Args:
        inputs: The inputs' shapes, without the batch, under their names.
        layers: Mappings with `type` and settings, or one-line texts such as `conv2d 64 k3 same`.
        data_format: Where the channels stand if a layer does not say.

    Returns:
        The network.

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
            hint="for one convolution give -f FILTERS -k KERNEL; for more use --layer, "
            "--config or --model",
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
    """Give a model's unknown input sizes the values that are asked for.

    Args:
        inputs: The shapes that the model says.
        sizes: The shapes that are asked for; of a single input under any name.

    Returns:
        The inputs' shapes with nothing changed that the model knows.

    Raises:
        ConvolutionError: The model says otherwise.
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
    """Read the configuration out of a `.keras` file, without Keras.

    Args:
        path: The file, a zip archive with `config.json` in it.

    Returns:
        The configuration, as `keras_config.read_config` takes it.

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
    """Keep only what a layer needs, itself included.

    Args:
        network: The network.
        name: Name of a layer.

    Returns:
        The part of the network that leads to the layer.

    Raises:
        ConvolutionError: There is no such layer.
    """
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
    """Refuse the name of a layer that does not exist.

    Args:
        network: The network.
        name: The name.

    Raises:
        ConvolutionError: There is no layer of that name.
    """
    names = [node.name for node in network.nodes]
    if name not in names:
        listed = ", ".join(names[:30]) + (f", … ({len(names)} in all)" if len(names) > 30 else "")
        raise ConvolutionError(
            f"there is no layer {name!r}; the layers are {listed}", hint=nearest(name, names)
        )
