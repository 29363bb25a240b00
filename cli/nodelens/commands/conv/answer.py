"""What `node conv-params` answers, once its command line has been read."""

import shutil
import sys
from pathlib import Path
from typing import Any

from nodelens.commands.conv.network import (
    build_network,
    find_file,
    merged_settings,
    read_limits,
)
from nodelens.commands.conv.options import ConvParamsCall
from nodelens.conv.accounting import Accounting, account
from nodelens.conv.building import need_layer, up_to
from nodelens.conv.document import to_document
from nodelens.conv.errors import ConvolutionError
from nodelens.conv.limits import Check, Limits, check
from nodelens.conv.network import Network
from nodelens.errors import ExitCode
from nodelens.report.conv import answers as conv_answers
from nodelens.report.conv import layer as conv_layer
from nodelens.report.conv import table as conv_table
from nodelens.report.output import PIPE_WIDTH, Output
from nodelens.settings.conv_params import Located, resolve


def answer(call: ConvParamsCall) -> ExitCode:
    """Answers one call of conv-params.

    Args:
        call: The options given.

    Raises:
        UsageError: The settings do not make a network, or an option is not possible for it.
    """
    output = call.output()
    located = merged_settings(call)
    if call.show_config:
        return _show_config(output, located)
    if call.target_output is not None or call.budget is not None:
        return _inverse(output, located, call)
    network, problem = build_network(call, located, output)
    limits = read_limits(located, partly=call.up_to is not None)
    try:
        network = _part(network, call)
        settings = located.settings
        accounting = account(network, dtype=settings.dtype, batch=settings.batch_size)
    except ConvolutionError as error:
        raise problem(error) from None
    document = to_document(accounting)
    remarks, passed = [], True
    if limits != Limits():
        checks = check(accounting, limits)
        document["checks"] = [one.to_document() for one in checks]
        remarks.append(_checks_text(checks))
        passed = all(one.passed for one in checks)
    if call.compare is not None:
        document["comparison"], remark = _comparison(call, accounting)
        remarks.append(remark)
    if call.verify:
        document["verification"], remark = _verification(network, call)
        remarks.append(remark)
        passed = passed and document["verification"]["verdict"] == "pass"
    if call.figure is not None:
        _draw(document, call.figure, call)
        output.note(f"written: {call.figure}")
    if call.out is not None:
        _write(document, call.out, call.command, force=call.force)
        output.note(f"written: {call.out}")
    if accounting.uncounted:
        output.warn(
            f"the operations of {len(accounting.uncounted)} layers of kinds not known here are "
            f"not counted: {', '.join(accounting.uncounted[:5])}"
        )
    text = _text(document, accounting, call)
    if call.csv or call.markdown:
        for remark in remarks:
            output.note(remark)
        remarks = []
    _print(output, document, "\n\n".join([text, *remarks]))
    return ExitCode.DONE if passed else ExitCode.VERDICT_NO


def _part(network: Network, call: ConvParamsCall) -> Network:
    """Cuts the network where that was asked for, and checks the names that were given."""
    if call.up_to is not None:
        network = up_to(network, call.up_to)
    if call.layer_name is not None:
        need_layer(network, call.layer_name)
    return network


def _text(document: dict[str, Any], accounting: Accounting, call: ConvParamsCall) -> str:
    """Puts the figures into the words, the table or the format that was asked for."""
    if call.csv or call.markdown:
        from nodelens.report.conv.export import csv_text, markdown_text

        text = csv_text(document) if call.csv else markdown_text(document)
        return text.removesuffix("\n")
    layers = accounting.layers
    places = [n for n, layer in enumerate(layers) if call.layer_name in (None, layer.name)]
    if call.explain:
        from nodelens.conv.explanation import explain

        told = [(layers[place].name, explain(layers[place])) for place in places]
        return conv_layer.words(told, _width())
    if len(places) == 1:
        return conv_layer.layer_text(document["layers"][places[0]], document, _width())
    return conv_table.network_text(document, _width(), every_layer=call.verbose)


def _checks_text(checks: list[Check]) -> str:
    return "\n".join(f"{'ok    ' if one.passed else 'FAILED'}  {one.message}" for one in checks)


def _comparison(call: ConvParamsCall, ours: Accounting) -> tuple[list[dict[str, Any]], str]:
    """Compares with another configuration."""
    from dataclasses import asdict

    from nodelens.conv.difference import compare

    other = call.compare or ""
    their_call = ConvParamsCall(config=other, device=call.device)
    located = resolve(find_file(other), (), {})
    network, told = build_network(their_call, located, call.output())
    try:
        theirs = account(network, dtype=ours.dtype, batch=ours.batch)
    except ConvolutionError as error:
        raise told(error) from None
    changes = [asdict(change) for change in compare(ours, theirs)]
    text = conv_answers.changes_text(changes, call.config or "this", other, _width())
    return changes, text


def _verification(network: Network, call: ConvParamsCall) -> tuple[dict[str, Any], str]:
    """Asks Keras for the same figures."""
    from nodelens.runtime.tensorflow import start_tensorflow

    start_tensorflow(call.device or "auto", verbose=call.verbose)

    from nodelens.conv.verify.verify import verify

    document = verify(network).to_document()
    return document, conv_layer.verification_text(document)


def _write(document: dict[str, Any], directory: Path, command: str, *, force: bool) -> None:
    """Writes the document, and the layers as CSV and Markdown, into a directory."""
    from nodelens.report.conv.export import csv_text, markdown_text
    from nodelens.runtime.documents import to_json
    from nodelens.runtime.files import make_directory, refuse_overwriting, write_text

    texts = {
        f"{command}.json": to_json({"schema": 1, "command": command, **document}),
        f"{command}.csv": csv_text(document),
        f"{command}.md": markdown_text(document),
    }
    refuse_overwriting([directory / name for name in texts], force=force)
    make_directory(directory)
    for name, text in texts.items():
        write_text(directory / name, text)


def _draw(document: dict[str, Any], path: Path, call: ConvParamsCall) -> None:
    """Draws the layer, or what the network's layers see, into a file."""
    from nodelens.figures.conv import draw_fields, draw_layer
    from nodelens.runtime.files import make_directory, refuse_overwriting, write_bytes

    refuse_overwriting([path], force=call.force)
    layers = [one for one in document["layers"] if call.layer_name in (None, one["name"])]
    picture = draw_layer(layers[0]) if len(layers) == 1 else draw_fields(document)
    make_directory(path.parent)
    write_bytes(path, picture)


def _show_config(output: Output, located: Located) -> ExitCode:
    from nodelens.report.settings_table import settings_table

    document, origins = located.document(), located.origins()
    output.result({"config": document, "origins": origins}, settings_table(document, origins))
    return ExitCode.DONE


def _inverse(output: Output, located: Located, call: ConvParamsCall) -> ExitCode:
    """Answers a question that is asked backwards."""
    from nodelens.commands.conv.inverse import filters_for_budget, ways_to_size

    if call.target_output is not None:
        document, text, found = ways_to_size(located, call.target_output, _width())
    else:
        document, text, found = filters_for_budget(located, call.budget or "")
    _print(output, document, text)
    return ExitCode.DONE if found else ExitCode.VERDICT_NO


def _print(output: Output, document: dict[str, Any], text: str) -> None:
    """Prints the result; the text as it is, already laid out for the terminal."""
    if output.json:
        output.result(document)
    else:
        sys.stdout.write(f"{text}\n")


def _width() -> int:
    """Columns of the terminal, or a pipe's."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else PIPE_WIDTH
