"""`train-ode` as a user types it: its output, its files and its exit codes."""

import base64
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from scipy.integrate import solve_ivp

from nodelens.entry import run
from nodelens.runtime.rundir import RunDirectory
from nodelens.settings.resolve import resolve
from nodelens.training.runs.load import load_run
from nodelens.training.runs.resume import resume
from nodelens.training.settings import TrainOdeSettings

# Few stages compile in half of the time.
FEW_STAGES = ["--set", "solver.method=bosh3"]
QUICK = ["--set", "training.steps_per_call=10", "--set", "training.window=4", *FEW_STAGES]


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "nodelens", "train-ode", "-c", "spiral", *FEW_STAGES]
    command += arguments
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder
    )


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict, str]:
    """A quiet run of 1000 steps: its directory, its JSON document and its stderr."""
    folder = tmp_path_factory.mktemp("train")
    arguments = ["--steps", "1000", "--seed", "3", "--out", "run", "--json", "-q"]
    arguments += ["--set", "training.checkpoint_every=100"]
    process = start(folder, *arguments)
    output, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    return folder / "run", json.loads(output), errors


@pytest.mark.slow
def test_a_quiet_run_prints_nothing_on_stderr(finished: tuple[Path, dict, str]) -> None:
    assert finished[2] == ""


@pytest.mark.slow
def test_the_document_has_the_agreed_shape(finished: tuple[Path, dict, str]) -> None:
    document = finished[1]
    assert (document["schema"], document["command"]) == (1, "train-ode")
    assert document["run_dir"] == "run"
    assert document["stopped"] == "finished"
    assert document["final"]["step"] == 1000
    assert document["nfe"]["forward"] >= 1000 * 7
    assert document["nfe"]["backward"] >= 1000 * 7
    assert document["throughput"]["steps_per_second"] > 0
    assert set(document["artifacts"]) >= {"config", "provenance", "metrics", "model", "figure"}


@pytest.mark.slow
def test_the_page_has_the_result_and_the_figures(
    finished: tuple[Path, dict, str],
) -> None:
    run_dir, document, _ = finished
    page = (run_dir / "report.md").read_text()
    assert f"{document['final']['trajectory_error']:.4g}" in page
    assert "seed: 3" in page
    for picture in ("fit.png", "training.png"):
        assert f"(figures/{picture})" in page
        content = (run_dir / "figures" / picture).read_bytes()
        assert len(content) > 20_000
        assert base64.b64encode(content).decode() in (run_dir / "report.html").read_text()


@pytest.mark.slow
def test_the_spiral_is_learned(finished: tuple[Path, dict, str]) -> None:
    document = finished[1]
    assert document["final"]["train_loss"] * 10 <= document["initial"]["train_loss"]


