"""What `node conv-params` answers, once its command line has been read."""

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nodelens.commands.options import Call
from nodelens.conv.accounting import Accounting, account
from nodelens.conv.building import build, need_layer, up_to
from nodelens.conv.document import to_document
from nodelens.conv.errors import ConvolutionError
from nodelens.conv.limits import Check, Limits, check
from nodelens.conv.network import Network
from nodelens.conv.quantities import parse_quantity
from nodelens.errors import ExitCode, NodelensError, UsageError
from nodelens.report import conv_answers, conv_layer, conv_table
from nodelens.report.output import PIPE_WIDTH, Output
from nodelens.settings.conv_params import Located, resolve


@dataclass(frozen=True)
class Wishes:
    """What was asked for, apart from the settings.

    Attributes:
        one_layer: The settings of a single layer that were given as flags, with the flags.
        layer_name: The only layer to tell.
        up_to: The last layer to count.
        compare: Another configuration to compare with.
        target_output: Spatial sizes to be reached.
        budget: Parameters to be spent on filters.
        verify: Whether Keras is asked too.
        show_config: Whether only the settings are wanted.
        explain: Whether it is told in words.
        csv: Whether CSV is wanted.
        markdown: Whether Markdown is wanted.
        figure: Where a picture is to be drawn.
        force: Whether an existing picture may be overwritten.
        seed: Of no use here, as nothing is random; accepted as on every subcommand.
        device: Where Keras runs, if it is asked.
    """

    one_layer: dict[str, tuple[str, Any]]
    layer_name: str | None = None
    up_to: str | None = None
    compare: str | None = None
    target_output: str | None = None
    budget: str | None = None
    verify: bool = False
    show_config: bool = False
    explain: bool = False
    csv: bool = False
    markdown: bool = False
    figure: Path | None = None
    force: bool = False
    seed: int | None = None
    device: str = "auto"


def answer(call: Call, wishes: Wishes) -> ExitCode:
    """Answers one call of conv-params.

    Args:
        call: The settings given and the way of printing.
        wishes: What else was asked for.

    Raises:
        UsageError: The settings do not make a network, or a wish cannot be met.
    """
    output = call.output()
    located = _settings(call, wishes)
    if wishes.show_config:
        return _show_config(output, located)
    if wishes.target_output is not None:
        return _ways(output, located, wishes.target_output)
    if wishes.budget is not None:
        return _spend(output, located, wishes.budget)
    network, problem = _network(call, wishes, located, output)
    limits = _limits(located, partly=wishes.up_to is not None)
    try:
        accounting = _count(network, located, wishes)
    except ConvolutionError as error:
        raise problem(error) from None
    document = to_document(accounting)
    texts = [_text(document, accounting, wishes, call.verbose)]
    passed = True
    if limits != Limits():
        checks = check(accounting, limits)
        document["checks"] = [one.to_document() for one in checks]
        texts.append(_checks_text(checks))
        passed = all(one.passed for one in checks)
    if wishes.compare is not None:
        document["comparison"], text = _comparison(call, wishes, accounting)
        texts.append(text)
    if wishes.verify:
        document["verification"], text = _verification(network, wishes, call.verbose)
        texts.append(text)
        passed = passed and document["verification"]["verdict"] == "pass"
    if wishes.figure is not None:
        _draw(document, wishes.figure, wishes)
        output.note(f"written: {wishes.figure}")
    if accounting.uncounted:
        output.warn(
            f"the operations of {len(accounting.uncounted)} layers of kinds not known here are "
            f"not counted: {', '.join(accounting.uncounted[:5])}"
        )
    _print(output, document, "\n\n".join(texts))
    return ExitCode.DONE if passed else ExitCode.VERDICT_NO


def _settings(call: Call, wishes: Wishes) -> Located:
    """Merges the file, the assignments and the flags, those of a single layer among them."""
    flags = dict(call.flags)
    lines, model = flags["layers"][1], flags["model"][1]
    one = wishes.one_layer
    if one and (lines or model):
        first = next(iter(one.values()))[0]
        other = "--layer" if lines else "--model"
        raise UsageError(
            f"{first} sets up a single layer, and {other} a network: which one is meant?",
            hint="write the layer in a line: --layer 'conv2d 64 k3 s2 same nobias relu'",
        )
    if call.config is None:
        single = one or wishes.target_output is not None or wishes.budget is not None
        if single and not lines:
            layer = {"type": "Conv", **{key: value for key, (_, value) in one.items()}}
            flags["layers"] = ("command line", [layer])
        return resolve(None, call.overrides or (), flags)
    overridden = {f"layers.0.{key}": given for key, given in one.items()}
    located = resolve(_find(call.config), call.overrides or (), {**flags, **overridden})
    if one and len(located.settings.layers) != 1:
        first = next(iter(one.values()))[0]
        raise UsageError(
            f"{first} changes a single layer, and {call.config} has {len(located.settings.layers)}",
            hint="change a layer by its place: --set layers.0.filters=32",
        )
    return located


