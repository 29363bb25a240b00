"""`node predict-ode`: use a trained Neural ODE."""

from pathlib import Path
from typing import Annotated

import typer

from nodelens.commands.options import (
    FLAG,
    Call,
    DebugOption,
    DeviceOption,
    ForceOption,
    JsonOption,
    OutOption,
    QuietOption,
    VerboseOption,
)
from nodelens.errors import ExitCode

RunArgument = Annotated[
    Path, typer.Argument(metavar="RUN_DIR", help="Directory of a run of train-ode.")
]
TimesOption = Annotated[
    str | None,
    typer.Option(
        "--times", metavar="START:STOP:COUNT", help="Times; by default those of the data."
    ),
]
Z0Option = Annotated[
    str | None,
    typer.Option("--z0", metavar="A,B,…", help="Initial state; by default that of the data."),
]
InitialOption = Annotated[
    Path | None,
    typer.Option("--initial", metavar="FILE", help="CSV file of initial states."),
]
FieldOnlyOption = Annotated[
    bool,
    typer.Option(
        "--field-only", metavar=FLAG, help="Evaluate dz/dt at the initial states, do not solve."
    ),
]


def predict_ode(
    run: RunArgument,
    times: TimesOption = None,
    z0: Z0Option = None,
    initial: InitialOption = None,
    field_only: FieldOnlyOption = False,
    device: DeviceOption = None,
    out: OutOption = None,
    force: ForceOption = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
    debug: DebugOption = False,
) -> ExitCode:
    """Solve the field that a run of train-ode has learned.

    Writes the trajectories as CSV and NPZ and draws them.
    """
    output = Call("predict-ode", json=json, quiet=quiet, verbose=verbose).output()

    from nodelens.runtime.tensorflow import start_tensorflow

    chosen = start_tensorflow(device or "auto", verbose=verbose)
    output.note(f"device: {chosen.description}")

    from nodelens.report.prediction_summary import prediction_summary
    from nodelens.training.load import load_run
    from nodelens.training.predict import (
        evaluate_field,
        initial_states,
        parse_times,
        predict,
        write_prediction,
    )

    grid = None if times is None else parse_times(times)
    trained = load_run(run)
    states = initial_states(trained, z0, initial)
    if grid is None:
        grid = trained.first_times
    if field_only:
        prediction = evaluate_field(trained, states, float(grid[0]))
    else:
        prediction = predict(trained, states, grid)
    files = write_prediction(
        prediction, out or run / "predictions", f"Prediction of {run}", force=force
    )
    document = prediction.document(files)
    output.result(document, prediction_summary(document))
    return ExitCode.DONE