@pytest.mark.slow
def test_everything_to_repeat_the_run_is_kept(finished: tuple[Path, dict, str]) -> None:
    import yaml

    directory, document, _ = finished
    for path in document["artifacts"].values():
        assert (directory.parent / path).stat().st_size > 0
    config = yaml.safe_load((directory / "config.resolved.yaml").read_text())
    assert (config["seed"], config["training"]["steps"]) == (3, 1000)
    provenance = json.loads((directory / "provenance.json").read_text())
    assert provenance["seed"] == 3
    assert provenance["arguments"][0] == "train-ode"
    assert len(provenance["data_sha256"]) == 64
    assert "small_while_loop" in provenance["xla_flags"]
    assert provenance["versions"]["tensorflow"]
    rows = [json.loads(line) for line in (directory / "metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == list(range(50, 1001, 50))
    assert [path.name for path in directory.rglob(".*")] == [".lock"]


@pytest.mark.slow
def test_the_saved_model_is_a_field(finished: tuple[Path, dict, str]) -> None:
    import keras
    import tensorflow as tf

    import nodelens.fields.mlp  # noqa: F401 (registers the class)

    field = keras.models.load_model(finished[0] / "model.keras")
    derivative = field(tf.constant(0.0), tf.constant([[2.0, 0.0]]))
    assert derivative.shape == (1, 2)
    assert tf.reduce_all(tf.math.is_finite(derivative))


@pytest.mark.slow
def test_the_same_seed_gives_the_same_numbers(finished: tuple[Path, dict, str]) -> None:
    again = finished[0].parent / "again"
    assert (
        run(["train-ode", "-c", str(finished[0] / "config.resolved.yaml"), "-q", "-o", str(again)])
        == 0
    )
    first, second = (
        [json.loads(line) for line in (path / "metrics.jsonl").read_text().splitlines()]
        for path in (finished[0], again)
    )
    for row, other in zip(first, second, strict=True):
        assert row["train_loss"] == other["train_loss"]
        assert row["gradient_norm"] == other["gradient_norm"]


def test_a_full_directory_is_not_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "model.keras").write_text("mine")
    assert run(["train-ode", "-q", "--out", str(tmp_path)]) == 2
    assert "is not empty" in capsys.readouterr().err
    assert (tmp_path / "model.keras").read_text() == "mine"


def test_a_dry_run_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["train-ode", "-c", "spiral", "--dry-run", "--json", "-q"]) == 0
    document = json.loads(capsys.readouterr().out)
    # 2·50 + 50 weights and biases into the hidden layer, 50·2 + 2 out of it
    assert document["parameters"] == 252
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_run_with_the_model_saved(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    process = start(tmp_path, *QUICK, "--steps", "1000000", "--out", "run")
    metrics = tmp_path / "run" / "metrics.jsonl"
    deadline = time.monotonic() + 200
    while not metrics.exists() and time.monotonic() < deadline:
        time.sleep(0.2)
    process.send_signal(number)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == code, errors
    assert "stopping: the steps under way (10 at most) are finished" in errors
    assert (tmp_path / "run" / "model.keras").stat().st_size > 0
    report = json.loads((tmp_path / "run" / "report.json").read_text())
    assert report["stopped"] == "interrupted"
    assert "node train-ode --resume run" in errors
    assert list((tmp_path / "run" / "checkpoints").iterdir())


@pytest.mark.slow
def test_a_diverging_training_is_4_and_keeps_the_last_good_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [
        "--set",
        "training.learning_rate=1e6",
        "--steps",
        "50",
        "--out",
        str(tmp_path / "r"),
    ]
    assert run(["train-ode", "-c", "spiral", *QUICK, *arguments]) == 4
    message = capsys.readouterr().err
    assert "of the training" in message
    assert "hint: " in message
    assert (tmp_path / "r" / "model.keras").stat().st_size > 0
    assert list((tmp_path / "r" / "checkpoints").iterdir())


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("training.window=4", None),
        ("training.batch_size=20", None),
        ("training.batch_size=21", "a batch of 21 windows was asked for, and the data has 7 of 6"),
        ("training.window=13", "a window of 13 points was asked for, and the longest of 1 traj"),
        ("training.window=1", "2 points or more were expected, or 0 for whole trajectories"),
        ("data.columns=[z]", "has no column 'z'"),
        ("training.optimizer=adm", "did you mean `adam`?"),
        ("training.loss=hubr", "did you mean `huber`?"),
        ("field.activation=tahn", "did you mean `tanh`?"),
    ],
)
def test_data_and_settings_that_do_not_fit_are_refused_and_leave_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], setting: str, words: str | None
) -> None:
    data = tmp_path / "data.csv"
    data.write_text("t,x\n" + "".join(f"{t},{t}\n" for t in range(12)))
    out = tmp_path / "out"
    arguments = [str(data), "--set", setting, "-q", "--out", str(out)]
    if words is None:
        assert run(["train-ode", *arguments, "--dry-run"]) == 0
        return
    assert run(["train-ode", *arguments]) == 2
    assert words in capsys.readouterr().err
    assert not out.exists()


def test_what_the_solver_cannot_do_is_a_usage_error(tmp_path: Path, capsys) -> None:
    arguments = ["train-ode", "--out", str(tmp_path / "run"), "--set", "field.hidden=[2000]"]
    assert run([*arguments, "--set", "adjoint.method=forward"]) == 2
    assert list(tmp_path.iterdir()) == []  # nothing was trained, nothing is left
    errors = capsys.readouterr().err
    assert "this cannot be trained: The adjoint 'forward' carries" in errors
    assert "Use adjoint='discrete'" in errors


