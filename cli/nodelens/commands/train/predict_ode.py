"""`node predict-ode`: use a trained Neural ODE."""

from pathlib import Path
from typing import TYPE_CHECKING

from nodelens.commands.adjoint.command import adjoint_check
from nodelens.commands.adjoint.options import AdjointCheckCall
from nodelens.commands.flag import Flag, option, switch
from nodelens.commands.options import DEVICE, FORCE, OUT, TIMES, Call
from nodelens.errors import ExitCode, UsageError

if TYPE_CHECKING:
    import numpy as np


def _times(text: str) -> "np.ndarray":
    from nodelens.datasets.times import read_times

    return read_times(text)


def _state(text: str) -> list[float]:
    """Reads the numbers of a state, with commas between them."""
    try:
        return [float(value) for value in text.split(",")]
    except ValueError as error:
        raise UsageError(f"{text!r} is no list of numbers", hint="for example 2,0") from error


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
        str,
        "--times",
        parse=_times,
        metavar=TIMES,
        help="Times, the first one that of the state; by default those of the data.",
    )
    z0 = option(
        str,
        "--z0",
        parse=_state,
        metavar="A,B,…",
        help="Initial state; by default that of the data.",
    )
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
    rows = PredictOdeCall
    states = (rows.times, rows.z0, rows.initial)
    if call.gradient_check:
        call.refuse(
            "--gradient-check checks a run on its own data", *states, rows.input, rows.field_only
        )
        shared = {name: getattr(call, name) for name in ("device", "json", "quiet", "verbose")}
        return adjoint_check(AdjointCheckCall(run=run, out=out, force=force, **shared))
    output = call.output()
    z0, times = call.z0, call.times  # read before TensorFlow takes its seconds to start

    from nodelens.runtime.tensorflow import start_tensorflow

    chosen = start_tensorflow(call.device or "auto", verbose=call.verbose)
    output.note(f"device: {chosen.description}")

    from nodelens.report.train.prediction import prediction_summary
    from nodelens.training.runs.document import prediction_document
    from nodelens.training.runs.load import load_run
    from nodelens.training.runs.load_samples import SampleRun
    from nodelens.training.runs.predict import (
        Predicted,
        evaluate_field,
        initial_states,
        predict,
        write_prediction,
    )
    from nodelens.training.runs.predict_samples import predict_samples

    trained = load_run(run)
    found: Predicted
    if isinstance(trained, SampleRun):
        call.refuse(
            f"the run in {run} has learned from samples",
            *states,
            rows.field_only,
            because="is for a run that has learned from trajectories",
            hint="give samples by --input FILE",
        )
        found = predict_samples(trained, call.input)
    else:
        call.refuse(
            f"the run in {run} has learned from trajectories",
            rows.input,
            because="is for a run that has learned from samples",
            hint="give a state by --z0 A,B,… or states by --initial FILE",
        )
        points = initial_states(trained, z0, call.initial)
        if call.field_only:
            found = evaluate_field(trained, points, times)
        else:
            times = trained.first_times if times is None else times
            found = predict(trained, points.states, times)
    directory, title = out or run / "predictions", f"Prediction of {run}"
    files = write_prediction(found, directory, title, force=force)
    output.result(prediction_document(found, files), prediction_summary(found, files))
    return ExitCode.DONE
