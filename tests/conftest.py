"""What holds for every test."""

import pytest
from tests.freeing import Freeing
from tests.recycling import Recycling


def pytest_configure(config: pytest.Config) -> None:
    """Keeps the test processes small."""
    many = config.getoption("dist", "no") != "no"
    if many or hasattr(config, "workerinput"):
        config.pluginmanager.register(Recycling(config))
    if not many:
        config.pluginmanager.register(Freeing())


def pytest_unconfigure(config: pytest.Config) -> None:
    """Drops what TensorFlow wrote when it was imported: pytest would show it after the summary."""
    capture = config.pluginmanager.getplugin("capturemanager")
    if capture is not None and capture.is_globally_capturing():
        capture.read_global_capture()
