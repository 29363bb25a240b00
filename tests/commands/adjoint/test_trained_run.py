"""`adjoint-check --run`: the trained field of a run, on its own data."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import yaml

from nodelens.entry import run
from nodelens.ode import ADJOINTS, Backsolve
from nodelens.ode.adjoints import AdjointRow
from nodelens.ode.adjoints.base import Backward
from nodelens.runtime.rundir import RunDirectory
from nodelens.training.runs.gradient_sample import sample
from nodelens.training.runs.load import load_run
from nodelens.training.trajectories.experiment import prepare_trajectories

SMALL = ["training.steps_per_call=10", "training.window=4", "output.figures=false"]
SMALL += ["data.points=40", "field.hidden=[3]", "field.time=true", "adjoint.method=discrete"]
SMALL += ["solver.rtol=1e-4", "training.initial_states=measured"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A field that depends on the time, after ten steps."""
    directory = tmp_path_factory.mktemp("run") / "small"
    settings = [word for each in SMALL for word in ("--set", each)]
    arguments = ["-c", "spiral", "--steps", "10", "-q", "--out", str(directory)]
    assert run(["train-ode", *arguments, *settings]) == 0
    return directory


@pytest.mark.slow
def test_the_sample_is_the_runs_own_field_on_its_own_windows(trained: Path) -> None:
    loaded = load_run(trained)
    found = sample(loaded)
    import tensorflow as tf

    # Of 37 windows of 4 points in 40: the first, the last, and two between them.
    rows = [0, 12, 24, 36]
    windows = prepare_trajectories(loaded.settings).task.windows
    start = windows.states.numpy()[rows]
    np.testing.assert_array_equal(found.z0, start)
    np.testing.assert_array_equal(found.times, windows.shared)
    later = loaded.first_times[rows] + 0.5
    expected = [
        loaded.field(tf.constant(t, tf.float32), z[None])[0]
        for t, z in zip(later, start, strict=True)
    ]
    actual = found.field(tf.constant(0.5), tf.constant(start))
    np.testing.assert_allclose(actual, np.stack(expected), rtol=1e-5)


@pytest.mark.slow
def test_a_run_is_checked_as_it_was_trained(
    trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert run(["adjoint-check", "-q", "--json", "--run", str(trained), "--atol", "1e-5"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["precision"] == "float32"
    assert (document["solver"]["rtol"], document["solver"]["atol"]) == (1e-4, 1e-5)
    assert {"tape", "discrete"} == set(document["stats"])
    blocks = {check["block"]: check["shape"] for check in document["checks"]}
    assert blocks["z0"] == [8]
    assert len([name for name in blocks if name.startswith("theta.")]) == 4
    gradients = [c for c in document["checks"] if c["block"] in {"z0", "theta", "times"}]
    assert max(check["rel_error"] for check in gradients) < 1e-2


def row_of(adjoint: type[Backsolve]) -> AdjointRow:
    """The row of `backsolve` with another class."""
    return replace(ADJOINTS["backsolve"], implementation=f"{__name__}:{adjoint.__name__}")


class WrongTheta(Backsolve):
    """An adjoint with the sign of dL/dθ turned."""

    def backward(self, *arguments: object) -> Backward:
        result = super().backward(*arguments)  # type: ignore[arg-type]
        return result._replace(theta=[-value for value in result.theta])


@pytest.mark.slow
def test_a_wrong_gradient_of_a_run_is_found(
    trained: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(ADJOINTS, "backsolve", row_of(WrongTheta))
    arguments = ["-q", "--run", str(trained), "--adjoint", "backsolve"]
    assert run(["adjoint-check", *arguments]) == 3
    assert "dL/dθ" in capsys.readouterr().out.splitlines()[-1]


class HalfTheta(Backsolve):
    """An adjoint whose dL/dθ is half of what it is."""

    def backward(self, *arguments: object) -> Backward:
        result = super().backward(*arguments)  # type: ignore[arg-type]
        return result._replace(theta=[value / 2 for value in result.theta])


@pytest.fixture
def loose(trained: Path, tmp_path: Path) -> Path:
    """The run as if it had been trained at loose tolerances."""
    directory = tmp_path / "loose"
    shutil.copytree(trained, directory)
    config = RunDirectory.open(directory).config
    settings = yaml.safe_load(config.read_text())
    settings["solver"] |= {"rtol": 3e-2, "atol": 3e-2}
    config.write_text(yaml.safe_dump(settings))
    return directory


@pytest.mark.slow
def test_a_run_of_loose_tolerances_is_checked_at_such_that_tell_a_wrong_gradient(
    loose: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["adjoint-check", "-q", "--run", str(loose), "--adjoint", "backsolve"]
    assert run(arguments) == 0
    text = capsys.readouterr().out
    assert "with 0.03 a wrong gradient would have passed" in text
    assert "dL/dt0, dL/dt[i], dL/dt1: the first time observed" in text
    monkeypatch.setitem(ADJOINTS, "backsolve", row_of(HalfTheta))
    assert run(arguments) == 3
    assert "dL/dθ" in capsys.readouterr().out.splitlines()[-1]
    # Whoever asks for loose tolerances is told that they tell nothing.
    assert run([*arguments, "--rtol", "3e-2", "--json"]) == 3
    document = json.loads(capsys.readouterr().out)
    assert document["verdict"] == "fail" and len(document["undecided"]) == 1
    assert "theta" in document["problems"][0]["too_loose"]
    assert all(check["passed"] for check in document["checks"] if check["block"] == "theta")


@pytest.mark.parametrize(
    ("arguments", "cause"),
    [
        (["--run", "nowhere"], "nowhere is no run directory"),
        (["--run", "nowhere", "--z0", "1", "--field", "a:b"], "--field, --z0 cannot be given"),
        (["--run", "nowhere", "--study", "drift"], "--study drift cannot be given"),
    ],
)
def test_what_cannot_be_checked_is_told(
    arguments: list[str], cause: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["adjoint-check", *arguments]) == 2
    assert cause in capsys.readouterr().err


class Watched(Backsolve):
    """An adjoint that notes with which tolerances it runs."""

    used: ClassVar[set[tuple[float | None, float | None]]] = set()

    def backward(self, *arguments: object) -> Backward:
        self.used.add((self.rtol, self.atol))
        return super().backward(*arguments)  # type: ignore[arg-type]


@pytest.mark.slow
def test_the_tolerances_of_the_runs_own_adjoint_arrive(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = tmp_path / "own"
    shutil.copytree(trained, directory)
    config = RunDirectory.open(directory).config
    settings = yaml.safe_load(config.read_text())
    settings["adjoint"] = {"method": "backsolve", "rtol": 3e-4, "atol": 2e-5}
    config.write_text(yaml.safe_dump(settings))
    monkeypatch.setitem(ADJOINTS, "backsolve", row_of(Watched))
    arguments = ["-q", "--run", str(directory), "--out", str(tmp_path / "report")]
    assert run(["adjoint-check", *arguments]) == 0
    assert Watched.used == {(3e-4, 2e-5)}
    document = json.loads((tmp_path / "report" / "adjoint-check.json").read_text())
    assert document["adjoint"] == {"rtol": 3e-4, "atol": 2e-5}
    assert document["solver"]["rtol"] == 1e-4
