"""`node predict-ode`: use a trained Neural ODE."""

from pathlib import Path
from typing import Annotated, Any

import typer

from nodelens.commands.adjoint.command import adjoint_check
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
from nodelens.errors import ExitCode, UsageError

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
    typer.Option("--initial", metavar="FILE", help="CSV, NPZ or NPY file of initial states."),
]
InputOption = Annotated[
    Path | None,
    typer.Option(
        "--input",
        metavar="FILE",
        help="NPZ file with `x`, or NPY file, of samples; by default the test part of the data.",
    ),
]
FieldOnlyOption = Annotated[
    bool,
    typer.Option(
        "--field-only", metavar=FLAG, help="Evaluate dz/dt at these states and times, do not solve."
    ),
]
GradientCheckOption = Annotated[
    bool,
    typer.Option(
        "--gradient-check",
        metavar=FLAG,
        help="Check the adjoint gradient of the run, as `adjoint-check --run` does.",
    ),
]


def predict_ode(
    run: RunArgument,
    times: TimesOption = None,
    z0: Z0Option = None,
    initial: InitialOption = None,
    input_: InputOption = None,
    field_only: FieldOnlyOption = False,
    gradient_check: GradientCheckOption = False,
    device: DeviceOption = None,
    out: OutOption = None,
    force: ForceOption = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
    debug: DebugOption = False,
) -> ExitCode:
    """Solve the field that a run of train-ode has learned, or classify samples by its network.

    Writes the trajectories as CSV and NPZ and draws them, or the classes of samples. A file of
    states may have their times beside them (a CSV column or an array called so), which
    --field-only uses.
    """
    if gradient_check:
        given: dict[str, Any] = {"--times": times, "--z0": z0, "--initial": initial}
        given |= {"--input": input_, "--field-only": field_only}
        _refuse(given, "--gradient-check checks a run on its own data")
        return adjoint_check(
            run=run, device=device, out=out, force=force, json=json, quiet=quiet, verbose=verbose
        )
    output = Call("predict-ode", json=json, quiet=quiet, verbose=verbose).output()

    from nodelens.runtime.tensorflow import start_tensorflow

    chosen = start_tensorflow(device or "auto", verbose=verbose)
    output.note(f"device: {chosen.description}")

    from nodelens.report.train.prediction import (
        prediction_summary,
        samples_summary,
        slopes_summary,
    )
    from nodelens.training.runs.load import load_run
    from nodelens.training.runs.load_samples import SampleRun
    from nodelens.training.runs.predict import (
        initial_states,
        parse_times,
        predict,
        write_prediction,
    )
    from nodelens.training.runs.predict_samples import predict_samples, write_samples
    from nodelens.training.runs.slopes import evaluate_field

    grid = None if times is None else parse_times(times)
    trained = load_run(run)
    if isinstance(trained, SampleRun):
        foreign: dict[str, Any] = {
            "--times": times,
            "--z0": z0,
            "--initial": initial,
            "--field-only": field_only,
        }
        _refuse(foreign, "the run has learned from samples, which are given by --input")
        answers = predict_samples(trained, input_)
        files = write_samples(answers, out or run / "predictions", force=force)
        document = answers.document(files)
        output.result(document, samples_summary(document))
        return ExitCode.DONE
    _refuse({"--input": input_}, "the run has learned from trajectories, which begin at --z0")
    points = initial_states(trained, z0, initial)
    where, title = out or run / "predictions", f"Prediction of {run}"
    if field_only:
        slopes = evaluate_field(trained, points, grid)
        document = slopes.document(write_prediction(slopes, where, title, force=force))
        output.result(document, slopes_summary(document))
        return ExitCode.DONE
    prediction = predict(trained, points.states, trained.first_times if grid is None else grid)
    document = prediction.document(write_prediction(prediction, where, title, force=force))
    output.result(document, prediction_summary(document))
    return ExitCode.DONE


def _refuse(given: dict[str, Any], reason: str) -> None:
    """Refuses flags that have no meaning here.

    Raises:
        UsageError: If one of them was given.
    """
    beside = [flag for flag, value in given.items() if value]
    if beside:
        raise UsageError(f"{reason}; {', '.join(beside)} cannot be given beside it")
