"""Recognising the kind of data by its path."""

import zipfile
from pathlib import Path

from nodelens.datasets.settings import DATA


def known_suffixes() -> list[str]:
    """Returns the endings of files that are recognised."""
    return [suffix for row in DATA.values() for suffix in row.suffixes]


def kind_of(path: Path) -> str | None:
    """Finds the kind of data that a path is, without reading its numbers.

    Args:
        path: A file or a folder.

    Returns:
        The name of a kind; None if nothing is known of such a path.
    """
    rows = DATA.values()
    if path.is_dir():
        return next((row.name for row in rows if row.folder), None)
    suffix = path.suffix.lower()
    by_suffix = next((row.name for row in rows if suffix in row.suffixes), None)
    if by_suffix is None or not zipfile.is_zipfile(path):
        return by_suffix
    with zipfile.ZipFile(path) as archive:
        held = set(archive.namelist())
    by_array = (row.name for row in rows if held & {f"{array}.npy" for array in row.arrays})
    return next(by_array, by_suffix)
