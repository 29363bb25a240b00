"""`node adjoint-check`: can the gradient of an adjoint be trusted?"""

from typing import Annotated

import typer

from nodelens.commands.options import (
    FLAG,
    RUNNING,
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

CHECKED = "What is checked"

ProblemOption = Annotated[
    list[str] | None,
    typer.Option(
        "--problem",
        metavar="NAME",
        help="Problem to check; repeatable. By default all.",
        rich_help_panel=CHECKED,
    ),
]
ListProblemsOption = Annotated[
    bool,
    typer.Option(
        "--list-problems",
        metavar=FLAG,
        help="Print the problems, and stop.",
        rich_help_panel=CHECKED,
    ),
]
AdjointOption = Annotated[
    list[str] | None,
    typer.Option(
        "--adjoint",
        metavar="NAME|all",
        help="Adjoint to check; repeatable.",
        rich_help_panel=CHECKED,
    ),
]
SolverOption = Annotated[
    str | None,
    typer.Option("--solver", metavar="NAME", help="Solver.", rich_help_panel=SETTINGS),
]
RtolOption = Annotated[
    float | None, typer.Option("--rtol", help="Relative tolerance.", rich_help_panel=SETTINGS)
]
AtolOption = Annotated[
    float | None, typer.Option("--atol", help="Absolute tolerance.", rich_help_panel=SETTINGS)
]
Float32Option = Annotated[
    bool,
    typer.Option(
        "--float32",
        metavar=FLAG,
        help="Solve in single precision; the references stay in double.",
        rich_help_panel=SETTINGS,
    ),
]
FailFastOption = Annotated[
    bool,
    typer.Option(
        "--fail-fast",
        metavar=FLAG,
        help="Stop after the first problem that fails.",
        rich_help_panel=RUNNING,
    ),
]


def adjoint_check(
    config: ConfigOption = None,
    set_: SetOption = None,
    problem: ProblemOption = None,
    list_problems: ListProblemsOption = False,
    adjoint: AdjointOption = None,
    solver: SolverOption = None,
    rtol: RtolOption = None,
    atol: AtolOption = None,
    float32: Float32Option = False,
    fail_fast: FailFastOption = False,
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
    """Say whether the adjoint gradients of a Neural ODE can be trusted.

    The gradient of each adjoint for z0, each parameter and each time is compared with closed forms,
    with forward sensitivities and complex steps integrated by SciPy, with extrapolated central
    differences and with the tape through the solver. Exits with 3 if one is off by more than the
    tolerance.
    """
    call = Call(
        "adjoint-check",
        config=config,
        overrides=set_,
        flags={
            "seed": ("--seed", seed),
            "device": ("--device", device),
            "problems": ("--problem", problem or None),
            "adjoints": ("--adjoint", adjoint or None),
            "solver.method": ("--solver", solver),
            "solver.rtol": ("--rtol", rtol),
            "solver.atol": ("--atol", atol),
            "precision": ("--float32", "float32" if float32 else None),
            "fail_fast": ("--fail-fast", fail_fast or None),
        },
        json=json,
        quiet=quiet,
        verbose=verbose,
    )
    from nodelens.settings.adjoint_check import AdjointCheckSettings

    output = call.output()
    if list_problems:
        from nodelens.report.adjoint_problems import problems_table
        from nodelens.settings.names import EQUATIONS

        output.result({"problems": EQUATIONS}, problems_table(EQUATIONS))
        return ExitCode.DONE
    resolved = call.settings(AdjointCheckSettings)
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
    from nodelens.report.adjoint_progress import shown_progress
    from nodelens.report.adjoint_table import adjoint_tables, adjoint_verdict
    from nodelens.report.output import to_json

    with shown_progress(output, len(settings.chosen_problems())) as on_progress:
        document = check_gradients(settings, on_progress).document()
    if written is not None:
        write_text(written, to_json({"schema": 1, "command": call.command, **document}))
        output.note(f"written: {written}")
    tables = adjoint_tables(document, every=call.verbose)
    output.result(document, *tables, adjoint_verdict(document))
    return ExitCode.DONE if document["verdict"] == "pass" else ExitCode.VERDICT_NO
