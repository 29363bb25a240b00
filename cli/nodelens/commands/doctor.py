"""`node doctor`: the versions, devices, weights and places of this machine."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from nodelens.commands.options import DEVICE, Call
from nodelens.errors import EnvironmentLacksError, ExitCode

if TYPE_CHECKING:
    from rich.console import RenderableType

    from nodelens.explaining.model.weights_files import WeightsFile
    from nodelens.runtime.machine import NodeScript, Place


class DoctorCall(Call, command="doctor"):
    """A call of `node doctor`."""

    device = replace(DEVICE, default="auto")


def doctor(call: DoctorCall) -> ExitCode:
    """Show versions, devices, the `node`s on PATH, cached weights and writable places.

    Exits with 5 if something needed is missing.
    """
    machine = examine(call.device or "auto", verbose=call.verbose)
    call.output().result(machine.document(), *machine.tables())
    return ExitCode.ENVIRONMENT if machine.missing else ExitCode.DONE


@dataclass(frozen=True)
class Machine:
    """This machine, as far as nodelens depends on it.

    Attributes:
        program: The program that runs now, with its version.
        version: The version of nodelens.
        platform: The operating system and the processor's architecture.
        versions: The version of each package; None where it is not installed.
        device: The device that computes; None if there is none.
        xla: True if XLA compiles.
        scripts: Each `node` on PATH.
        weights: The files of weights that are known by name.
        places: The folders that are written to.
        missing: What is needed and not there, in words.
    """

    program: str
    version: str
    platform: str
    versions: dict[str, str | None]
    device: str | None
    xla: bool
    scripts: "Sequence[NodeScript]"
    weights: "Sequence[WeightsFile]"
    places: "Sequence[Place]"
    missing: Sequence[str]

    def document(self) -> dict[str, Any]:
        """Returns the JSON document."""
        return {
            "version": self.version,
            "program": self.program,
            "platform": self.platform,
            "versions": self.versions,
            "device": self.device,
            "xla": self.xla,
            "node_on_path": [
                {"path": str(script.path), "is": script.title} for script in self.scripts
            ],
            "weights": [
                {
                    "name": file.name,
                    "path": str(file.path),
                    "state": file.state,
                    "damaged": file.state == "damaged",
                }
                for file in self.weights
            ],
            "places": [
                {"purpose": place.purpose, "path": str(place.path), "writable": place.writable}
                for place in self.places
            ],
            "missing": list(self.missing),
        }

    def tables(self) -> "list[RenderableType]":
        """Returns what is printed."""
        from rich.table import Table
        from rich.text import Text

        rows = [
            ("nodelens", f"{self.version} ({self.program})"),
            ("platform", self.platform),
            ("versions", ", ".join(f"{name} {found}" for name, found in self.versions.items())),
            ("device", self.device or "none"),
            ("XLA", "works" if self.xla else "does not work"),
        ]
        scripts = [f"{script.path}: {script.title}" for script in self.scripts]
        several = {
            "node on PATH": [f"{first} (this one starts)" for first in scripts[:1]] + scripts[1:],
            "weights": [f"{file.name}: {file.state} ({file.path})" for file in self.weights],
            "places": [
                f"{place.path}: {'' if place.writable else 'not '}writable ({place.purpose})"
                for place in self.places
            ],
        }
        for label, lines in several.items():
            rows += zip([label, *[""] * len(lines)], lines, strict=False)
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 3, 0, 0))
        table.add_column(style="bold", no_wrap=True)
        table.add_column(overflow="fold")
        for row in rows:
            table.add_row(*row)
        if not self.missing:
            return [table, Text("everything needed is here", style="bold green")]
        return [table, *(Text(f"missing: {text}", style="bold red") for text in self.missing)]


def examine(device: str, *, verbose: bool = False) -> Machine:
    """Examines the machine.

    Args:
        device: The device to look for: `auto`, `cpu`, `gpu` or `gpu:N`.
        verbose: True to show TensorFlow's own messages.
    """
    from nodelens.runtime import machine
    from nodelens.runtime.tensorflow import start_tensorflow
    from nodelens.version import VERSION

    versions = machine.versions()
    missing = [f"the package {name} is not installed" for name, v in versions.items() if v is None]
    chosen, xla, weights = None, False, []
    try:
        chosen = start_tensorflow(device, verbose=verbose).description
        xla = machine.xla_works()

        from nodelens.explaining.model.weights_files import known_weights

        weights = known_weights()
    except EnvironmentLacksError as error:
        missing.append(error.message)
        chosen, xla = None, False
    if chosen and not xla:
        missing.append("XLA does not compile here; solves run several times slower without it")
    missing += [
        f"the weights `{file.name}` are damaged" for file in weights if file.state == "damaged"
    ]
    places = machine.places()
    missing += [f"{p.path} ({p.purpose}) cannot be written to" for p in places if not p.writable]
    return Machine(
        program=str(machine.program()),
        version=VERSION,
        platform=machine.platform_name(),
        versions=versions,
        device=chosen,
        xla=xla,
        scripts=machine.node_scripts(),
        weights=weights,
        places=places,
        missing=missing,
    )
