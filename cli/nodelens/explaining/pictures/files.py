"""The files of pictures, before any of them is opened; without the libraries that open them."""

import glob
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from nodelens.errors import UsageError
from nodelens.runtime.resources import sample_images

SUFFIXES = (
    ".jpg", ".jpeg", ".png", ".webp", ".avif", ".gif", ".tif", ".tiff", ".bmp", ".jp2",
)  # fmt: skip
"""The ends of names by which the pictures in a directory are recognised."""

PIXEL_LIMIT = 80_000_000
"""Largest picture that is decoded, in pixels: it takes 240 MB as RGB, a few times that to paint."""


def find_pictures(given: Sequence[str | Path]) -> list[Path]:
    """Replaces directories, patterns and lists by the pictures that they stand for.

    Args:
        given: Files; directories, for the pictures in them at any depth; patterns such as
            `photos/**/*.jpg`; names of the sample images that travel with the package, such as
            `cat.jpg` or `cat`; and `-` for a list on standard input, one of all these a line.

    Returns:
        Files, in the order of what was given and, within that, of their names; those that were
        named are kept whatever they are called.

    Raises:
        UsageError: Nothing was given, or there is no picture in a directory, or no file matches a
            pattern.
    """
    if not given:
        raise UsageError("no picture was given", hint="name one: gradcam sample_images/cat.jpg")
    found: list[Path] = []
    for each in given:
        found += _find(_listed(sys.stdin.read()) if str(each) == "-" else [Path(each)])
    return found


def _listed(text: str) -> list[Path]:
    """Reads a list of paths, one a line, or divided by zero bytes as `find -print0` does."""
    lines = text.split("\0") if "\0" in text else text.splitlines()
    if paths := [Path(line) for line in lines if line.strip()]:
        return paths
    raise UsageError("no picture was given: the list on standard input is empty")


def _find(paths: Sequence[Path]) -> list[Path]:
    found: list[Path] = []
    for named in paths:
        path = named if named.exists() else _sample_image(named) or named
        if path.is_dir():
            found += _in_directory(path)
        elif path.exists() or not glob.has_magic(str(path)):
            found.append(path)
        else:
            found += _matching(path)
    return found


def _in_directory(path: Path) -> list[Path]:
    inside = sorted(p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
    if inside:
        return inside
    raise UsageError(
        f"{path}: there is no picture in this directory",
        hint=f"looked for files that end in {', '.join(SUFFIXES)}",
    )


def _matching(pattern: Path) -> list[Path]:
    files = sorted(Path(name) for name in glob.glob(str(pattern), recursive=True))  # noqa: PTH207
    if files := [file for file in files if file.is_file()]:
        return files
    raise UsageError(f"{pattern}: no file matches this pattern")


def _sample_image(path: Path) -> Path | None:
    """Finds the sample image of a name, for those who have no picture at hand."""
    if path.parent not in {Path(), Path("sample_images")}:
        return None
    sample = sample_images() / f"{path.name.removesuffix('.jpg')}.jpg"
    return sample if sample.is_file() else None


def refuse_unreadable(path: Path) -> None:
    """Refuses what cannot be a picture, by looking at the directory only.

    Args:
        path: The file.

    Raises:
        UsageError: It is missing, empty, or no file.
    """
    if path.is_dir():
        raise UsageError(f"{path}: expected a picture, received a directory")
    if not path.exists():
        near = get_close_matches(path.name, _names_beside(path), n=3)
        raise UsageError(
            f"{path}: no such file",
            hint=f"did you mean {' or '.join(str(path.parent / name) for name in near)}?"
            if near
            else None,
        )
    if not path.is_file():
        raise UsageError(f"{path}: expected a picture, received something that is no regular file")
    if path.stat().st_size == 0:
        raise UsageError(f"{path}: the file is empty (0 bytes)")


def refuse_if_none_readable(paths: Sequence[Path]) -> None:
    """Refuses pictures of which none can be read; a batch goes on with those that can.

    Args:
        paths: The files.

    Raises:
        UsageError: Naming what is wrong with each.
    """
    errors = []
    for path in paths:
        try:
            refuse_unreadable(path)
        except UsageError as error:
            errors.append(error)
    if len(errors) < len(paths):
        return
    if len(errors) == 1:
        raise errors[0]
    listed = "\n".join(f"  {error.message}" for error in errors)
    raise UsageError(f"none of the {len(paths)} pictures can be read:\n{listed}")


def _names_beside(path: Path) -> list[str]:
    try:
        return [other.name for other in path.parent.iterdir()]
    except OSError:
        return []


def distinct_stems(paths: Sequence[Path]) -> dict[Path, str]:
    """Gives every picture a name of its own, for what is written about it.

    Args:
        paths: The files; one that is named twice counts once.

    Returns:
        For each file the name without its suffix; where several share one, the second is called
        `name-2` and so on.
    """
    stems: dict[Path, str] = {}
    for path in paths:
        if path in stems:
            continue
        stem, number = path.stem, 2
        while stem in stems.values():
            stem, number = f"{path.stem}-{number}", number + 1
        stems[path] = stem
    return stems
