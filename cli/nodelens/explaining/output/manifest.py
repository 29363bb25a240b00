"""The manifest of a picture: what was found, and what it takes to find it again.

It is written last, so that where there is a manifest everything that it names is there; and it is
read again where a picture that was explained before need not be explained once more.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from nodelens.errors import UsageError
from nodelens.explaining.model.weights_files import digest
from nodelens.explaining.output.document import image_document
from nodelens.explaining.output.save import MapFiles
from nodelens.explaining.result import Explanation
from nodelens.runtime.documents import to_json
from nodelens.runtime.files import write_text

MANIFEST = "manifest.json"
COMPARED = ("model", "settings", "files_sha256")
"""What must be the same for an explanation not to be made again."""

WITHOUT_EFFECT = (
    "device", "batch_size", "shard", "fail_fast", "max_pixels", "model.download",
    "output.directory", "output.html", "output.contact_sheet",
)  # fmt: skip
"""Settings that change nothing in the directory of a picture."""


def write_manifest(
    directory: Path,
    explanation: Explanation,
    files: Sequence[MapFiles],
    figures: Mapping[str, Path],
    record: Mapping[str, Any],
) -> None:
    """Writes the JSON document of the command for one picture, with paths beside the manifest.

    Args:
        directory: Where.
        explanation: What was found out.
        files: The files of each map.
        figures: Those that judge the maps.
        record: What it takes to repeat the run.
    """
    beside = {kind: Path(file.name) for kind, file in figures.items()}
    document = image_document(explanation, [each.names() for each in files], beside)
    text = to_json({"schema": 1, "command": "gradcam", "images": [document], **record})
    write_text(directory / MANIFEST, text)


def find_done(directory: Path, path: Path, record: Mapping[str, Any]) -> dict[str, Any] | None:
    """Looks for the same explanation of the same picture, made before.

    Args:
        directory: Where it would be.
        path: The picture.
        record: What it takes to repeat this run.

    Returns:
        The picture's part of the JSON document; None if there is nothing in the directory.

    Raises:
        UsageError: Something else is there.
    """
    if not directory.is_dir() or not any(directory.iterdir()):
        return None
    found = _read(directory / MANIFEST)
    if found is None:
        raise _in_the_way(directory, "is not empty, and holds no explanation of a picture")
    image = found["images"][0]
    if image["sha256"] != digest(path, "sha256"):
        raise _in_the_way(directory, f"explains another picture: {image['path']}")
    wanted = json.loads(to_json({key: record[key] for key in COMPARED if key in record}))
    if changes := list(_changes("", {key: found.get(key) for key in wanted}, wanted)):
        raise _in_the_way(directory, f"was made with other settings: {', '.join(changes[:3])}")
    for each in image["maps"]:
        each["files"] = _here(directory, each["files"])
    return {**image, "path": str(path), "figures": _here(directory, image.get("figures", {}))}


def _here(directory: Path, names: Mapping[str, str]) -> dict[str, str]:
    files = {kind: directory / name for kind, name in names.items()}
    if gone := [file for file in files.values() if not file.is_file()]:
        raise _in_the_way(directory, f"is not whole any more: {gone[0].name} is missing")
    return {kind: str(file) for kind, file in files.items()}


def _read(manifest: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(manifest.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    needed = {"images", "model", "settings"}
    return found if isinstance(found, dict) and needed <= found.keys() else None


def _changes(at: str, before: Any, after: Any) -> Iterator[str]:
    """The settings that differ, with both values, in words."""
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
