"""A run on data whose times are dates, from the file to the prediction."""

import json
from pathlib import Path

import numpy as np
import pytest

from nodelens.datasets.csv_files import read_csv
from nodelens.datasets.dates import Calendar
from nodelens.entry import run
from nodelens.figures.over_time import OverTime, Panels
from nodelens.figures.time_axis import LINEAR
from nodelens.training.runs.load import load_run
from nodelens.training.runs.predict import Prediction
from nodelens.training.trajectories.summary import TrajectorySummary

UNSEEN = OverTime("", (), (), Panels((), 0), LINEAR, 0.0)


def test_a_prediction_is_read_as_data_again(tmp_path: Path) -> None:
    states = np.arange(12.0).reshape(2, 3, 2)
    for calendar in (None, Calendar("days", "2024-02-28"), Calendar("seconds", "2024-02-28T12:00")):
        times = np.array([0.0, 0.5, 2.0])
        found = Prediction(("x", "y"), times, states[:, 0], states, UNSEEN, calendar)
        path = tmp_path / "prediction.csv"
        path.write_text(found.to_csv())
        data = read_csv(path)
        assert [each.name for each in data.trajectories] == ["1", "2"]
        np.testing.assert_array_equal([each.states for each in data.trajectories], states)
        np.testing.assert_array_equal([each.times for each in data.trajectories], [times, times])
        assert (data.calendar is None) == (calendar is None)


@pytest.mark.slow
def test_dates_are_reported_kept_in_the_run_and_written_by_predictions(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [f"2024-02-{day:02d},north,{np.exp(-day / 10):.6f}" for day in range(1, 29)]
    data = tmp_path / "data.csv"
    data.write_text("\n".join(["date,trajectory,x", *rows]) + "\n")
    field = "field={kind: hybrid, equations: {x: -a*x}, parameters: {a: 0.1}}"
    few = ["--steps", "2", "--set", "training.batch_size=2", "--set", field]
    directory = tmp_path / "run"
    assert run(["train-ode", str(data), *few, "--out", str(directory), "-q"]) == 0
    assert "in days since 2024-02-01" in capsys.readouterr().out
    report = json.loads((directory / "report.json").read_text())
    assert report["time"] == {"unit": "days", "origin": "2024-02-01"}
    assert [each["name"] for each in report["trajectories"]] == ["north"]
    data.unlink()
    assert load_run(directory).calendar == Calendar("days", "2024-02-01")
    assert run(["predict-ode", str(directory), "--times", "0:29:2", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["time"] == report["time"]
    lines = Path(document["files"]["csv"]).read_text().splitlines()
    assert [line.split(",")[1] for line in lines] == ["time", "2024-02-01", "2024-03-01"]


def test_a_summary_of_an_earlier_version_has_no_dates(tmp_path: Path) -> None:
    zeros = np.zeros(2)
    found = TrajectorySummary(("x", "y"), zeros, zeros, zeros, zeros, zeros, zeros)
    found.write(tmp_path / "now.npz")
    assert TrajectorySummary.read(tmp_path / "now.npz").calendar is None
    with np.load(tmp_path / "now.npz") as arrays:
        np.savez(tmp_path / "before.npz", **{n: a for n, a in arrays.items() if n != "dates"})
    before = TrajectorySummary.read(tmp_path / "before.npz")
    assert before.components == ("x", "y") and before.calendar is None
