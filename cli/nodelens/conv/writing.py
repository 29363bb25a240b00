"""The two notations of a layer: a mapping (YAML), and a line (`conv2d 64 k3 same`)."""

import json
from collections.abc import Mapping
from functools import lru_cache

from nodelens.conv.arguments import nearest
from nodelens.conv.errors import ConvolutionError
from nodelens.conv.kinds import find
from nodelens.conv.network import LayerSpec

LETTERS = {
    "k": "kernel_size",
    "s": "strides",
    "p": "padding",
    "d": "dilation",
    "g": "groups",
    "m": "depth_multiplier",
    "f": "filters",
}
"""Letters that stand for a setting when a number follows: `k3`, `s2`, `k3x5`."""

PADDINGS = ("valid", "same", "causal")
ACTIVATIONS = (
    *("relu", "relu6", "leaky_relu", "elu", "selu", "gelu", "silu", "swish", "mish", "celu"),
    *("sigmoid", "hard_sigmoid", "hard_silu", "hard_swish", "tanh", "softmax", "log_softmax"),
    *("softplus", "softsign", "exponential", "linear"),
)
ABOUT_THE_PLACE = ("type", "name", "inputs", "trainable")


def from_mapping(entry: object, place: int) -> LayerSpec:
    """Reads a layer written as a mapping, or in one line.

    Args:
        entry: A mapping with `type`, the settings, and where wanted `name`, `inputs`, `trainable`;
            or a text as `from_line` takes it.
        place: Place in the list of layers, for messages.

    Raises:
        ConvolutionError: It is neither, or one of the four keys is wrong.
    """
    try:
        return from_line(entry) if isinstance(entry, str) else _spec(entry)
    except ConvolutionError as error:
        raise error.at(place, _title(entry)) from None


@lru_cache(maxsize=1024)  # deep networks repeat the same few lines
def from_line(line: str) -> LayerSpec:
    """Reads a layer written in one line.

    The first word is the type. Then, in any order: bare numbers for what the type asks first
    (`conv2d 64 3`: filters, kernel), a letter with a number (`k3`, `k3x5`, `s2`, `d2`, `g4`, `m2`),
    `same`, `valid` or `causal`, `nobias`, `frozen`, the name of an activation, and `key=value`.

    Raises:
        ConvolutionError: A word means nothing here.
    """
    words = line.split()
    if not words:
        raise ConvolutionError("an empty line is no layer", hint="for example: conv2d 64 k3 same")
    entry: dict[str, object] = {"type": words[0]}
    kind, _ = find(words[0])
    leading = list(kind.leading)
    for word in words[1:]:
        key, value = _word(word, leading)
        if key in entry:
            raise ConvolutionError(f"{key} is given twice in {line!r}", key=key)
        entry[key] = value
    return _spec(entry)


def _spec(entry: object) -> LayerSpec:
    """Reads a layer written as a mapping."""
    if not isinstance(entry, Mapping) or not isinstance(entry.get("type"), str):
        raise ConvolutionError(
            f"a layer needs 'type', a name such as Conv2D; received {entry!r}",
            hint="write {type: Conv2D, filters: 64, kernel_size: 3}, or in short 'conv2d 64 k3'",
            key="type" if isinstance(entry, Mapping) else None,
        )
    name = entry.get("name")
    if name is not None and not isinstance(name, str):
        raise _wrong("name", "a word", name)
    trainable = entry.get("trainable", True)
    if not isinstance(trainable, bool):
        raise _wrong("trainable", "true or false", trainable)
    settings = {key: value for key, value in entry.items() if key not in ABOUT_THE_PLACE}
    return LayerSpec(entry["type"], settings, name, _inputs(entry.get("inputs")), trainable)


def _title(entry: object) -> str:
    """Returns the name of a layer that cannot be read, or else its type."""
    if isinstance(entry, str):
        return next(iter(entry.split()), "without a type")
    words = (entry.get("name"), entry.get("type")) if isinstance(entry, Mapping) else ()
    return next((word for word in words if isinstance(word, str)), "without a type")


def _word(word: str, leading: list[str]) -> tuple[str, object]:
    """Returns the setting that a word of a line sets, and its value."""
    key, separator, text = word.partition("=")
    if separator:
        return key.replace("-", "_"), _value(text)
    if word in PADDINGS:
        return "padding", word
    if word in {"nobias", "no-bias"}:
        return "use_bias", False
    if word == "frozen":
        return "trainable", False
    if word[0].isdigit() or word[0] in "-[?":
        if not leading:
            raise ConvolutionError(
                f"the number {word} has no meaning here",
                hint="say which setting it is: k3, s2, d2, or key=value",
            )
        return leading.pop(0), _value(word)
    if word[0] in LETTERS and word[1:2].isdigit():
        return LETTERS[word[0]], _value(word[1:])
    if word in ACTIVATIONS or (leading and leading[0] == "activation"):
        return "activation", word
    known = (*PADDINGS, *ACTIVATIONS, "nobias", "frozen")
    raise ConvolutionError(
        f"{word!r} means nothing here",
        hint=nearest(word, known) or "write k3, s2, same, nobias, relu, or key=value",
    )


def _value(text: str) -> object:
    """Reads a value of a line: a number, true, false, a list, or a word."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _inputs(value: object) -> tuple[str, ...] | None:
    """Reads the names of a layer's inputs: one, a list, or several with commas between."""
    if value is None:
        return None
    names = value.split(",") if isinstance(value, str) else value
    if isinstance(names, list | tuple) and names and all(isinstance(n, str) for n in names):
        return tuple(source.strip() for source in names)
    raise _wrong("inputs", "the name of a layer or a list of names", value)


def _wrong(key: str, expected: str, value: object) -> ConvolutionError:
    """Makes the error of a key that is not what it must be."""
    return ConvolutionError(f"{key} must be {expected}, received {value!r}", key=key)
