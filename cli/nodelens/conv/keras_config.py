"""Reading the configuration that Keras writes of a model, without Keras."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from nodelens.conv.arguments import KERAS_NAMES
from nodelens.conv.errors import ConvolutionError
from nodelens.conv.kinds import KINDS
from nodelens.conv.layers.base import Weights
from nodelens.conv.layers.given import Given
from nodelens.conv.network import LayerSpec
from nodelens.conv.shapes import CHANNELS_LAST, Shape

MODELS = ("Functional", "Model", "Sequential")

UNUSED = ("name", "trainable", "dtype")
"""Entries of every layer's configuration that are no settings of its kind."""

KNOWN = {kind.name(rank) for kind in KINDS for rank in kind.ranks or (0,)}
SAME_AS = {"Relu": "ReLU", "CustomScaleLayer": "Add"}
"""Classes of Keras that cost and see as another one does: an operation, and a scaled sum."""

TENSOR = "__keras_tensor__"


class Facts(NamedTuple):
    """The facts about a layer that a program which has built the model knows.

    Attributes:
        shape: Shape of its output, without the batch.
        weights: Its weights.
    """

    shape: Shape | None
    weights: Weights


@dataclass
class Reading:
    """The part of a model that has been read so far.

    Attributes:
        facts: Facts about layers of kinds that are not known here, by name.
        inputs: Shapes of the network's inputs.
        specs: The layers.
        unknown: Names and types of the layers whose figures were neither known nor given.
    """

    facts: Mapping[str, Facts]
    inputs: dict[str, Shape] = field(default_factory=dict)
    specs: list[LayerSpec] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


class Part(NamedTuple):
    """The place of a layer or a nested model in the network.

    Attributes:
        prefix: Its name, which precedes the names of a nested model's layers.
        sources: Names of the layers it takes its inputs from; None for the whole model.
        trainable: False if it is part of a frozen model.
        again: The name of its first call, if this is a later one.
    """

    prefix: str = ""
    sources: list[str] | None = None
    trainable: bool = True
    again: str | None = None


def read_config(config: Mapping[str, Any], facts: Mapping[str, Facts] | None = None) -> Reading:
    """Reads a model's configuration: inputs and layers, ready to be assembled.

    Args:
        config: `{"class_name": …, "config": …}` as in the `config.json` of a `.keras` file.
        facts: Shapes and weights of layers of kinds that are not known here. Names of layers in
            nested models have those of the models before them: `outer/inner`.

    Raises:
        ConvolutionError: The model is neither functional nor sequential, or has no input shape.
    """
    reading = Reading(facts or {})
    _model(config, Part(), reading)
    return reading


def data_format(reading: Reading) -> str:
    """Returns the position of the channels, from the first layer of a model that has one."""
    found = (str(s.settings["data_format"]) for s in reading.specs if s.settings.get("data_format"))
    return next(found, CHANNELS_LAST)


def _model(config: Mapping[str, Any], part: Part, reading: Reading) -> list[str]:
    """Reads a model and returns the names of its outputs."""
    kind, inner = config.get("class_name"), config.get("config")
    if kind not in MODELS or not isinstance(inner, Mapping) or "layers" not in inner:
        raise ConvolutionError(
            f"a model of class {kind!r} writes no list of its layers, so they cannot be counted",
            hint="functional and sequential models can; rebuild it with keras.Model(inputs, "
            "outputs)",
        )
    if kind == "Sequential":
        return _sequential(inner, part, reading)
    return _functional(inner, part, reading)


def _sequential(config: Mapping[str, Any], part: Part, reading: Reading) -> list[str]:
    """Reads the layers of a sequential model."""
    layers = list(config["layers"])
    current = list(part.sources or [])
    if layers and layers[0]["class_name"] == "InputLayer":
        first = layers.pop(0)
        if part.sources is None:
            current = [_input(first, part.prefix, reading)]
    elif part.sources is None:
        shape = config.get("build_input_shape")
        if shape is None:
            raise ConvolutionError(
                "the model does not say the shape of its input",
                hint="build it before saving, or begin it with keras.Input",
            )
        reading.inputs["input"] = tuple(shape[1:])
        current = ["input"]
    for layer in layers:
        own = layer["config"]["name"]
        first = None if part.again is None else part.again + own
        inner = Part(part.prefix + own, current, part.trainable, first)
        current = _layer(layer, inner, None, reading)
    return current


def _functional(config: Mapping[str, Any], part: Part, reading: Reading) -> list[str]:
    """Reads the layers of a functional model; a layer that is called again has a node for each."""
    shapes = dict(_tensor_shapes(config["layers"]))
    outputs: dict[tuple[str, int, int], str] = {}
    entrances = [entry[0] for entry in _histories(config["input_layers"])]
    for layer in config["layers"]:
        own = layer["name"]
        if layer["class_name"] == "InputLayer":
            name = _entrance(layer, part, entrances, reading)
            outputs[own, 0, 0] = name
            continue
        for number, node in enumerate(layer["inbound_nodes"]):
            name = part.prefix + own
            first = part.again + own if part.again is not None else name if number else None
            name += f":{number}" if number else ""
            inner = Part(name, [outputs[one] for one, _ in _tensors(node)], part.trainable, first)
            results = _layer(layer, inner, shapes.get((own, number, 0)), reading)
            results += _more_outputs(layer, number, inner, len(results), shapes, reading)
            for place, result in enumerate(results):
                outputs[own, number, place] = result
    kinds = {layer["name"]: layer["class_name"] for layer in config["layers"]}
    ends = []
    for own, number, place in _histories(config["output_layers"]):
        # Keras counts the calls of a functional model from 1 here, and from 0 everywhere else.
        call = number - 1 if kinds[own] in ("Functional", "Model") else number
        ends.append(outputs[own, call, place])
    return ends


