"""Files are whole or absent, and nothing is overwritten unasked."""

import os
import stat
from pathlib import Path

import pytest

from nodelens.errors import UsageError
from nodelens.runtime.files import (
    atomic_path,
    claim_directory,
    make_directory,
    refuse_overwriting,
    whole_directory,
    write_text,
)


def test_a_failed_write_leaves_the_old_file_and_no_rest(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with pytest.raises(RuntimeError), atomic_path(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_temporary_name_keeps_the_suffix(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "model.keras") as temporary:
        assert temporary.suffix == ".keras"
        assert temporary.parent == tmp_path


def test_a_written_file_has_the_usual_permissions(tmp_path: Path) -> None:
    write_text(tmp_path / "ours", "x")
    (tmp_path / "usual").write_text("x")
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("ours", "usual")]
    assert modes[0] == modes[1]


def test_a_directory_with_something_in_it_needs_force(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    with pytest.raises(UsageError, match="not empty"):
        claim_directory(tmp_path, force=False)
    assert claim_directory(tmp_path, force=True) == tmp_path
    assert claim_directory(tmp_path / "new" / "deep", force=False).is_dir()


def test_a_file_in_the_place_of_a_directory_is_told(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    with pytest.raises(UsageError, match="a file is in its place"):
        make_directory(tmp_path / "a")
    with pytest.raises(UsageError, match="a file is in its place"):
        make_directory(tmp_path / "a" / "b")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_an_unwritable_directory_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(UsageError, match="cannot be written to"):
        make_directory(tmp_path)


def test_existing_files_are_named(tmp_path: Path) -> None:
    paths = [tmp_path / f"{n}.png" for n in range(5)]
    for path in paths:
        path.write_text("x")
    with pytest.raises(UsageError, match=r"0\.png.*2\.png and 2 more"):
        refuse_overwriting(paths, force=False)
    refuse_overwriting(paths, force=True)


def test_a_directory_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    place = tmp_path / "deep" / "done"
    with pytest.raises(RuntimeError), whole_directory(place, last="list") as unfinished:
        (unfinished / "half").write_text("x")
        assert not place.exists()
        raise RuntimeError
    assert list((tmp_path / "deep").iterdir()) == []
    with whole_directory(place, last="list") as unfinished:
        (unfinished / "list").write_text("new")
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["done"]
    assert (place / "list").read_text() == "new"


def test_a_directory_that_is_there_keeps_its_other_files(tmp_path: Path) -> None:
    (tmp_path / "done").mkdir()
    for name in ("list", "mine", "b"):
        (tmp_path / "done" / name).write_text("old")
    with whole_directory(tmp_path / "done", last="list") as unfinished:
        (unfinished / "list").write_text("new")
        (unfinished / "b").write_text("new")
    found = {path.name: path.read_text() for path in (tmp_path / "done").iterdir()}
    assert found == {"list": "new", "b": "new", "mine": "old"}
    (tmp_path / "file").write_text("x")
    refused = pytest.raises(UsageError, match="file is in its place")
    with refused, whole_directory(tmp_path / "file", last="list"):
        pass
