"""What tests leave behind, given back: compiled solves, what points at itself, freed pages."""

import ctypes
import gc
import sys
from typing import Any

import pytest

GROWTH = 200 * 2**20
"""Bytes by which a process has grown after a test when it gives back what it can."""


class Freeing:
    """The plugin of each process that runs tests."""

    def __init__(self) -> None:
        self.held = 0

    def pytest_collection_finish(self) -> None:
        """Leaves the modules out of what the garbage collector looks through, again and again."""
        gc.collect()
        gc.freeze()
        self.held = _resident_bytes()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self) -> Any:
        """Gives memory back after a test if the process has grown."""
        result = yield
        if _resident_bytes() > self.held + GROWTH:
            give_back()
            self.held = _resident_bytes()
        return result


def give_back() -> None:
    """Forgets compiled solves, collects garbage and returns free pages to the system."""
    if memo := sys.modules.get("nodelens.ode.memo"):
        memo.clear_memos()
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of glibc
        if trim is not None:
            trim(0)


def _resident_bytes() -> int:
    from nodelens.runtime.memory import resident_bytes

    return resident_bytes()
