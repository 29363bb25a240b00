"""A resumed run is compiled with the flags of XLA that it began with."""

import json
import os
from pathlib import Path

import pytest

from nodelens.commands.train.train_ode import _compile_as_before

OURS = "--xla_backend_extra_options=xla_cpu_small_while_loop_byte_threshold="


@pytest.mark.parametrize(
    ("record", "flags"),
    [
        (json.dumps({"xla_flags": OURS + "5"}), OURS + "5"),
        (json.dumps({"seed": 0}), OURS + "1024"),
        ("", ""),
        (None, ""),
    ],
    ids=["recorded", "of an earlier version", "cut off", "not begun"],
)
def test_the_recorded_flags_are_set(
    record: str | None, flags: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XLA_FLAGS", "")
    path = tmp_path / "provenance.json"
    if record is not None:
        path.write_text(record)
    _compile_as_before(path)
    assert os.environ["XLA_FLAGS"] == flags
