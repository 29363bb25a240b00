"""Files written whole or not at all; directories never overwritten without `force`."""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nodelens.errors import UsageError

DISK_FULL = {errno.ENOSPC, errno.EDQUOT}

UNFINISHED = ".unfinished"  # in the name of a temporary file, before its suffix


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Gives a temporary path beside `path` and puts the finished file in its place at the end.

    The temporary name has the same suffix, because some writers (Keras, Pillow) choose the format
    by it. If the block fails, the temporary file is removed and `path` is unchanged. Its directory
    must exist. The file of a process that was killed stays, until `clear_unfinished`.
    """
    suffix = f"{UNFINISHED}{path.suffix}"
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        # mkstemp makes private files; what a command writes is as readable as any other file.
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def unfinished(directory: Path) -> list[Path]:
    """Returns the temporary files in a directory, those of running processes among them."""
    return [path for path in directory.glob(f".*-*{UNFINISHED}*") if path.is_file()]


def clear_unfinished(directory: Path) -> None:
    """Removes the temporary files of processes that were killed while they wrote to a directory.

    Nobody else may be writing to it.
    """
    for path in unfinished(directory):
        path.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Writes `content` to `path`, whole or not at all."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, content: str) -> None:
    """Writes `content` to `path` in UTF-8, whole or not at all."""
    write_bytes(path, content.encode())


def write_arrays(path: Path, arrays: Mapping[str, Any]) -> None:
    """Writes arrays to an NPZ file by name, whole or not at all."""
    import numpy as np

    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)


def make_directory(path: Path) -> Path:
    """Makes the directory `path` if it is not there.

    Raises:
        UsageError: If it cannot be made, or is no directory, or cannot be written to.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise UsageError(
            f"{path} cannot be a directory: a file is in its place",
            hint="choose another `directory`",
        ) from error
    if not os.access(path, os.W_OK):
        raise UsageError(f"{path} cannot be written to", hint="choose another `directory`")
    return path


@contextmanager
def whole_directory(path: Path, *, last: str) -> Iterator[Path]:
    """Gives an empty directory beside `path` and puts it in its place at the end.

    If the block fails it is removed, and `path` is unchanged. The leftovers of a killed process
    are found by their name and removed by the next. If there is such a directory already, files of
    the same names are replaced and others stay; the file `last`, which names the others, is there
    only when they are.

    Raises:
        UsageError: If `path` is no directory or cannot be written to.
    """
    make_directory(path.parent)
    unfinished = path.parent / f".{path.name}.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    try:
        yield unfinished
        if not path.exists():
            unfinished.replace(path)
            return
        make_directory(path)
        (path / last).unlink(missing_ok=True)
        for file in sorted(unfinished.iterdir(), key=lambda file: file.name == last):
            file.replace(path / file.name)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def claim_directory(path: Path, *, force: bool) -> Path:
    """Makes the directory `path` for the results of one run.

    Raises:
        UsageError: If it holds something already and `force` is not set.
    """
    if path.is_dir() and not force and any(path.iterdir()):
        raise UsageError(
            f"{path} is not empty, and nothing is overwritten unasked",
            hint="set `force`, or choose another `directory`",
        )
    return make_directory(path)


def refuse_overwriting(paths: list[Path], *, force: bool) -> None:
    """Raises if a file of `paths` exists and `force` is not set.

    Raises:
        UsageError: Naming the first such files.
    """
    existing = [path for path in paths if path.exists()]
    if existing and not force:
        names = ", ".join(str(path) for path in existing[:3])
        more = f" and {len(existing) - 3} more" if len(existing) > 3 else ""
        raise UsageError(
            f"already there, and nothing is overwritten unasked: {names}{more}",
            hint="set `force`, or choose another `directory`",
        )
