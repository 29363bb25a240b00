"""The end of a run, stopped anywhere between the last checkpoint and the last file, and resumed."""

import errno
import os
import secrets
import shutil
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.training.killed_runs import differences, files, overrides, rows

from nodelens.entry import run
from nodelens.training.loop.checkpoints import Checkpoints
from nodelens.training.loop.train import Progress
from nodelens.training.runs import run as run_module
from nodelens.training.samples import conclusion as of_samples
from nodelens.training.trajectories import conclusion as of_trajectories

TRAJECTORIES = {
    "field": "{kind: hybrid, equations: {x: v, v: a*x}, parameters: {a: -0.5}}",
    "data": "{kind: simulated, system: harmonic_oscillator, points: 50}",
    "solver.method": "heun_euler",
    "adjoint.method": "discrete",
    "training": "{steps: 20, window: 3, batch_size: 4, steps_per_call: 5, checkpoint_every: 5}",
}
# Of three features no flow is drawn, which would take its time to compute.
SAMPLES = {
    "data": "{kind: nested_spheres, dimension: 3, samples: 60}",
    "field": "{kind: mlp, hidden: [4]}",
    "solver": "{method: heun_euler, rtol: 1.0e-2, atol: 1.0e-2}",
    "adjoint.method": "discrete",
    "training": "{steps: 20, batch_size: 8, steps_per_call: 5, checkpoint_every: 5}",
}
Message = pytest.CaptureFixture[str]


class KilledError(BaseException):
    """The end of the process."""


def drawn(*content: object) -> bytes:
    """In the place of a picture, which takes seconds to draw, what it shows."""
    return repr(content).encode()


@pytest.fixture(scope="module", autouse=True)
def quick_figures() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for module, name in [
            (of_trajectories, "draw_fit"),
            (of_trajectories, "draw_training"),
            (of_samples, "draw_training"),
            (of_samples, "draw_confusion"),
        ]:
            patch.setattr(module, name, drawn)
        yield