def _find(name: str) -> Path:
    """Finds a configuration by path or by the name of an example."""
    from nodelens.runtime.resources import configs

    example = configs() / "conv-params" / f"{name.removesuffix('.yaml')}.yaml"
    for path in (Path(name), example):
        if path.exists():
            return path
    from nodelens.settings.resolve import find_config

    return find_config("conv-params", name, configs())


def _network(
    call: Call, wishes: Wishes, located: Located, output: Output
) -> tuple[Network, Callable[[ConvolutionError], NodelensError]]:
    """Builds the network, and says how errors about it are told."""
    settings = located.settings
    if settings.model is not None:

        def told(error: ConvolutionError) -> NodelensError:
            return UsageError(f"{settings.model}: {error.message}", hint=error.hint)

        return _model(settings.model, wishes.device, output, told), told

    def located_error(error: ConvolutionError) -> NodelensError:
        if call.config is None:
            return UsageError(error.message, hint=error.hint)
        path: tuple[str | int, ...] = () if error.layer is None else ("layers", error.layer)
        path += () if error.key is None else (error.key,)
        return located.error(path, error.message, error.hint)

    try:
        network = build(settings.input, settings.layers, settings.data_format)
    except ConvolutionError as error:
        raise located_error(error) from None
    return network, located_error


def _model(
    name: str, device: str, output: Output, told: Callable[[ConvolutionError], NodelensError]
) -> Network:
    """Reads a saved model or one of keras.applications."""
    from nodelens.conv.building import read_keras_file
    from nodelens.conv.keras_config import data_format, read_config
    from nodelens.conv.network import assemble

    path = Path(name)
    try:
        reading = None
        if path.suffix == ".keras":
            reading = read_config(read_keras_file(path))
        if reading is None or reading.unknown:
            from nodelens.checking.conv_models import read_application, read_saved
            from nodelens.runtime.tensorflow import start_tensorflow

            start_tensorflow(device, verbose=output.verbose)
            saved = path.suffix in {".keras", ".h5", ".hdf5"}
            reading = read_saved(path) if saved else read_application(name)
        return assemble(reading.inputs, reading.specs, data_format(reading))
    except ConvolutionError as error:
        raise told(error) from None


def _count(network: Network, located: Located, wishes: Wishes) -> Accounting:
    """Counts the network, or the part that was asked for."""
    settings = located.settings
    if wishes.up_to is not None:
        network = up_to(network, wishes.up_to)
    if wishes.layer_name is not None:
        need_layer(network, wishes.layer_name)
    accounting = account(network, dtype=settings.dtype, batch=settings.batch_size)
    return accounting


def _limits(located: Located, *, partly: bool) -> Limits:
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
            raise located.error(("expect", key), error.message, error.hint) from None
    return Limits(output=expect.output, **quantities)


def _text(document: dict[str, Any], accounting: Accounting, wishes: Wishes, verbose: bool) -> str:
    """Puts the figures into the words, the table or the format that was asked for."""
    if wishes.csv or wishes.markdown:
        from nodelens.report.conv_export import csv_text, markdown_text

        text = csv_text(document) if wishes.csv else markdown_text(document)
        return text.removesuffix("\n")
    layers = accounting.layers
    places = [n for n, layer in enumerate(layers) if wishes.layer_name in (None, layer.name)]
    if wishes.explain:
        from nodelens.conv.explanation import explain

        told = [(layers[place].name, explain(layers[place])) for place in places]
        return conv_layer.words(told, _width())
    if len(places) == 1:
        return conv_layer.layer_text(document["layers"][places[0]], document)
    return conv_table.network_text(document, _width(), every_layer=verbose)


def _checks_text(checks: list[Check]) -> str:
    return "\n".join(f"{'ok    ' if one.passed else 'FAILED'}  {one.message}" for one in checks)