@pytest.mark.slow
def test_what_xla_cannot_compile_is_a_usage_error(tmp_path: Path, capsys) -> None:
    data = tmp_path / "data.csv"
    data.write_text("t,x,y\n" + "".join(f"{t},{t},1\n" for t in range(12)))
    code = tmp_path / "field.py"
    code.write_text(
        "import keras, tensorflow as tf\n"
        "class Net(keras.layers.Layer):\n"
        "    def build(self, *shapes):\n"
        "        self.rate = self.add_weight(shape=())\n"
        "    def call(self, t, z):\n"
        "        slope = tf.py_function(tf.tanh, [z], z.dtype)\n"
        "        return self.rate * tf.ensure_shape(slope, z.shape)\n"
        "def make():\n"
        "    return Net()\n"
    )
    field = f"field={{kind: own, path: {code}, name: make}}"
    arguments = ["train-ode", str(data), "-q", "--out", str(tmp_path / "run"), "--set", field]
    arguments += ["--set", "solver.method=euler", "--set", "training.window=2"]
    assert run([*arguments, "--set", "adjoint.method=discrete"]) == 2
    errors = capsys.readouterr().err
    assert "XLA cannot compile this training: " in errors
    assert "adjoint.method=discrete" in errors
    assert len(errors) < 1000
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_a_killed_run_resumes_to_the_same_numbers_bit_for_bit(
    finished: tuple[Path, dict, str], tmp_path: Path
) -> None:
    config = str(finished[0] / "config.resolved.yaml")
    command = [sys.executable, "-m", "nodelens", "train-ode", "-q", "-o", "run", "-c", config]
    process = subprocess.Popen(command, cwd=tmp_path)
    deadline = time.monotonic() + 200
    while not list(tmp_path.glob("run/checkpoints/step-*.npz")) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.kill()
    process.wait(timeout=60)
    assert run(["train-ode", "-q", "--resume", str(tmp_path / "run")]) == 0
    (ours,) = (tmp_path / "run" / "checkpoints").glob("step-000001000.npz")
    theirs = finished[0] / "checkpoints" / ours.name
    with np.load(ours) as resumed, np.load(theirs) as straight:
        assert set(resumed.files) == set(straight.files)
        for name in straight.files:
            np.testing.assert_array_equal(resumed[name], straight[name], err_msg=name)
    rows = [
        [json.loads(line)["step"] for line in (path / "metrics.jsonl").read_text().splitlines()]
        for path in (tmp_path / "run", finished[0])
    ]
    assert rows[0] == rows[1]


@pytest.mark.slow
def test_what_cannot_be_resumed_is_refused(
    finished: tuple[Path, dict, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = str(finished[0])
    for arguments, words in [
        (["--resume", str(tmp_path)], "is no run directory"),
        (["--resume", directory], "has had its 1,000 steps, and no file is missing"),
        (["--resume", directory, "--seed", "9"], "a resumed run keeps its settings"),
        (["--resume", directory, "--set", "solver.rtol=1e-2"], "solver.rtol would change"),
        (["--resume", directory, "-c", "spiral"], "give --resume alone"),
    ]:
        assert run(["train-ode", "-q", *arguments]) == 2
        assert words in capsys.readouterr().err


@pytest.mark.slow
def test_a_run_may_go_on_at_another_learning_rate(finished: tuple[Path, dict, str]) -> None:
    changes = ["training.steps=1010", "training.learning_rate=1e-5", "training.schedule=constant"]
    config = finished[0] / "config.resolved.yaml"
    resolved = resolve(TrainOdeSettings, file=config, overrides=changes)
    resumption = resume(finished[0], resolved)
    assert resumption.start is not None and resumption.start.step == 1000
    assert not resumption.over


@pytest.mark.slow
def test_two_processes_do_not_share_a_run(finished: tuple[Path, dict, str]) -> None:
    directory = RunDirectory.open(finished[0])
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from nodelens.errors import UsageError\n"
        "from nodelens.runtime.rundir import RunDirectory\n"
        "try:\n"
        "    with RunDirectory.open(Path(sys.argv[1])).lock():\n"
        "        pass\n"
        "except UsageError as error:\n"
        "    sys.exit('in use' in str(error) and 7)\n"
    )
    command = [sys.executable, "-c", code, str(finished[0])]
    with directory.lock():
        assert subprocess.run(command, timeout=60).returncode == 7
    assert subprocess.run(command, timeout=60).returncode == 0


@pytest.mark.slow
def test_a_run_predicts_what_it_learned(
    finished: tuple[Path, dict, str], capsys: pytest.CaptureFixture[str]
) -> None:
    directory = finished[0]
    assert run(["predict-ode", str(directory), "--times", "0:1:5", "-q", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["initial"] == [[2.0, 0.0]]
    with np.load(document["files"]["npz"]) as arrays:
        states = arrays["states"]
    # The same field solved by SciPy; the solver of the run has rtol 1e-5.
    field = load_run(directory).field
    truth = solve_ivp(
        lambda t, z: field(tf.constant(t, tf.float32), tf.constant([z], tf.float32))[0].numpy(),
        (0.0, 1.0),
        [2.0, 0.0],
        t_eval=np.linspace(0.0, 1.0, 5),
        rtol=1e-6,
        atol=1e-6,
    )
    np.testing.assert_allclose(states[0], truth.y.T, atol=2e-3)
    lines = Path(document["files"]["csv"]).read_text().splitlines()
    assert lines[0] == "trajectory,time,z1,z2"
    assert len(lines) == 6
    assert Path(document["files"]["png"]).read_bytes().startswith(b"\x89PNG")
    assert run(["predict-ode", str(directory), "-q"]) == 2
    assert "nothing is overwritten unasked" in capsys.readouterr().err
    for wrong in ("0:1", "0:1:1", "a:b:3", "0:0:5", "0:inf:5"):
        assert run(["predict-ode", str(directory), "--times", wrong]) == 2
        assert "is not start:stop:count" in capsys.readouterr().err
