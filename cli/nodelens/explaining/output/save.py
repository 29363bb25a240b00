"""Writing an explanation to files."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from nodelens.explaining.judging.drawing import judging_figures
from nodelens.explaining.output.painting import draw_map, paint, paint_frames, save_gif
from nodelens.figures.gradcam import PNG_COMPRESSION
from nodelens.figures.overlay import ALPHA
from nodelens.runtime.files import atomic_path, refuse_overwriting

if TYPE_CHECKING:
    from nodelens.explaining.result import Explanation, HeatMap

FILES = ("overlay", "heatmap", "raw", "figure")
"""What is written of every map unless something else is asked for; `signed` is possible too."""

PICTURE_OPTIONS: dict[str, dict[str, Any]] = {
    "png": {"compress_level": PNG_COMPRESSION},
    "jpg": {"quality": 92},
    "webp": {"quality": 90},
}
"""The formats of pictures, and how each is written."""


@dataclass(frozen=True)
class MapFiles:
    """The files of one map; None stands for one that is not written.

    Attributes:
        overlay: Picture, the photo in its own size with the heat map over it.
        heatmap: Picture, the colours of the heat map alone, in the size of the photo.
        raw: NumPy file, float32, the map at the size of the layer or input, after the ReLU.
        figure: Picture, photo and overlay side by side, with words.
        signed: NumPy file, float32, the same map before the ReLU.
        animation: GIF, the overlays of all frames, where the picture moves.
        frames: NumPy file, float32 `(frames, h, w)`, the maps of all frames.
    """

    overlay: Path | None = None
    heatmap: Path | None = None
    raw: Path | None = None
    figure: Path | None = None
    signed: Path | None = None
    animation: Path | None = None
    frames: Path | None = None

    def as_dict(self) -> dict[str, Path]:
        """The paths of those that are written, by what they hold."""
        return {kind: path for kind, path in vars(self).items() if path is not None}

    def names(self) -> "MapFiles":
        """The same files as seen from their directory."""
        return MapFiles(**{kind: Path(path.name) for kind, path in self.as_dict().items()})


def map_files(
    heat_map: "HeatMap",
    directory: Path,
    kinds: Collection[str] = FILES,
    picture_format: str = "png",
) -> MapFiles:
    """The names of the files of one map; they depend on nothing but what the map shows.

    Args:
        heat_map: The map.
        directory: Where they are.
        kinds: Which there are.
        picture_format: One of `PICTURE_OPTIONS`.

    Returns:
        The paths.
    """
    target = heat_map.target
    words = (heat_map.kind, heat_map.layer, str(target.index), target.name)
    stem = "-".join(re.sub(r"[^\w.+-]+", "_", word) for word in words)
    names = {
        "overlay": f"{stem}-overlay.{picture_format}",
        "heatmap": f"{stem}-heatmap.{picture_format}",
        "raw": f"{stem}.npy",
        "figure": f"{stem}-figure.{picture_format}",
        "signed": f"{stem}-signed.npy",
    }
    moving = {"overlay": f"{stem}-overlay.gif", "raw": f"{stem}-frames.npy"}
    found = {kind: directory / names[kind] for kind in kinds}
    if heat_map.frames is not None:
        also = {"overlay": "animation", "raw": "frames"}
        found |= {also[kind]: directory / moving[kind] for kind in kinds if kind in also}
    return MapFiles(**found)


def save_explanation(
    explanation: "Explanation",
    directory: Path,
    *,
    kinds: Collection[str] = FILES,
    picture_format: str = "png",
    alpha: float = ALPHA,
    force: bool = False,
) -> tuple[MapFiles, ...]:
    """Writes the files of every map of an explanation.

    Args:
        explanation: What is written.
        directory: Where; it must exist.
        kinds: What is written.
        picture_format: One of `PICTURE_OPTIONS`.
        alpha: Opacity of the heat map over the photo.
        force: Whether files of the same names are replaced.

    Returns:
        The files of each map, in the order of `explanation.maps`.

    Raises:
        UsageError: A file is there already, and `force` is not set.
    """
    files = tuple(
        map_files(heat_map, directory, kinds, picture_format) for heat_map in explanation.maps
    )
    refuse_overwriting([p for each in files for p in each.as_dict().values()], force=force)
    for heat_map, its_files in zip(explanation.maps, files, strict=True):
        _save_map(explanation, heat_map, its_files, alpha)
    return files


def save_judging(
    explanation: "Explanation", directory: Path, *, force: bool = False
) -> dict[str, Path]:
    """Writes the figures of what was measured of the maps, if anything was.

    Args:
        explanation: What is written.
        directory: Where; it must exist.
        force: Whether files of the same names are replaced.

    Returns:
        The files: `metrics` and `sanity`, those that there are.

    Raises:
        UsageError: A file is there already, and `force` is not set.
    """
    figures = judging_figures(explanation)
    files = {kind: directory / f"{kind}.png" for kind in figures}
    refuse_overwriting(list(files.values()), force=force)
    for kind, figure in figures.items():
        _write(files[kind], figure.savefig)
    return files


def _save_map(
    explanation: "Explanation", heat_map: "HeatMap", files: MapFiles, alpha: float
) -> None:
    if files.raw:
        _write(files.raw, lambda path: np.save(path, heat_map.values, allow_pickle=False))
    before = heat_map.before_relu
    if files.signed and before is not None:
        _write(files.signed, lambda path: np.save(path, before, allow_pickle=False))
    frames, maps = explanation.photo.frames, heat_map.frames
    if files.frames and maps is not None:
        _write(files.frames, lambda path: np.save(path, maps, allow_pickle=False))
    if files.animation and frames and maps is not None:
        pictures = paint_frames(frames, maps, signed=heat_map.signed, alpha=alpha)
        _write(files.animation, lambda path: save_gif(pictures, frames.milliseconds, path))
    if not (files.overlay or files.heatmap or files.figure):
        return
    painted = paint(explanation.photo, heat_map, alpha)
    if files.overlay:
        _write(files.overlay, lambda path: _save_picture(painted.overlay, path))
    if files.heatmap:
        _write(files.heatmap, lambda path: _save_picture(painted.colour, path))
    if files.figure:
        figure = draw_map(explanation, heat_map, painted.overlay)
        options = PICTURE_OPTIONS[files.figure.suffix[1:]]
        _write(files.figure, lambda path: figure.savefig(path, pil_kwargs=options))


def _write(path: Path, write: Callable[[Path], None]) -> None:
    with atomic_path(path) as temporary:
        write(temporary)


def _save_picture(pixels: np.ndarray, path: Path) -> None:
    Image.fromarray(pixels).save(path, **PICTURE_OPTIONS[path.suffix[1:]])
