"""The memory that a process holds."""

from pathlib import Path

import numpy as np
import pytest

from nodelens.runtime import memory


def test_memory_that_is_taken_is_seen() -> None:
    before = memory.resident_bytes()
    taken = np.ones(50_000_000, np.uint8)
    assert 45e6 < memory.resident_bytes() - before < 60e6
    del taken


def test_without_the_file_of_linux_the_peak_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    now = memory.resident_bytes()
    monkeypatch.setattr(memory, "STATM", Path("/absent"))
    assert now <= memory.resident_bytes() < 100 * now
