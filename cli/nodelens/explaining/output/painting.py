"""Maps laid over their photos, and figures of both with the words that belong to them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from nodelens.explaining.methods.registry import METHODS
from nodelens.explaining.pictures.photo import Frames, Photo
from nodelens.explaining.pictures.scaling import divide_by_maximum, enlarge
from nodelens.explaining.result import Findings, HeatMap
from nodelens.figures.gradcam import BOTH_SIGNS, ONE_SIGN, gradcam_figure
from nodelens.figures.overlay import ALPHA, blend, colours, signed_colours

SCORE_WORDS = {"logit": "", "prob": " of the probability", "margin": " of the margin"}
SMOOTH_WORDS = {None: "", "aug": " (aug-smoothed)", "eigen": " (eigen-smoothed)"}


@dataclass(frozen=True)
class Painted:
    """A map in the size of its photo, `uint8` RGB.

    Attributes:
        overlay: The photo with the map over it.
        colour: The colours of the map alone.
    """

    overlay: np.ndarray
    colour: np.ndarray


def paint(photo: Photo, heat_map: HeatMap, alpha: float = ALPHA) -> Painted:
    """Lays a map over its photo; an empty one leaves the photo as it is.

    Args:
        photo: The photo in its own size.
        heat_map: The map.
        alpha: Opacity of the map.

    Returns:
        The pictures.
    """
    look_up = signed_colours if heat_map.signed else colours
    colour = look_up(divide_by_maximum(enlarge(heat_map.values, photo.size)))
    # Nothing speaks for the class: painting the photo would only suggest otherwise.
    overlay = photo.pixels if heat_map.empty else blend(photo.pixels, colour, alpha)
    return Painted(overlay, colour)


def paint_frames(
    frames: Frames, maps: np.ndarray, *, signed: bool, alpha: float = ALPHA
) -> list[np.ndarray]:
    """Lays the maps of an animation over its frames, all on one scale, so that they compare.

    Args:
        frames: The frames.
        maps: One for each, `(frames, h, w)`.
        signed: True if they show both signs.
        alpha: Opacity of the maps.

    Returns:
        A picture for each frame, `uint8` RGB.
    """
    look_up = signed_colours if signed else colours
    size = frames.pictures[0].shape[1], frames.pictures[0].shape[0]
    largest = max(np.abs(enlarge(values, size)).max() for values in maps)
    if largest == 0:
        return list(frames.pictures)
    return [
        blend(picture, look_up(enlarge(values, size) / largest), alpha)
        for picture, values in zip(frames.pictures, maps, strict=True)
    ]


def save_gif(pictures: list[np.ndarray], milliseconds: tuple[int, ...], path: Path) -> None:
    """Writes an animation that goes round and round.

    Args:
        pictures: `uint8` RGB, all of one size.
        milliseconds: The time for which each is shown.
        path: The file.
    """
    first, *others = [Image.fromarray(picture) for picture in pictures]
    first.save(path, save_all=True, append_images=others, duration=list(milliseconds), loop=0)


def draw_map(findings: Findings, heat_map: HeatMap, overlay: np.ndarray) -> Figure:
    """Draws photo and overlay (see `paint`) of one of the maps side by side, with their words."""
    target, layer = heat_map.target, heat_map.layer
    method = METHODS[heat_map.method].title + SMOOTH_WORDS[heat_map.smooth]
    method += SCORE_WORDS[heat_map.explains]
    method = f"counterfactual {method}" if heat_map.counterfactual else method
    where = "the input" if layer == "input" else f"layer {layer}"
    words = f"probability {target.score:.2g}, {method} at {where}"
    scale = BOTH_SIGNS if heat_map.signed else ONE_SIGN
    return gradcam_figure(
        findings.photo.pixels,
        overlay,
        title=f"class {target.index} ({target.name})",
        words=f"{words}: nothing speaks for it" if heat_map.empty else words,
        footer=f"Weights: {findings.weights.description}",
        scale=None if heat_map.empty else scale,
    )
