"""`node adjoint-check`: can the gradient of an adjoint be trusted?"""

from typing import Annotated

import typer

from nodelens.commands.options import (
    SETTINGS,
    Call,
    ConfigOption,
    DebugOption,
    DeviceOption,
    ForceOption,
    JsonOption,
    OutOption,
    QuietOption,
    SeedOption,
    SetOption,
    ShowConfigOption,
    VerboseOption,
    show_config,
)
from nodelens.errors import ExitCode

AdjointOption = Annotated[
    list[str] | None,
    typer.Option("--adjoint", help="Adjoint to check; repeatable.", rich_help_panel=SETTINGS),
]
SolverOption = Annotated[
    str | None, typer.Option("--solver", help="Solver.", rich_help_panel=SETTINGS)
]
RtolOption = Annotated[
    float | None, typer.Option("--rtol", help="Relative tolerance.", rich_help_panel=SETTINGS)
]
AtolOption = Annotated[
    float | None, typer.Option("--atol", help="Absolute tolerance.", rich_help_panel=SETTINGS)
]


def adjoint_check(
    config: ConfigOption = None,
    set_: SetOption = None,
    adjoint: AdjointOption = None,
    solver: SolverOption = None,
    rtol: RtolOption = None,
    atol: AtolOption = None,
    show_config_: ShowConfigOption = False,
    seed: SeedOption = None,
    device: DeviceOption = None,
    out: OutOption = None,
    force: ForceOption = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
    debug: DebugOption = False,
) -> ExitCode:
    """Compare adjoint gradients of a Neural ODE with exact ones and with the tape.

    Gradients for z0, θ, t0 and t1 of a problem with a closed form. Exits with 3 if one is off by
    more than the tolerance.
    """
    call = Call(
        "adjoint-check",
        config=config,
        overrides=set_,
        flags={
            "seed": ("--seed", seed),
            "device": ("--device", device),
            "adjoints": ("--adjoint", adjoint or None),
            "solver.method": ("--solver", solver),
            "solver.rtol": ("--rtol", rtol),
            "solver.atol": ("--atol", atol),
        },
        json=json,
        quiet=quiet,
        verbose=verbose,
    )
    from nodelens.settings.adjoint_check import AdjointCheckSettings

    output, resolved = call.output(), call.settings(AdjointCheckSettings)
    if show_config_:
        show_config(output, resolved)
        return ExitCode.DONE
    settings = resolved.settings

    from nodelens.runtime.files import make_directory, refuse_overwriting, write_text
    from nodelens.runtime.tensorflow import start_tensorflow

    written = None if out is None else make_directory(out) / "adjoint-check.json"
    if written is not None:
        refuse_overwriting([written], force=force)
    chosen = start_tensorflow(settings.device, settings.seed, verbose=call.verbose)
    output.note(f"device: {chosen.description}")

    from nodelens.checking.gradients import check_gradients
    from nodelens.report.adjoint_table import adjoint_table, adjoint_verdict
    from nodelens.report.output import to_json

    document = check_gradients(settings).document()
    if written is not None:
        write_text(written, to_json({"schema": 1, "command": call.command, **document}))
        output.note(f"written: {written}")
    output.result(document, adjoint_table(document), adjoint_verdict(document))
    return ExitCode.DONE if document["verdict"] == "pass" else ExitCode.VERDICT_NO
