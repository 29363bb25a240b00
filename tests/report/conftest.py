"""A headless Chromium for the tests of pages."""

import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

# The packages of Debian; Selenium is not asked to download others.
BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
MISSING = (
    "NO BROWSER, SO THAT PAGES ARE NOT TESTED IN ONE: install chromium and chromium-driver "
    "(apt-get install chromium chromium-driver)"
)


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Any]:
    """A browser with a profile of its own, which keeps what pages complain about."""
    if not (BROWSER and DRIVER):
        warnings.warn(MISSING, stacklevel=1)  # the summary of pytest shows warnings, not skips
        pytest.skip(MISSING)
    from selenium.webdriver import Chrome, ChromeOptions, ChromeService

    options = ChromeOptions()
    options.binary_location = BROWSER
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(flag)
    options.add_argument(f"--user-data-dir={tmp_path / 'profile'}")
    with Chrome(options, ChromeService(DRIVER)) as driver:
        yield driver
