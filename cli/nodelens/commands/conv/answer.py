"""The answers of `node conv-params`, once its command line has been read."""

import shutil
import sys
from pathlib import Path
from typing import Any

from nodelens.commands.conv.network import build_network, merged_settings, read_limits
from nodelens.commands.conv.options import ConvParamsCall
from nodelens.commands.conv.settings import ConvParamsSettings
from nodelens.commands.options import explain_setting, show_config
from nodelens.conv.accounting import Accounting, account
from nodelens.conv.building import need_layer, up_to
from nodelens.conv.difference import Change, compare
from nodelens.conv.document import to_document
from nodelens.conv.errors import ConvolutionError
from nodelens.conv.limits import Limits, check
from nodelens.conv.network import Network
from nodelens.conv.verify.verify import Verification, verify
from nodelens.errors import ExitCode
from nodelens.report.conv.answers import changes_text
from nodelens.report.conv.columns import csv_text, markdown_text
from nodelens.report.conv.layer import checks_text, layer_text, verification_text, words
from nodelens.report.conv.table import network_text
from nodelens.report.output import PIPE_WIDTH, Output


def answer(call: ConvParamsCall) -> ExitCode:
    """Answers one call of conv-params.

    Args:
        call: The options given.

    Raises:
        UsageError: The settings do not make a network, or an option is not possible for it.
    """
    if explain_setting(call, ConvParamsSettings):
        return ExitCode.DONE
    output, resolved = call.output(), merged_settings(call)
    settings = resolved.settings
    if call.show_config:
        show_config(output, resolved)
        return ExitCode.DONE
    if call.target_output is not None or call.budget is not None:
        return _inverse(output, settings, call)
    network, translate = build_network(call, resolved)
    try:
        network = _part(network, call)
        accounting = account(network, dtype=settings.dtype, batch=settings.batch_size)
    except ConvolutionError as error:
        raise translate(error) from None
    limits = read_limits(resolved, partly=call.up_to is not None)
    remarks = []
    checks = changes = verification = None
    if limits != Limits():
        checks = check(accounting, limits)
        remarks.append(checks_text(checks))
    if call.compare is not None:
        changes = _changes(call, accounting)
        remarks.append(changes_text(changes, call.config or "this", call.compare, _width()))
    if call.verify:
        verification = _verify(network, call)
        remarks.append(verification_text(verification))
    passed = all(one.passed for one in checks or ())
    passed = passed and (verification is None or verification.passed)
    if call.figure is not None:
        _draw(accounting, call.figure, call)
        output.note(f"written: {call.figure}")
    document = None
    if call.json or call.out is not None:
        document = to_document(
            accounting, checks=checks, changes=changes, verification=verification
        )
    if document is not None and call.out is not None:
        _write(document, accounting, call.out, call)
        output.note(f"written: {call.out}")
    if accounting.uncounted:
        output.warn(
            f"the operations of {len(accounting.uncounted)} layers of kinds not known here are "
            f"not counted: {', '.join(accounting.uncounted[:5])}"
        )
    if call.csv or call.markdown:
        for remark in remarks:
            output.note(remark)
        remarks = []
    if document is not None and call.json:
        output.result(document)
    else:
        _print("\n\n".join([_text(accounting, call), *remarks]))
    return ExitCode.DONE if passed else ExitCode.VERDICT_NO


def _part(network: Network, call: ConvParamsCall) -> Network:
    """Cuts the network at `--up-to`, and checks the names that were given."""
    if call.up_to is not None:
        network = up_to(network, call.up_to)
    if call.layer_name is not None:
        need_layer(network, call.layer_name)
    return network


def _text(accounting: Accounting, call: ConvParamsCall) -> str:
    """Returns the figures in the words, the table or the format that was asked for."""
    if call.csv or call.markdown:
        text = csv_text(accounting) if call.csv else markdown_text(accounting)
        return text.removesuffix("\n")
    layers = [one for one in accounting.layers if call.layer_name in (None, one.name)]
    if call.explain:
        from nodelens.conv.explanation import explain

        return words([(layer.name, explain(layer)) for layer in layers], _width())
    if len(layers) == 1:
        return layer_text(layers[0], accounting, _width())
    return network_text(accounting, _width(), every_layer=call.verbose)


def _changes(call: ConvParamsCall, ours: Accounting) -> list[Change]:
    """Compares with another configuration."""
    their_call = ConvParamsCall(config=call.compare, device=call.device, verbose=call.verbose)
    network, translate = build_network(their_call, their_call.settings(ConvParamsSettings))
    try:
        theirs = account(network, dtype=ours.dtype, batch=ours.batch)
    except ConvolutionError as error:
        raise translate(error) from None
    return compare(ours, theirs)


def _verify(network: Network, call: ConvParamsCall) -> Verification:
    """Compares with the figures of Keras."""
    from nodelens.runtime.tensorflow import start_tensorflow

    start_tensorflow(call.device or "auto", verbose=call.verbose)
    return verify(network)


def _write(
    document: dict[str, Any], accounting: Accounting, directory: Path, call: ConvParamsCall
) -> None:
    """Writes the document, and the layers as CSV and Markdown, into a directory."""
    from nodelens.runtime.documents import command_json
    from nodelens.runtime.files import make_directory, refuse_overwriting, write_text

    command = call.command
    texts = {
        f"{command}.json": command_json(command, document),
        f"{command}.csv": csv_text(accounting),
        f"{command}.md": markdown_text(accounting),
    }
    refuse_overwriting([directory / name for name in texts], force=call.force)
    make_directory(directory)
    for name, text in texts.items():
        write_text(directory / name, text)


def _draw(accounting: Accounting, path: Path, call: ConvParamsCall) -> None:
    """Draws the layer, or the receptive fields of the network's layers, into a file."""
    from nodelens.figures.conv import fields_figure, layer_figure
    from nodelens.figures.style import to_png
    from nodelens.runtime.files import make_directory, refuse_overwriting, write_bytes

    refuse_overwriting([path], force=call.force)
    layers = [one for one in accounting.layers if call.layer_name in (None, one.name)]
    figure = layer_figure(layers[0]) if len(layers) == 1 else fields_figure(accounting)
    make_directory(path.parent)
    write_bytes(path, to_png(figure))


def _inverse(output: Output, settings: ConvParamsSettings, call: ConvParamsCall) -> ExitCode:
    """Answers a question that is asked backwards."""
    from nodelens.commands.conv.inverse import filters_for_budget, ways_to_size

    if call.target_output is not None:
        document, text, found = ways_to_size(settings, call.target_output, _width())
    else:
        document, text, found = filters_for_budget(settings, call.budget or "")
    if output.json:
        output.result(document)
    else:
        _print(text)
    return ExitCode.DONE if found else ExitCode.VERDICT_NO


def _print(text: str) -> None:
    """Prints a text as it is, already laid out for the terminal."""
    sys.stdout.write(f"{text}\n")


def _width() -> int:
    """Returns the columns of the terminal, or of a pipe."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else PIPE_WIDTH
