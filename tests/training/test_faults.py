"""Faults around a training: each is reported in one message, and saved files stay good."""

import errno
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nodelens.entry import run
from nodelens.training.loop import checkpoints as checkpoints_module
from nodelens.training.loop.checkpoints import Checkpoints
from nodelens.training.runs import run as run_module

SETTINGS = [
    "field={kind: hybrid, equations: {x: v, v: a*x}, parameters: {a: -0.5}}",
    "data={kind: simulated, system: harmonic_oscillator, points: 50}",
    "solver.method=heun_euler",
    "adjoint.method=discrete",
    "training={window: 3, batch_size: 4, steps_per_call: 5, checkpoint_every: 5}",
    "output.figures=false",
]
BEGIN = ["train-ode", "-q", "--steps", "20", *[w for s in SETTINGS for w in ("--set", s)], "--out"]


@pytest.mark.slow
def test_a_full_disk_leaves_the_checkpoint_before_it_and_the_run_goes_on_from_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = tmp_path / "run"
    saved = 0
    savez = np.savez

    def until_the_disk_is_full(file: Any, **arrays: Any) -> None:
        nonlocal saved
        saved += "digest" in arrays  # a checkpoint
        savez(file, **arrays)
        if saved == 3:
            raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(checkpoints_module.np, "savez", until_the_disk_is_full)
        assert run([*BEGIN, str(directory)]) == 5
    errors = capsys.readouterr().err
    assert "the disk is full" in errors
    assert "free some space" in errors
    state, damaged = Checkpoints(directory / "checkpoints").newest()
    assert state is not None
    assert (state.step, damaged) == (10, [])
    assert len(list((directory / "checkpoints").iterdir())) == 2

    newest = directory / "checkpoints" / "step-000000010.npz"
    newest.write_bytes(newest.read_bytes()[:-100])
    capsys.readouterr()
    assert run(["train-ode", "--resume", str(directory)]) == 0
    errors = capsys.readouterr().err
    assert f"{newest} is damaged; the checkpoint before it is used" in errors
    assert "continuing after step 5" in errors
    state, _ = Checkpoints(directory / "checkpoints").newest()
    assert state is not None
    assert state.step == 20


@pytest.mark.slow
def test_a_directory_that_is_removed_meanwhile_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = tmp_path / "run"
    row_of = run_module.metrics_row

    def removing(progress: Any) -> dict[str, float | None]:
        shutil.rmtree(directory)
        return row_of(progress)

    monkeypatch.setattr(run_module, "metrics_row", removing)
    assert run([*BEGIN, str(directory)]) == 5
    assert f"the run directory {directory} was removed" in capsys.readouterr().err
    assert not directory.exists()


def test_a_directory_that_cannot_be_written_to_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # Permissions do not bind everybody who may run this test.
    monkeypatch.setattr("nodelens.runtime.files.os.access", lambda *_: False)
    assert run([*BEGIN, str(tmp_path / "run")]) == 2
    errors = capsys.readouterr().err
    assert "cannot be written to" in errors
    assert "choose another `directory` (--out)" in errors
