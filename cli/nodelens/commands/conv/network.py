"""Settings, network and expectations of a call of `node conv-params`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from nodelens.commands.conv.options import ONE_LAYER, ConvParamsCall
from nodelens.commands.conv.settings import ConvParamsSettings
from nodelens.conv.building import build, fill_in, read_keras_file
from nodelens.conv.errors import ConvolutionError, MissingLibraryError
from nodelens.conv.limits import Limits
from nodelens.conv.network import Network
from nodelens.conv.quantities import parse_quantity
from nodelens.errors import EnvironmentLacksError, NodelensError, UsageError
from nodelens.settings.errors import KeyPath
from nodelens.settings.resolve import Resolved

Translate = Callable[[ConvolutionError], NodelensError]
"""Makes the error of the command from that of the arithmetic."""


def merged_settings(call: ConvParamsCall) -> Resolved[ConvParamsSettings]:
    """Returns the settings in force, those of a single layer among them."""
    flags = call.flags()
    one = next((title for key, (title, _) in flags.items() if key.startswith(ONE_LAYER)), None)
    if one and (call.layers or call.model):
        other = "--layer" if call.layers else "--model"
        raise UsageError(
            f"{one} sets up a single layer, and {other} a network: which one is meant?",
            hint="write the layer in a line: --layer 'conv2d 64 k3 s2 same nobias relu'",
        )
    single = one or call.target_output is not None or call.budget is not None
    if call.config is None and single and not call.layers:
        layer = {"layers": ("command line", [{"type": "Conv"}])}
        return call.settings(ConvParamsSettings, arguments=layer)
    resolved = call.settings(ConvParamsSettings)
    if one and len(resolved.settings.layers) != 1:
        raise UsageError(
            f"{one} changes a single layer, and {call.config} has {len(resolved.settings.layers)}",
            hint="change a layer by its place: --set layers.0.filters=32",
        )
    return resolved


def build_network(
    call: ConvParamsCall, resolved: Resolved[ConvParamsSettings]
) -> tuple[Network, Translate]:
    """Builds the network, and returns it with the translation of errors about it."""
    settings = resolved.settings
    model = settings.model

    def of_model(error: ConvolutionError) -> NodelensError:
        kind = EnvironmentLacksError if isinstance(error, MissingLibraryError) else UsageError
        named = str(model) in error.message
        return kind(error.message if named else f"{model}: {error.message}", hint=error.hint)

    def of_layers(error: ConvolutionError) -> NodelensError:
        errors = [error, *error.further]
        if call.config is None:
            return UsageError("\n".join(one.message for one in errors), hint=error.hint)
        return resolved.error([(_path(one), one.message) for one in errors], error.hint)

    translate = of_layers if model is None else of_model
    try:
        if model is None:
            return build(settings.input, settings.layers, settings.data_format), translate
        if settings.layers:
            raise UsageError(
                "a model has layers of its own: give either a model or layers",
                hint="leave out --model, or the layers in the configuration",
            )
        return _model(model, settings, call), translate
    except ConvolutionError as error:
        raise translate(error) from None


def _path(error: ConvolutionError) -> KeyPath:
    """The path of keys to the value that an error is about."""
    layer = () if error.layer is None else ("layers", error.layer)
    return layer + (() if error.key is None else (error.key,))


def _model(name: str, settings: ConvParamsSettings, call: ConvParamsCall) -> Network:
    """Reads a saved model or one of keras.applications."""
    from nodelens.conv.keras_config import data_format, read_config
    from nodelens.conv.network import assemble

    path = Path(name)
    reading = None
    if path.suffix == ".keras":
        reading = read_config(read_keras_file(path))
    if reading is None or reading.unknown:
        from nodelens.conv.verify.models import read_application, read_saved
        from nodelens.runtime.tensorflow import start_tensorflow

        start_tensorflow(call.device or "auto", verbose=call.verbose)
        saved = path.suffix in {".keras", ".h5", ".hdf5"}
        reading = read_saved(path) if saved else read_application(name)
    inputs = fill_in(reading.inputs, settings.input)
    return assemble(inputs, reading.specs, data_format(reading))


def read_limits(resolved: Resolved[ConvParamsSettings], *, partly: bool) -> Limits:
    """Reads the expectations; those of a file are about the whole network, not a part of it."""
    limits: dict[str, Any] = {}
    for key, value in vars(resolved.settings.expect).items():
        place = resolved.places.get(("expect", key))
        if value is None or (partly and (place is None or place.line is not None)):
            continue
        try:
            limits[key] = value if key == "output" else parse_quantity(value)
        except ConvolutionError as error:
            raise resolved.error([(("expect", key), error.message)], error.hint) from None
    return Limits(**limits)