def _more_outputs(
    layer: Mapping[str, Any],
    number: int,
    part: Part,
    known: int,
    shapes: Mapping[tuple[str, int, int], Shape],
    reading: Reading,
) -> list[str]:
    """Adds a layer without weights for each further output of a layer that has several."""
    own, kind = layer["name"], layer["class_name"]
    places = [place for node, n, place in shapes if (node, n) == (own, number) and place >= known]
    names = []
    for place in range(known, max(places, default=-1) + 1):
        made = Given(kind, shapes.get((own, number, place)), Weights())
        names.append(f"{part.prefix}.{place}")
        inputs = tuple(part.sources or ())
        reading.specs.append(
            LayerSpec(kind, name=names[-1], inputs=inputs, shares=part.prefix, made=made)
        )
    return names


def _entrance(layer: Mapping[str, Any], part: Part, entrances: list[str], reading: Reading) -> str:
    """Returns the name of the layer that an input of a functional model stands for."""
    if part.sources is None:
        return _input(layer, part.prefix, reading)
    return part.sources[entrances.index(layer["name"])]


def _input(layer: Mapping[str, Any], prefix: str, reading: Reading) -> str:
    """Notes an input of the network and returns its name."""
    config = layer["config"]
    shape = config.get("batch_shape") or config.get("batch_input_shape")
    name = prefix + config["name"]
    reading.inputs[name] = tuple(shape[1:])
    return name


def _layer(
    layer: Mapping[str, Any], part: Part, shape: Shape | None, reading: Reading
) -> list[str]:
    """Reads one layer, or the model in its place, and returns the names of its outputs."""
    name, again = part.prefix, part.again
    kind, config = SAME_AS.get(layer["class_name"], layer["class_name"]), layer["config"]
    if kind == "Normalization" and config.get("mean") is not None:
        kind = "Rescaling"  # a mean and a variance that are given are constants, not weights
    trainable = part.trainable and bool(config.get("trainable", True))
    if kind in MODELS:
        first = None if again is None else f"{again}/"
        return _model(layer, Part(f"{name}/", part.sources, trainable, first), reading)
    common: dict[str, Any] = {
        "name": name,
        "inputs": tuple(part.sources or ()),
        "trainable": trainable,
        "shares": again,
    }
    if kind in KNOWN:
        reading.specs.append(LayerSpec(kind, _settings(kind, config), foreign=True, **common))
        return [name]
    known = reading.facts.get(again or name)
    operation = str(layer.get("module", "")).startswith(("keras.src.ops", "keras.ops"))
    if known is None and operation and shape is not None:
        known = Facts(shape, Weights())
    if known is None:
        reading.unknown.append(f"{name} ({kind})")
    output = known.shape if known and known.shape else shape
    made = Given(kind, output, known.weights if known else None)
    reading.specs.append(LayerSpec(kind, {}, made=made, **common))
    return [name]


def _settings(kind: str, config: Mapping[str, Any]) -> dict[str, object]:
    """Returns a layer's configuration under the names that settings have here."""
    settings = {KERAS_NAMES.get(key, key): config[key] for key in config if key not in UNUSED}
    activation = settings.get("activation")
    if isinstance(activation, Mapping):
        inner = activation.get("config")
        settings["activation"] = inner if isinstance(inner, str) else activation["class_name"]
    if settings.get("activation") == "linear" and kind != "Activation":
        settings["activation"] = None
    return settings


def _histories(entries: Any) -> list[tuple[str, int, int]]:
    """Reads where tensors come from: one entry, a list, or a mapping of entries."""
    if isinstance(entries, Mapping):
        entries = list(entries.values())
    if entries and isinstance(entries[0], str):
        entries = [entries]
    return [(str(name), int(node), int(place)) for name, node, place in entries]


def _tensor_shapes(layers: Any) -> Iterator[tuple[tuple[str, int, int], Shape]]:
    """Collects the shapes that are written beside the tensors, without the batch."""
    for layer in layers:
        for history, shape in _tensors(layer.get("inbound_nodes")):
            yield history, tuple(shape[1:])


def _tensors(value: Any) -> Iterator[tuple[tuple[str, int, int], list[int | None]]]:
    """Finds all tensors in nested lists and mappings."""
    if isinstance(value, Mapping):
        if value.get("class_name") == TENSOR:
            config = value["config"]
            yield _histories([config["keras_history"]])[0], config["shape"]
            return
        value = value.values()
    elif not isinstance(value, list | tuple):
        return
    for entry in value:
        yield from _tensors(entry)
