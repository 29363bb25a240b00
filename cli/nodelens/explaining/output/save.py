"""The files of an explanation."""

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from nodelens.explaining.output.curves import judging_figures
from nodelens.explaining.output.painting import draw_map, paint, paint_frames, save_gif
from nodelens.explaining.result import Findings, HeatMap, MapFiles
from nodelens.explaining.settings import OutputSettings
from nodelens.figures.gradcam import PNG_COMPRESSION
from nodelens.runtime.files import atomic_path, refuse_overwriting

PICTURE_OPTIONS: dict[str, dict[str, Any]] = {
    "png": {"compress_level": PNG_COMPRESSION},
    "jpg": {"quality": 92},
    "webp": {"quality": 90},
}
"""The formats of pictures, each with the options of Pillow."""


def map_files(heat_map: HeatMap, directory: Path, output: OutputSettings) -> MapFiles:
    """Names the files of one map; the names depend on nothing but what the map shows.

    Args:
        heat_map: The map.
        directory: The directory in which they are.
        output: The kinds of files, and the format of pictures.

    Returns:
        The paths.
    """
    target = heat_map.target
    words = (heat_map.kind, heat_map.layer, str(target.index), target.name)
    stem = "-".join(re.sub(r"[^\w.+-]+", "_", word) for word in words)
    names = {
        "overlay": f"{stem}-overlay.{output.format}",
        "heatmap": f"{stem}-heatmap.{output.format}",
        "raw": f"{stem}.npy",
        "figure": f"{stem}-figure.{output.format}",
        "signed": f"{stem}-signed.npy",
    }
    found: dict[str, Path] = {kind: directory / names[kind] for kind in output.files}
    if heat_map.frames is not None:
        if "overlay" in output.files:
            found["animation"] = directory / f"{stem}-overlay.gif"
        if "raw" in output.files:
            found["frames"] = directory / f"{stem}-frames.npy"
    return MapFiles(**found)


def save_explanation(
    findings: Findings,
    directory: Path,
    output: OutputSettings = OutputSettings(),  # noqa: B008
    *,
    force: bool = False,
) -> tuple[MapFiles, ...]:
    """Writes the files of every map of an explanation.

    Args:
        findings: What is written.
        directory: The directory; it must exist.
        output: The kinds of files, the format of pictures, and the opacity of the maps.
        force: True if files of the same names are replaced.

    Returns:
        The files of each map, in the order of `findings.maps`.

    Raises:
        UsageError: A file is there already, and `force` is not set.
    """
    files = tuple(map_files(heat_map, directory, output) for heat_map in findings.maps)
    refuse_overwriting([p for each in files for p in each.as_dict().values()], force=force)
    for heat_map, its_files in zip(findings.maps, files, strict=True):
        _save_map(findings, heat_map, its_files, output.alpha)
    return files


def save_judging(findings: Findings, directory: Path, *, force: bool = False) -> dict[str, Path]:
    """Writes the figures of what was measured of the maps, if anything was.

    Args:
        findings: What is written.
        directory: The directory; it must exist.
        force: True if files of the same names are replaced.

    Returns:
        The files: `metrics` and `sanity`, those that there are.

    Raises:
        UsageError: A file is there already, and `force` is not set.
    """
    figures = judging_figures(findings)
    files = {kind: directory / f"{kind}.png" for kind in figures}
    refuse_overwriting(list(files.values()), force=force)
    for kind, figure in figures.items():
        _write(files[kind], figure.savefig)
    return files


def _save_map(findings: Findings, heat_map: HeatMap, files: MapFiles, alpha: float) -> None:
    arrays = {
        files.raw: heat_map.values,
        files.signed: heat_map.before_relu,
        files.frames: heat_map.frames,
    }
    for path, values in arrays.items():
        if path and values is not None:
            _write(path, partial(_save_array, values))
    frames, maps = findings.photo.frames, heat_map.frames
    if files.animation and frames and maps is not None:
        pictures = paint_frames(frames, maps, signed=heat_map.signed, alpha=alpha)
        _write(files.animation, lambda path: save_gif(pictures, frames.milliseconds, path))
    if not (files.overlay or files.heatmap or files.figure):
        return
    painted = paint(findings.photo, heat_map, alpha)
    if files.overlay:
        _write(files.overlay, lambda path: _save_picture(painted.overlay, path))
    if files.heatmap:
        _write(files.heatmap, lambda path: _save_picture(painted.colour, path))
    if files.figure:
        figure = draw_map(findings, heat_map, painted.overlay)
        options = PICTURE_OPTIONS[files.figure.suffix[1:]]
        _write(files.figure, lambda path: figure.savefig(path, pil_kwargs=options))


def _write(path: Path, write: Callable[[Path], None]) -> None:
    with atomic_path(path) as temporary:
        write(temporary)


def _save_picture(pixels: np.ndarray, path: Path) -> None:
    Image.fromarray(pixels).save(path, **PICTURE_OPTIONS[path.suffix[1:]])


def _save_array(values: np.ndarray, path: Path) -> None:
    np.save(path, values, allow_pickle=False)
