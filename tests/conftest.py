"""What holds for every test."""

import pytest


def pytest_unconfigure(config: pytest.Config) -> None:
    """Drops what TensorFlow wrote when it was imported: pytest would show it after the summary."""
    capture = config.pluginmanager.getplugin("capturemanager")
    if capture is not None and capture.is_globally_capturing():
        capture.read_global_capture()