def _comparison(call: Call, wishes: Wishes, ours: Accounting) -> tuple[list[dict[str, Any]], str]:
    """Compares with another configuration."""
    from dataclasses import asdict

    from nodelens.conv.comparison import compare

    other = wishes.compare or ""
    their_call = replace(call, config=other, overrides=None, flags={})
    located = resolve(_find(other), (), {})
    network, told = _network(their_call, wishes, located, call.output())
    try:
        theirs = account(network, dtype=ours.dtype, batch=ours.batch)
    except ConvolutionError as error:
        raise told(error) from None
    changes = [asdict(change) for change in compare(ours, theirs)]
    text = conv_answers.changes_text(changes, call.config or "this", other, _width())
    return changes, text


def _verification(network: Network, wishes: Wishes, verbose: bool) -> tuple[dict[str, Any], str]:
    """Asks Keras for the same figures."""
    from nodelens.runtime.tensorflow import start_tensorflow

    start_tensorflow(wishes.device, verbose=verbose)

    from nodelens.checking.conv_verify import verify

    document = verify(network).to_document()
    return document, conv_layer.verification_text(document)


def _draw(document: dict[str, Any], path: Path, wishes: Wishes) -> None:
    """Draws the layer, or what the network's layers see, into a file."""
    from nodelens.report.figures.conv import draw_fields, draw_layer
    from nodelens.runtime.files import refuse_overwriting, write_bytes

    refuse_overwriting([path], force=wishes.force)
    layers = [one for one in document["layers"] if wishes.layer_name in (None, one["name"])]
    picture = draw_layer(layers[0]) if len(layers) == 1 else draw_fields(document)
    write_bytes(path, picture)


def _show_config(output: Output, located: Located) -> ExitCode:
    from nodelens.report.settings_table import settings_table

    document, origins = located.document(), located.origins()
    output.result({"config": document, "origins": origins}, settings_table(document, origins))
    return ExitCode.DONE


def _ways(output: Output, located: Located, target: str) -> ExitCode:
    """Lists the windows that lead to given sizes."""
    from nodelens.conv.inverse import spatial_sizes, ways_to

    settings = located.settings
    words = target.replace("x", ",").split(",")
    if not all(word.strip().isdecimal() for word in words):
        raise UsageError(
            f"--target-output takes sizes such as 56,56; received {target!r}",
        )
    aim = tuple(int(word) for word in words)
    try:
        if len(settings.input) != 1:
            raise ConvolutionError("the shape of one input is needed", hint="for example 224 224 3")
        (shape,) = settings.input.values()
        sizes = spatial_sizes(shape, settings.data_format)
        ways = ways_to(sizes, aim)
    except ConvolutionError as error:
        raise UsageError(error.message, hint=error.hint) from None
    rows = [
        {
            "kernel_size": way.kernel,
            "strides": way.stride,
            "padding": way.padding,
            "pads": way.pads,
        }
        for way in ways
    ]
    document = {"input": shape, "target_output": aim, "ways": rows}
    _print(output, document, conv_answers.ways_text(rows, sizes, aim, _width()))
    return ExitCode.DONE if ways else ExitCode.VERDICT_NO


def _spend(output: Output, located: Located, budget: str) -> ExitCode:
    """Finds how many filters a budget of parameters pays."""
    from nodelens.conv.inverse import most_filters

    settings = located.settings
    try:
        if len(settings.input) != 1 or len(settings.layers) != 1:
            raise ConvolutionError(
                "--budget takes one input and one layer",
                hint="for example: 56 56 64 -k 3 --budget 1M",
            )
        (shape,) = settings.input.values()
        limit = parse_quantity(budget)
        found = most_filters(settings.layers[0], shape, limit, settings.data_format)
    except ConvolutionError as error:
        raise UsageError(error.message, hint=error.hint) from None
    document = {"input": shape, "budget": limit, "key": found.key, "filters": found.filters}
    document |= {"params": found.params, "next_params": found.next_params}
    if found.filters == 0:
        text = f"not one filter: the fewest parameters are {found.next_params:,}, over {limit:,}"
    else:
        text = (
            f"{found.filters:,} {found.key}: {found.params:,} parameters, within {limit:,}; "
            f"the next number would take {found.next_params:,}"
        )
    _print(output, document, text)
    return ExitCode.DONE if found.filters else ExitCode.VERDICT_NO


def _print(output: Output, document: dict[str, Any], text: str) -> None:
    """Prints the result; the text as it is, already laid out for the terminal."""
    if output.json:
        output.result(document)
    else:
        sys.stdout.write(f"{text}\n")


def _width() -> int:
    """Columns of the terminal, or a pipe's."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else PIPE_WIDTH
