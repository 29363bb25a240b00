"""A run directory that was moved away from its data, and one that an earlier version made."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from nodelens.entry import run
from nodelens.errors import UsageError
from nodelens.training.runs.load import load_run

Call = Callable[..., tuple[int, str, str]]
FEW = ["--steps", "4", "--set", "training.batch_size=4", "-q"]


@pytest.fixture
def call(capfd: pytest.CaptureFixture[str]) -> Call:
    def run_it(*arguments: object) -> tuple[int, str, str]:
        capfd.readouterr()
        code = run([str(argument) for argument in arguments])
        captured = capfd.readouterr()
        return code, captured.out, captured.err

    return run_it


def _table(path: Path) -> None:
    times = np.linspace(0, 3, 24)
    rows = np.column_stack([times, np.cos(times), -np.sin(times)])
    np.savetxt(path, rows, delimiter=",", header="t,x,v", comments="", fmt="%.6f")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was moved, in a directory with its data, which tests delete."""
    place = tmp_path_factory.mktemp("trained")
    _table(place / "table.csv")
    arguments = ["train-ode", place / "table.csv", *FEW, "--out", place / "run"]
    assert run([str(argument) for argument in arguments]) == 0
    return shutil.move(place / "run", place / "kept")


@pytest.fixture
def table(trained: Path) -> Path:
    path = trained.parent / "table.csv"
    _table(path)
    return path


@pytest.fixture
def moved(trained: Path, table: Path, tmp_path: Path) -> Path:
    shutil.copytree(trained, tmp_path / "elsewhere" / "run")
    return tmp_path / "elsewhere" / "run"


@pytest.mark.slow
def test_a_run_predicts_the_same_without_its_data(
    moved: Path, table: Path, call: Call, tmp_path: Path
) -> None:
    code, with_data, _ = call("predict-ode", moved, "--out", tmp_path / "one", "--json")
    assert code == 0
    table.unlink()
    code, without, err = call("predict-ode", moved, "--out", tmp_path / "two", "--json")
    assert code == 0, err
    one, two = json.loads(with_data), json.loads(without)
    assert one.pop("files") and two.pop("files")
    assert one == two and one["components"] == ["x", "v"] and one["times"] == [0.0, 3.0, 24]
    assert one["initial"] == [[1.0, 0.0]]
    code, text, err = call("predict-ode", moved, "--field-only", "--z0", "1,0", "--json")
    assert code == 0 and len(json.loads(text)["derivatives"]) == 1, err
    loaded = load_run(moved)
    assert loaded.problem is loaded.objective
    with pytest.raises(UsageError, match=r"table\.csv"):
        _ = loaded.windows
    assert loaded.predict(np.array([1.0, 0.0]), loaded.first_times).shape == (24, 2)


@pytest.mark.slow
def test_its_gradient_is_checked_without_its_data(moved: Path, table: Path, call: Call) -> None:
    table.unlink()
    code, text, err = call("predict-ode", moved, "--gradient-check", "--json")
    assert code == 0, err
    assert json.loads(text)["verdict"] == "pass"


@pytest.mark.slow
def test_a_run_of_an_earlier_version_reads_its_data_or_says_what_it_lacks(
    moved: Path, table: Path, call: Call
) -> None:
    (moved / "data_summary.npz").unlink()
    assert call("predict-ode", moved, "-q")[0] == 0
    table.unlink()
    code, _, err = call("predict-ode", moved, "--force", "-q")
    assert code == 2
    assert "the run has no data_summary.npz" in err and "table.csv" in err
    assert "earlier version" in err


@pytest.mark.slow
def test_a_damaged_summary_is_refused(moved: Path, call: Call) -> None:
    content = (moved / "data_summary.npz").read_bytes()
    (moved / "data_summary.npz").write_bytes(content[: len(content) // 2])
    code, _, err = call("predict-ode", moved, "-q")
    assert code == 2 and "data_summary.npz is damaged" in err


@pytest.mark.slow
def test_a_network_on_samples_classifies_without_its_data(call: Call, tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    x = generator.normal(size=(60, 2)).astype(np.float32)
    data = tmp_path / "data.npz"
    np.savez(data, x=x, y=(x[:, 0] > 0).astype(np.int64))
    assert call("train-ode", data, *FEW, "--out", tmp_path / "run")[0] == 0
    data.unlink()
    np.save(tmp_path / "new.npy", x[:7])
    out = tmp_path / "predicted"
    new = ["--input", tmp_path / "new.npy", "--out", out, "--json"]
    code, text, err = call("predict-ode", tmp_path / "run", *new)
    assert code == 0, err
    assert json.loads(text)["samples"] == 7 and sum(json.loads(text)["classes"].values()) == 7
    code, text, err = call("adjoint-check", "--run", tmp_path / "run", "--json")
    assert code == 0, err
    assert json.loads(text)["verdict"] == "pass"
    code, _, err = call("predict-ode", tmp_path / "run", "-q")
    assert code == 2 and "data.npz" in err and "samples of your own" in err
    with pytest.raises(UsageError, match="cannot be used"):
        _ = load_run(tmp_path / "run").unseen
