"""A field whose windows are fitted and that cannot be solved over the whole of its data."""

import json
from pathlib import Path

import pytest

from nodelens.entry import run

SETTINGS = {
    "field": "{kind: hybrid, equations: {x: a*x**2}, parameters: {a: 1.0}}",
    "adjoint.method": "discrete",
    "solver.method": "heun_euler",
    "training": "{steps: 1, window: 2, steps_per_call: 1, learning_rate: 1.0e-9}",
    "output.figures": "false",
}


@pytest.mark.slow
def test_the_run_ends_with_exit_code_4_and_all_its_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # From x = 1 the solution of x' = x² is infinite at t = 1.
    data, out = tmp_path / "one.csv", tmp_path / "run"
    data.write_text("t,x\n" + "".join(f"{0.3 * k},1\n" for k in range(8)))
    words = [word for key, value in SETTINGS.items() for word in ("--set", f"{key}={value}")]
    assert run(["train-ode", str(data), "-q", "--json", "--out", str(out), *words]) == 4
    printed, errors = capsys.readouterr()
    assert "error: the trained field cannot be solved over 'trajectory 1' beyond t = " in errors
    assert "`training.window`" in errors
    document = json.loads(printed)
    assert document["final"]["trajectory_error"] is None
    (one,) = document["trajectories"]
    assert (one["trajectory_error"], one["status"]) == (None, "STEP_UNDERFLOW")
    assert (out / "report.json").exists() and (out / "model.keras").exists()
    assert run(["predict-ode", str(out), "-q"]) == 4
    errors = capsys.readouterr().err
    assert "the trained field cannot be solved beyond t = " in errors and "`times`" in errors
