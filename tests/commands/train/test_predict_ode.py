"""`predict-ode` on a run whose field is known: its equations are written in its settings."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from nodelens.entry import run
from nodelens.errors import UsageError
from nodelens.training.runs import predict as prediction
from nodelens.training.runs import prediction_picture
from nodelens.training.runs.load import Run, load_run

FIELD = "field={kind: hybrid, equations: {x: a*y + t, y: 0 - x}, parameters: {a: 2.0}}"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, float]:
    """A run of one step, and what it fitted to a = 2."""
    folder = tmp_path_factory.mktemp("run")
    data = folder / "data.csv"
    data.write_text("t,x,y\n" + "".join(f"{t},{t},1\n" for t in range(3, 9)))
    out = folder / "run"
    settings = [FIELD, "adjoint.method=discrete", "solver.method=heun_euler", "solver.rtol=1e-4"]
    settings += ["training.window=2", "training.steps_per_call=1", "output.figures=false"]
    words = [word for each in settings for word in ("--set", each)]
    assert run(["train-ode", str(data), "--steps", "1", "-q", "--out", str(out), *words]) == 0
    return out, json.loads((out / "report.json").read_text())["fitted"]["a"]


@pytest.fixture
def predict(
    trained: tuple[Path, float], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    def call(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run(["predict-ode", str(trained[0]), "-q", *arguments, "--out", str(tmp_path)])
        return code, *capsys.readouterr()

    return call


@pytest.mark.slow
def test_the_field_is_evaluated_at_states_and_times_of_a_file(
    trained: tuple[Path, float], predict: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    a = trained[1]
    points = tmp_path / "points.csv"
    points.write_text("y,t,x\n3,0,1\n5,10,-1\n")
    code, out, _ = predict("--field-only", "--initial", str(points), "--json")
    assert code == 0
    document = json.loads(out)
    np.testing.assert_allclose(document["derivatives"], [[a * 3, -1], [a * 5 + 10, 1]], rtol=1e-6)
    with np.load(tmp_path / "field.npz") as arrays:
        np.testing.assert_array_equal(arrays["derivatives"], document["derivatives"])
    lines = (tmp_path / "field.csv").read_text().splitlines()
    assert lines[0] == "time,x,y,dx/dt,dy/dt"
    assert lines[2].startswith("10,-1,5,")


@pytest.mark.slow
def test_the_field_is_evaluated_at_every_time_or_at_the_first(
    trained: tuple[Path, float], predict: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    a = trained[1]
    np.save(tmp_path / "states.npy", [[1.0, 3.0], [0.0, 1.0]])
    states = ["--initial", str(tmp_path / "states.npy"), "--json", "--force"]
    document = json.loads(predict("--field-only", *states, "--times", "0:4:3")[1])
    assert document["times"] == [0, 2, 4, 0, 2, 4]
    slopes = np.array(document["derivatives"])[:, 0]
    np.testing.assert_allclose(slopes, [3 * a, 3 * a + 2, 3 * a + 4, a, a + 2, a + 4], rtol=1e-6)
    written = json.loads(predict("--field-only", *states, "--times", "0,2,4")[1])
    assert written["derivatives"] == document["derivatives"]
    document = json.loads(predict("--field-only", *states)[1])
    assert document["times"] == [3, 3]  # the data starts there


@pytest.mark.slow
def test_the_gradient_of_the_run_is_checked(
    predict: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    code, out, errors = predict("--gradient-check", "--json")
    assert code == 0, errors
    document = json.loads(out)
    assert document["command"] == "adjoint-check"
    assert document["verdict"] == "pass"
    assert (tmp_path / "adjoint-check.json").is_file()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--z0", "1"], "2 finite numbers (x, y) were expected"),
        (["--z0", "1,inf"], "2 finite numbers"),
        (["--z0", "1,b"], "no list of numbers"),
        (["--initial", "absent.npy"], "absent.npy cannot be read"),
        (["--times", "0,2,1"], "--times: times must increase, or decrease"),
        (["--times", "absent.csv"], "--times: absent.csv cannot be read"),
        (
            ["--input", "x.npz"],
            "from trajectories; --input is for a run that has learned",
        ),
        (["--gradient-check", "--times", "0:1:3", "--field-only"], "--times, --field-only cannot"),
    ],
)
def test_what_cannot_be_predicted_is_refused(
    predict: Callable[..., tuple[int, str, str]], arguments: list[str], words: str
) -> None:
    code, _, errors = predict(*arguments)
    assert code == 2
    assert words in errors


@pytest.mark.slow
def test_a_loaded_run_refuses_a_state_that_is_none(trained: tuple[Path, float]) -> None:
    loaded = load_run(trained[0])
    times = np.array([0.0, 1.0])
    for value in (np.nan, np.inf):
        with pytest.raises(UsageError, match=r"z0: finite numbers \(x, y\) were expected, \[0.5, "):
            loaded.predict(np.array([0.5, value]), times)
    with pytest.raises(UsageError, match=r"a state of 2 components \(x, y\) .*, \[0.5\] was given"):
        loaded.predict(np.array([0.5]), times)
    assert repr(loaded) == f"Run('{trained[0]}', components=('x', 'y'))"


@pytest.mark.slow
def test_the_picture_is_smooth_and_shows_the_data_of_the_run(trained: tuple[Path, float]) -> None:
    loaded = load_run(trained[0])
    assert isinstance(loaded, Run)
    times, starts = np.array([3.0, 3.5, 8.0]), np.array([[3.0, 1.0], [4.0, -1.0]])
    found = prediction.predict(loaded, starts, times)
    np.testing.assert_array_equal(found.states[0], loaded.predict(starts[0], times))
    of_data, elsewhere = found.picture.curves
    np.testing.assert_array_equal(of_data.data, [[t, 1.0] for t in range(3, 9)])
    np.testing.assert_array_equal(of_data.times, range(3, 9))
    assert len(elsewhere.times) == 0
    assert found.picture.behind == ()  # it is shown beside its prediction
    for curve, states in zip(found.picture.curves, found.states, strict=True):
        assert found.picture.time.resolves(curve.curve_times, prediction_picture.GAP)
        among = np.searchsorted(curve.curve_times, times)
        # The steps of this solver end at each time, and so other ones give another error.
        np.testing.assert_allclose(curve.curve[among], states, rtol=2e-2)
    (alone,) = prediction.predict(loaded, starts[1:], times[::-1]).picture.behind
    np.testing.assert_array_equal(alone.data, of_data.data)
    dense = np.linspace(3.0, 8.0, 400)
    (curve, _) = prediction.predict(loaded, starts, dense).picture.curves
    assert curve.curve_times is dense
