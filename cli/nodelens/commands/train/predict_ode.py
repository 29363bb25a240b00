"""`node predict-ode`: use a trained Neural ODE."""

from pathlib import Path
from typing import Any

from nodelens.commands.adjoint.command import adjoint_check
from nodelens.commands.adjoint.options import AdjointCheckCall
from nodelens.commands.flag import Flag, option, switch
from nodelens.commands.options import DEVICE, FORCE, OUT, Call
from nodelens.errors import ExitCode, UsageError


class PredictOdeCall(Call, command="predict-ode"):
    """A call of `node predict-ode`."""

    run = Flag(
        kind=Path,
        default=Path(),
        required=True,
        metavar="RUN_DIR",
        help="Directory of a run of train-ode.",
    )
    times = option(
        str, "--times", metavar="START:STOP:COUNT", help="Times; by default those of the data."
    )
    z0 = option(str, "--z0", metavar="A,B,…", help="Initial state; by default that of the data.")
    initial = option(
        Path, "--initial", metavar="FILE", help="CSV, NPZ or NPY file of initial states."
    )
    input = option(
        Path,
        "--input",
        metavar="FILE",
        help="NPZ file with `x`, or NPY file, of samples; by default the test part of the data.",
    )
    field_only = switch(
        "--field-only", help="Evaluate dz/dt at these states and times, do not solve."
    )
    gradient_check = switch(
        "--gradient-check",
        help="Check the adjoint gradient of the run, as `adjoint-check --run` does.",
    )
    device, out, force = DEVICE, OUT, FORCE


def predict_ode(call: PredictOdeCall) -> ExitCode:
    """Solve the field that a run of train-ode has learned, or classify samples by its network.

    Writes the trajectories as CSV and NPZ and draws them, or the classes of samples. A file of
    states may also contain their times, in a CSV column or an array `times`, which --field-only
    uses.
    """
    run, out, force = call.run, call.out, call.force
    states = {"--times": call.times, "--z0": call.z0, "--initial": call.initial}
    if call.gradient_check:
        _refuse(
            {**states, "--input": call.input, "--field-only": call.field_only},
            "--gradient-check checks a run on its own data",
        )
        shared = {name: getattr(call, name) for name in ("device", "json", "quiet", "verbose")}
        return adjoint_check(AdjointCheckCall(run=run, out=out, force=force, **shared))
    output = call.output()

    from nodelens.runtime.tensorflow import start_tensorflow

    chosen = start_tensorflow(call.device or "auto", verbose=call.verbose)
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

    grid = None if call.times is None else parse_times(call.times)
    trained = load_run(run)
    if isinstance(trained, SampleRun):
        _refuse(
            {**states, "--field-only": call.field_only},
            "the run has learned from samples, which are given by --input",
        )
        answers = predict_samples(trained, call.input)
        files = write_samples(answers, out or run / "predictions", force=force)
        document = answers.document(files)
        output.result(document, samples_summary(document))
        return ExitCode.DONE
    _refuse({"--input": call.input}, "the run has learned from trajectories, which begin at --z0")
    points = initial_states(trained, call.z0, call.initial)
    where, title = out or run / "predictions", f"Prediction of {run}"
    if call.field_only:
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