@pytest.fixture(scope="module")
def finished(quick_figures: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on trajectories that was left in peace."""
    return completed(TRAJECTORIES, tmp_path_factory.mktemp("finished"))


@pytest.fixture
def trained(finished: Path, tmp_path: Path) -> Path:
    """The same run as it was after its last checkpoint."""
    return without_its_end(finished, tmp_path)


def completed(settings: dict[str, str], place: Path) -> Path:
    assert run(["train-ode", "-q", *overrides(settings), "--out", str(place / "run")]) == 0
    return place / "run"


def without_its_end(finished: Path, place: Path) -> Path:
    directory = place / "run"
    shutil.copytree(finished, directory)
    shutil.rmtree(directory / "figures")
    for name in ("model.keras", "report.json", "report.md", "report.html"):
        (directory / name).unlink()
    return directory


def resume(directory: Path, *more: str) -> int:
    return run(["train-ode", "-q", "--resume", str(directory), *more])


def stop_at(
    monkeypatch: pytest.MonkeyPatch, which: Callable[[Path, int], bool], stop: Callable[[], None]
) -> None:
    """Stops before a file takes its place: its name and how many came before tell which."""
    replace, count = Path.replace, 0

    def replacing(temporary: Path, path: Path) -> Path:
        nonlocal count
        if which(path, count):
            # What a kill leaves: the temporary file stays.
            letters = secrets.token_hex(4)
            left = temporary.with_name(f".{path.stem}-{letters}.unfinished{path.suffix}")
            shutil.copy(temporary, left)
            stop()
        count += 1
        return replace(temporary, path)

    monkeypatch.setattr(Path, "replace", replacing)


def kill() -> None:
    raise KilledError


@pytest.mark.slow
@pytest.mark.parametrize("settings", [TRAJECTORIES, SAMPLES], ids=["trajectories", "samples"])
def test_a_run_killed_before_each_of_its_last_files_is_concluded(
    settings: dict[str, str], finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if settings is SAMPLES:
        (tmp_path / "a").mkdir()
        finished = completed(settings, tmp_path / "a")
    trained = without_its_end(finished, tmp_path)
    figures = len(list((finished / "figures").iterdir()))
    # After four records and the metrics: the model, the first state, the figures, two pages, the
    # report.
    for number in range(5, 5 + 2 + figures + 2 + 1):
        with monkeypatch.context() as patch:
            stop_at(patch, lambda path, count, number=number: count == number, kill)
            with pytest.raises(KilledError):
                resume(trained)
    assert {path.name for path in trained.iterdir()} >= {"model.keras", "report.html"}
    assert not (trained / "report.json").exists()
    assert resume(trained) == 0
    assert differences(trained, finished) == []


@pytest.mark.slow
def test_a_complete_run_stays_as_it_is_and_lacks_nothing_elsewhere(
    finished: Path, tmp_path: Path, capsys: Message
) -> None:
    before = {path: path.stat().st_mtime_ns for path in finished.rglob("*")}
    assert resume(finished) == 2
    errors = capsys.readouterr().err
    assert "has had its 20 steps, and no file is missing" in errors
    assert "raise `training.steps` (--steps), for example to 40" in errors
    del before[finished / ".lock"]
    assert {path: path.stat().st_mtime_ns for path in before} == before
    moved = tmp_path / "elsewhere"
    shutil.copytree(finished, moved)
    assert resume(moved) == 2


@pytest.mark.slow
def test_a_run_of_epochs_or_stopped_early_is_complete_too(
    finished: Path, tmp_path: Path, capsys: Message
) -> None:
    directory = tmp_path / "run"
    shutil.copytree(finished, directory)
    config = directory / "config.resolved.yaml"
    text = config.read_text()

    def refusal(*more: str) -> str:
        assert resume(directory, *more) == 2
        return capsys.readouterr().err

    config.write_text(text.replace("epochs: null", "epochs: 1.5"))
    assert "raise `training.epochs`, for example to 3" in refusal()
    config.write_text(text.replace("early_stopping: null", "early_stopping: {patience: 7}"))
    checkpoints = Checkpoints(directory / "checkpoints")
    state, _ = checkpoints.newest()
    assert state is not None
    checkpoints.save(replace(state, best=replace(state.best, waited=7)))
    assert "has had its 20 steps, stopped early, and no file is missing" in refusal()
    assert "hint: raise `training.early_stopping.patience`" in refusal("--steps", "40")
    # The length of a training may be changed; nothing else, be its name longer by a word.
    assert "training.steps_per_call would change" in refusal("--set", "training.steps_per_call=9")


@pytest.mark.slow
def test_a_disk_that_is_full_at_the_end_loses_nothing(
    finished: Path, trained: Path, monkeypatch: pytest.MonkeyPatch, capsys: Message
) -> None:
    for number, code, words in [
        (errno.ENOSPC, 5, "the disk is full while writing to"),
        (errno.EACCES, 2, "may not be written to"),
    ]:

        def fail(number: int = number) -> None:
            raise OSError(number, os.strerror(number), str(trained / "figures" / "x"))

        with monkeypatch.context() as patch:
            stop_at(patch, lambda path, count: path.name == "training.png", fail)
            assert resume(trained) == code
        errors = capsys.readouterr().err
        assert f"{words}" in errors and f"{trained / 'figures'}" in errors
        assert f"go on with: node train-ode --resume {trained}" in errors
        assert (trained / "model.keras").exists() and not (trained / "report.json").exists()
    assert resume(trained) == 0
    assert differences(trained, finished) == []


@pytest.mark.slow
def test_an_interruption_at_the_end_lets_it_be_finished(
    finished: Path, trained: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture
) -> None:
    with monkeypatch.context() as patch:
        interrupt = lambda: signal.raise_signal(signal.SIGINT)  # noqa: E731
        stop_at(patch, lambda path, count: path.name == "training.png", interrupt)
        assert resume(trained) == 0
    assert "model, figures and report of what is trained are written" in capfd.readouterr().err
    for left in trained.rglob("*.unfinished*"):
        left.unlink()
    assert differences(trained, finished) == []


@pytest.mark.slow
def test_what_is_refused_at_the_end_does_not_undo_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Message
) -> None:
    directory, save = tmp_path / "run", run_module.save_model

    def with_a_file_in_the_way(*arguments: object) -> None:
        save(*arguments)  # type: ignore[arg-type]
        (directory / "figures").write_text("mine")

    with monkeypatch.context() as patch:
        patch.setattr(run_module, "save_model", with_a_file_in_the_way)
        begin = ["train-ode", "-q", *overrides(TRAJECTORIES), "--out", str(directory)]
        assert run(begin) == 2
    assert "a file is in its place" in capsys.readouterr().err
    (directory / "figures").unlink()
    assert (directory / "checkpoints" / "step-000000020.npz").exists()
    assert resume(directory) == 0
    assert (directory / "report.json").exists()


@pytest.mark.slow
def test_the_run_that_another_one_replaces_leaves_nothing_that_is_taken_for_its_own(
    finished: Path, trained: Path, monkeypatch: pytest.MonkeyPatch, capsys: Message
) -> None:
    shutil.rmtree(trained)
    shutil.copytree(finished, trained)
    shutil.copytree(finished, trained / "against")
    begin = ["train-ode", "-q", *overrides(TRAJECTORIES), "--force", "--out", str(trained)]
    # Refused, it has replaced nothing.
    assert run([*begin, "--set", "training.batch_size=100"]) == 2
    shutil.copytree(trained / "against", trained.parent / "copy")
    shutil.rmtree(trained / "against")
    assert differences(trained, finished) == []
    (trained.parent / "copy").rename(trained / "against")
    # Killed before its own settings are there, it has left none of the old ones.
    with monkeypatch.context() as patch:
        stop_at(patch, lambda path, count: path.name == "config.resolved.yaml", kill)
        with pytest.raises(KilledError):
            run(begin)
    for directory in (trained, trained / "against"):
        left = {name for name in files(directory) if not name.startswith(("against", "."))}
        assert left == {"data_summary.npz", "origins.json", "provenance.json"}
    capsys.readouterr()
    assert resume(trained) == 2
    assert "is no run directory" in capsys.readouterr().err


@pytest.mark.slow
def test_a_run_killed_before_it_began_begins_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = tmp_path / "run"
    begin = ["train-ode", "-q", *overrides(TRAJECTORIES), "--out", str(directory)]
    with monkeypatch.context() as patch:
        stop_at(patch, lambda path, count: path.name == "config.resolved.yaml", kill)
        with pytest.raises(KilledError):
            run(begin)
    assert {".lock"} < files(directory)
    assert run(begin) == 0
    assert not [name for name in files(directory) if "unfinished" in name]
    assert run(begin) == 2


@pytest.mark.slow
def test_an_interruption_of_the_baseline_begins_no_other_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    directory, row_of = tmp_path / "run", run_module.metrics_row

    def interrupting(progress: Progress) -> dict[str, float | None]:
        if progress.step == 10:
            signal.raise_signal(signal.SIGINT)
        return row_of(progress)

    begin = ["train-ode", "-q", *overrides({**SAMPLES, "against": "{kind: mlp, hidden: [4]}"})]
    with monkeypatch.context() as patch:
        patch.setattr(run_module, "metrics_row", interrupting)
        assert run([*begin, "--out", str(directory)]) == 130
    errors = capfd.readouterr().err
    assert "interrupted after step 10 of the baseline; nothing is lost" in errors
    assert f"hint: continue with: node train-ode --resume {directory}" in errors
    assert not (directory / "metrics.jsonl").exists()
    assert resume(directory) == 0
    for trained in (directory, directory / "against"):
        assert [row["step"] for row in rows(trained)] == [5, 10, 15, 20]
    assert resume(directory) == 2
