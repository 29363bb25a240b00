"""A resumed run stays in its directory; what it writes there may change."""

from pathlib import Path

import pytest

from nodelens.entry import run
from nodelens.settings.resolve import resolve
from nodelens.training.runs.resume import resume
from nodelens.training.settings import TrainOdeSettings


def test_another_directory_is_refused_and_other_settings_of_the_output_are_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begun, other = tmp_path / "begun", tmp_path / "other"
    begun.mkdir()
    config = begun / "config.resolved.yaml"
    config.write_text(f"training: {{steps: 5}}\noutput: {{directory: {begun}}}\n")
    assert run(["train-ode", "-q", "--resume", str(begun), "--out", str(other)]) == 2
    errors = capsys.readouterr().err
    assert f"a resumed run stays in its directory, {begun}" in errors
    assert str(other) in errors and not other.exists()
    changed = resolve(TrainOdeSettings, file=config, overrides=["output.figures=false"])
    assert resume(begun, changed).directory.path == begun
