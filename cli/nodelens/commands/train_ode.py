"""`node train-ode`: fit a Neural ODE to trajectories."""

from typing import Annotated

import typer

from nodelens.commands.options import (
    SETTINGS,
    Call,
    ConfigOption,
    DebugOption,
    DeviceOption,
    DryRunOption,
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

StepsOption = Annotated[
    int | None,
    typer.Option("--steps", min=1, help="Training steps.", rich_help_panel=SETTINGS),
]


def train_ode(
    config: ConfigOption = None,
    set_: SetOption = None,
    steps: StepsOption = None,
    show_config_: ShowConfigOption = False,
    seed: SeedOption = None,
    device: DeviceOption = None,
    out: OutOption = None,
    force: ForceOption = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
    debug: DebugOption = False,
) -> ExitCode:
    """Fit a Neural ODE dz/dt = f(t, z, θ) to trajectories.

    Without a file the cubic spiral of torchdiffeq's demo is fitted. A run directory gets the
    model, the metrics, a figure, the settings and what it takes to repeat the run.
    """
    call = Call(
        "train-ode",
        config=config,
        overrides=set_,
        flags={
            "seed": ("--seed", seed),
            "device": ("--device", device),
            "output.directory": ("--out", None if out is None else str(out)),
            "training.steps": ("--steps", steps),
        },
        json=json,
        quiet=quiet,
        verbose=verbose,
    )
    from nodelens.settings.train_ode import TrainOdeSettings

    output, resolved = call.output(), call.settings(TrainOdeSettings)
    if show_config_:
        show_config(output, resolved)
        return ExitCode.DONE
    settings = resolved.settings

    from nodelens.runtime.tensorflow import start_tensorflow

    chosen = start_tensorflow(settings.device, settings.seed, verbose=call.verbose)
    output.note(f"device: {chosen.description}")

    from nodelens.report.train_progress import watch_training
    from nodelens.report.train_summary import train_summary
    from nodelens.runtime.rundir import RunDirectory
    from nodelens.runtime.signals import finish_the_step
    from nodelens.training.run import plan, run_training

    if dry_run:
        document = plan(settings)
        output.result({"dry_run": True, **document}, document["summary"])
        return ExitCode.DONE
    directory = RunDirectory.create("train-ode", settings.output.directory, force=force)
    output.note(f"run directory: {directory.path}")
    with finish_the_step() as request, watch_training(output, settings.training.steps) as tell:
        report = run_training(
            resolved,
            directory,
            device=chosen.description,
            on_progress=tell,
            stop=lambda: bool(request),
        )
    document = report.document()
    output.result(document, train_summary(document))
    if request:
        output.warn(
            f"{request.word} after step {document['final']['step']}; "
            f"the model of that step is saved in {directory.path}"
        )
        return request.exit_code
    return ExitCode.DONE
