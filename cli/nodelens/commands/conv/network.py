"""From the words of `node conv-params` to its settings, its network and its expectations."""

from collections.abc import Callable, Mapping
from pathlib import Path

from nodelens.commands.conv.options import ONE_LAYER, ConvParamsCall
from nodelens.conv.building import build
from nodelens.conv.errors import ConvolutionError, MissingLibraryError
from nodelens.conv.limits import Limits
from nodelens.conv.network import Network
from nodelens.conv.quantities import parse_quantity
from nodelens.conv.shapes import Shape
from nodelens.errors import EnvironmentLacksError, NodelensError, UsageError
from nodelens.report.output import Output
from nodelens.settings.conv_params import Located, resolve


def merged_settings(call: ConvParamsCall) -> Located:
    """Merges the file, the assignments and the flags, those of a single layer among them."""
    flags = call.flags()
    one = {key: flags.pop(key) for key in list(flags) if key.startswith(ONE_LAYER)}
    if one and (call.layers or call.model):
        first = next(iter(one.values()))[0]
        other = "--layer" if call.layers else "--model"
        raise UsageError(
            f"{first} sets up a single layer, and {other} a network: which one is meant?",
            hint="write the layer in a line: --layer 'conv2d 64 k3 s2 same nobias relu'",
        )
    if call.config is None:
        single = one or call.target_output is not None or call.budget is not None
        if single and not call.layers:
            given = {key.removeprefix(ONE_LAYER): value for key, (_, value) in one.items()}
            flags["layers"] = ("command line", [{"type": "Conv", **given}])
        return resolve(None, call.overrides, flags)
    located = resolve(find_file(call.config), call.overrides, {**flags, **one})
    if one and len(located.settings.layers) != 1:
        first = next(iter(one.values()))[0]
        raise UsageError(
            f"{first} changes a single layer, and {call.config} has {len(located.settings.layers)}",
            hint="change a layer by its place: --set layers.0.filters=32",
        )
    return located


def find_file(name: str) -> Path:
    """Finds a configuration by path or by the name of an example."""
    from nodelens.runtime.resources import configs

    example = configs() / "conv-params" / f"{name.removesuffix('.yaml')}.yaml"
    for path in (Path(name), example):
        if path.exists():
            return path
    from nodelens.settings.merge import find_config

    return find_config("conv-params", name, configs())


def build_network(
    call: ConvParamsCall, located: Located, output: Output
) -> tuple[Network, Callable[[ConvolutionError], NodelensError]]:
    """Builds the network, and says how errors about it are told."""
    settings = located.settings
    if settings.model is not None:

        def told(error: ConvolutionError) -> NodelensError:
            named = str(settings.model) in error.message
            message = error.message if named else f"{settings.model}: {error.message}"
            if isinstance(error, MissingLibraryError):
                return EnvironmentLacksError(message, hint=error.hint)
            return UsageError(message, hint=error.hint)

        if settings.layers:
            raise UsageError(
                "a model has layers of its own: give either a model or layers",
                hint="leave out --model, or the layers in the configuration",
            )
        return _model(settings.model, settings.input, call.device or "auto", output, told), told

    def located_error(error: ConvolutionError) -> NodelensError:
        errors = [error, *error.further]
        if call.config is None:
            return UsageError("\n".join(one.message for one in errors), hint=error.hint)
        return located.error([(_path(one), one.message) for one in errors], error.hint)

    try:
        network = build(settings.input, settings.layers, settings.data_format)
    except ConvolutionError as error:
        raise located_error(error) from None
    return network, located_error


def _path(error: ConvolutionError) -> tuple[str | int, ...]:
    """The path of keys to the value that an error is about."""
    layer = () if error.layer is None else ("layers", error.layer)
    return layer + (() if error.key is None else (error.key,))


def _model(
    name: str,
    sizes: Mapping[str, Shape],
    device: str,
    output: Output,
    told: Callable[[ConvolutionError], NodelensError],
) -> Network:
    """Reads a saved model or one of keras.applications."""
    from nodelens.conv.building import fill_in, read_keras_file
    from nodelens.conv.keras_config import data_format, read_config
    from nodelens.conv.network import assemble

    path = Path(name)
    try:
        reading = None
        if path.suffix == ".keras":
            reading = read_config(read_keras_file(path))
        if reading is None or reading.unknown:
            from nodelens.conv.verify.models import read_application, read_saved
            from nodelens.runtime.tensorflow import start_tensorflow

            start_tensorflow(device, verbose=output.verbose)
            saved = path.suffix in {".keras", ".h5", ".hdf5"}
            reading = read_saved(path) if saved else read_application(name)
        inputs = fill_in(reading.inputs, sizes)
        return assemble(inputs, reading.specs, data_format(reading))
    except ConvolutionError as error:
        raise told(error) from None


def read_limits(located: Located, *, partly: bool) -> Limits:
    """Reads the expectations; those of a file are about the whole network, not a part of it."""
    expect = located.settings.expect
    if partly:
        kept = {
            key: value
            for key, value in vars(expect).items()
            if (place := located.places.get(("expect", key))) and place.line is None
        }
        expect = type(expect)(**kept)
    quantities = {}
    for key in ("params", "max_params", "max_macs", "max_activation"):
        value = getattr(expect, key)
        try:
            quantities[key] = None if value is None else parse_quantity(value)
        except ConvolutionError as error:
            raise located.error([(("expect", key), error.message)], error.hint) from None
    return Limits(output=expect.output, **quantities)
