"""Figures as objects instead of PNG files."""

import sys
from collections.abc import Callable
from typing import Any

import pytest
from matplotlib.figure import Figure


@pytest.fixture
def figure_of(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Figure]:
    """Calls a function that draws, and returns the figure that it would write."""

    def call(draw: Callable[..., bytes], *arguments: Any) -> Any:
        monkeypatch.setattr(sys.modules[draw.__module__], "to_png", lambda figure: figure)
        return draw(*arguments)

    return call
