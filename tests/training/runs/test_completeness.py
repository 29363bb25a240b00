"""What makes a run complete: a report of its last step, and every file that it names."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from nodelens.runtime.rundir import RunDirectory
from nodelens.settings.resolve import resolve
from nodelens.training.runs.completeness import is_complete
from nodelens.training.settings import TrainOdeSettings

FILES = {
    "model": "model.keras",
    "page": "report.md",
    "html": "report.html",
    "training_figure": "figures/training.png",
}


def make(path: Path, **more: Any) -> dict[str, Any]:
    """A run directory in outline, and its report."""
    for name in FILES.values():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).touch()
    artifacts = {name: str(path / file) for name, file in FILES.items()}
    document = {
        "run_dir": str(path),
        "stopped": "finished",
        "final": {"step": 20},
        "artifacts": artifacts,
    }
    (path / "report.json").write_text(json.dumps({**document, **more}))
    return document


def complete(path: Path, *overrides: str, step: int = 20) -> bool:
    settings = resolve(TrainOdeSettings, overrides=overrides).settings
    return is_complete(RunDirectory(path), settings, step)


def test_a_run_is_complete_wherever_it_is_moved(tmp_path: Path) -> None:
    make(tmp_path / "run")
    assert complete(tmp_path / "run")
    (tmp_path / "run").rename(tmp_path / "elsewhere")
    assert complete(tmp_path / "elsewhere")


@pytest.mark.parametrize("name", ["report.json", *FILES.values()])
def test_each_file_is_missed(tmp_path: Path, name: str) -> None:
    make(tmp_path)
    (tmp_path / name).unlink()
    assert not complete(tmp_path)


@pytest.mark.parametrize(
    "change",
    [{"final": {"step": 15}}, {"stopped": "interrupted"}, {"final": None}, {"artifacts": {}}],
    ids=str,
)
def test_a_report_of_something_else_is_none(tmp_path: Path, change: dict[str, Any]) -> None:
    make(tmp_path, **change)
    assert not complete(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "3"])
def test_a_damaged_report_is_none(tmp_path: Path, text: str) -> None:
    make(tmp_path)
    (tmp_path / "report.json").write_text(text)
    assert not complete(tmp_path)


def test_what_is_asked_for_now_counts(tmp_path: Path) -> None:
    document = make(tmp_path)
    assert not complete(tmp_path, "output.tensorboard=true")
    del document["artifacts"]["training_figure"]
    (tmp_path / "report.json").write_text(json.dumps(document))
    assert complete(tmp_path, "output.figures=false")
    assert not complete(tmp_path)


def test_the_baseline_counts_too(tmp_path: Path) -> None:
    against = "against={kind: mlp}"
    below = make(tmp_path / "against")
    make(tmp_path)
    assert not complete(tmp_path, against)
    make(tmp_path, against=below)
    assert complete(tmp_path, against)
    shutil.rmtree(tmp_path / "against" / "figures")
    assert not complete(tmp_path, against)
