"""The manifest of a picture: the results, and what it takes to obtain them again.

It is written last, so that where there is a manifest everything that it names is there; and it is
read again where a picture that was explained before need not be explained once more.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from nodelens.errors import UsageError
from nodelens.explaining.model.weights_files import digest
from nodelens.explaining.output.document import image_document, read_image
from nodelens.explaining.result import PictureResult
from nodelens.runtime.documents import command_json, to_json
from nodelens.runtime.files import write_text

MANIFEST = "manifest.json"
COMPARED = ("model", "settings", "files_sha256")
"""Parts of the record that must be the same for an explanation not to be made again."""

WITHOUT_EFFECT = (
    "device", "batch_size", "shard", "fail_fast", "max_pixels", "model.download",
    "output.directory", "output.html", "output.contact_sheet",
)  # fmt: skip
"""Settings that change nothing in the directory of a picture."""


def write_manifest(directory: Path, picture: PictureResult, record: Mapping[str, Any]) -> None:
    """Writes the JSON document of the command for one picture, with paths beside the manifest.

    Args:
        directory: The directory of the picture.
        picture: What was found out about it.
        record: What it takes to repeat the run.
    """
    document = image_document(picture.within(Path()))
    text = command_json("gradcam", {"images": [document], **record})
    write_text(directory / MANIFEST, text)


def find_done(directory: Path, path: Path, record: Mapping[str, Any]) -> PictureResult | None:
    """Looks for the same explanation of the same picture, made before.

    Args:
        directory: The directory in which it would be.
        path: The picture.
        record: What it takes to repeat this run.

    Returns:
        What was found out about the picture; None if there is nothing in the directory.

    Raises:
        UsageError: Something else is there.
    """
    if not directory.is_dir() or not any(directory.iterdir()):
        return None
    found = _read(directory / MANIFEST)
    if found is None:
        raise _in_the_way(directory, "is not empty, and holds no explanation of a picture")
    document, picture = found
    if picture.sha256 != digest(path, "sha256"):
        raise _in_the_way(directory, f"explains another picture: {picture.path}")
    wanted = json.loads(to_json({key: record[key] for key in COMPARED if key in record}))
    if changes := list(_changes("", {key: document.get(key) for key in wanted}, wanted)):
        raise _in_the_way(directory, f"was made with other settings: {', '.join(changes[:3])}")
    picture = replace(picture.within(directory), path=path)
    files = [file for each in picture.maps for file in each.files.as_dict().values()]
    if gone := [file for file in [*files, *picture.figures.values()] if not file.is_file()]:
        raise _in_the_way(directory, f"is not whole any more: {gone[0].name} is missing")
    return picture


def _read(manifest: Path) -> tuple[dict[str, Any], PictureResult] | None:
    """Reads a manifest; None if it is none."""
    try:
        found = json.loads(manifest.read_text(encoding="utf-8"))
        if not {"images", "model", "settings"} <= found.keys():
            return None
        return found, read_image(found["images"][0])
    except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError):
        return None


def _changes(at: str, before: Any, after: Any) -> Iterator[str]:
    """Yields the settings that differ, with both values, in words."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*after, *(key for key in before if key not in after)]:
            name = f"{at}.{key}".removeprefix(".settings.").removeprefix(".")
            if name not in WITHOUT_EFFECT:
                yield from _changes(f"{at}.{key}", before.get(key), after.get(key))
    elif before != after:
        name = at.removeprefix(".settings.").removeprefix(".")
        yield f"{name} was {json.dumps(before)} and is {json.dumps(after)}"


def _in_the_way(directory: Path, why: str) -> UsageError:
    return UsageError(
        f"{directory} {why}; nothing is overwritten unasked",
        hint="set `force`, or choose another `directory`",
    )
