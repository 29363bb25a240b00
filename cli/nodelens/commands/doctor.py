"""`node doctor`: what this machine has and what it lacks."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nodelens.commands.options import DEVICE, Call
from nodelens.errors import EnvironmentLacksError, ExitCode

if TYPE_CHECKING:
    from rich.console import RenderableType


class DoctorCall(Call, command="doctor"):
    """A call of `node doctor`."""

    device = replace(DEVICE, default="auto")


def doctor(call: DoctorCall) -> ExitCode:
    """Show versions, devices, the `node`s on PATH, cached weights and writable places.

    Exits with 5 if something needed is missing.
    """
    document = examine(call.device or "auto", verbose=call.verbose)
    call.output().result(document, *_tables(document))
    return ExitCode.ENVIRONMENT if document["missing"] else ExitCode.DONE


def examine(device: str, *, verbose: bool = False) -> dict[str, Any]:
    """Looks at the machine.

    Args:
        device: The device to look for: `auto`, `cpu`, `gpu` or `gpu:N`.
        verbose: Whether TensorFlow's own messages are shown.

    Returns:
        A plain document; `missing` lists what is needed and not there, in words.
    """
    from nodelens.runtime import machine
    from nodelens.runtime.tensorflow import start_tensorflow
    from nodelens.version import VERSION

    versions = machine.versions()
    missing = [f"the package {name} is not installed" for name, v in versions.items() if v is None]
    try:
        chosen = start_tensorflow(device, verbose=verbose).description
        xla = machine.xla_works()
        weights = _weights()
    except EnvironmentLacksError as error:
        missing.append(error.message)
        chosen, xla, weights = None, False, []
    if chosen and not xla:
        missing.append("XLA does not compile here; solves run several times slower without it")
    missing += [f"the weights `{w['name']}` are damaged" for w in weights if w["damaged"]]
    places = machine.places()
    missing += [f"{p.path} ({p.purpose}) cannot be written to" for p in places if not p.writable]
    return {
        "version": VERSION,
        "program": str(machine.program()),
        "platform": machine.platform_name(),
        "versions": versions,
        "device": chosen,
        "xla": xla,
        "node_on_path": [
            {"path": str(script.path), "is": "nodelens" if script.is_nodelens else "Node.js"}
            for script in machine.node_scripts()
        ],
        "weights": weights,
        "places": [
            {"purpose": p.purpose, "path": str(p.path), "writable": p.writable} for p in places
        ],
        "missing": missing,
    }


def _weights() -> list[dict[str, Any]]:
    from nodelens.explaining.model.weights_files import known_weights

    return [
        {"name": w.name, "path": str(w.path), "state": w.state, "damaged": w.state == "damaged"}
        for w in known_weights()
    ]


def _tables(document: dict[str, Any]) -> "list[RenderableType]":
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("nodelens", f"{document['version']} ({document['program']})")
    table.add_row("platform", document["platform"])
    table.add_row("versions", ", ".join(f"{k} {v}" for k, v in document["versions"].items()))
    table.add_row("device", document["device"] or "none")
    table.add_row("XLA", "works" if document["xla"] else "does not work")
    for number, script in enumerate(document["node_on_path"]):
        wins = " (this one starts)" if number == 0 else ""
        table.add_row(
            "node on PATH" if number == 0 else "", f"{script['path']}: {script['is']}{wins}"
        )
    for number, weights in enumerate(document["weights"]):
        label = "weights" if number == 0 else ""
        table.add_row(label, f"{weights['name']}: {weights['state']} ({weights['path']})")
    for number, place in enumerate(document["places"]):
        state = "writable" if place["writable"] else "not writable"
        label = "places" if number == 0 else ""
        table.add_row(label, f"{place['path']}: {state} ({place['purpose']})")
    if not document["missing"]:
        return [table, Text("everything needed is here", style="bold green")]
    return [table, *(Text(f"missing: {text}", style="bold red") for text in document["missing"])]
