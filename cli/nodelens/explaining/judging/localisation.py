"""The place of a map in its photo: its box, and its overlap with boxes that are given."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nodelens.explaining.pictures.boxes import Box
from nodelens.explaining.pictures.scaling import enlarge

THRESHOLD = 0.15
"""Of the maximum: what lies above it belongs to the region."""
TOLERANCE = 15
"""Pixels by which the pointing game may miss a box."""


@dataclass(frozen=True)
class Localisation:
    """The overlap of a map with the boxes that are given.

    Attributes:
        boxes: The boxes.
        share: The share of the map's sum that lies in them, 0…1.
        area: The share of the photo that they cover: that of a map that is the same everywhere.
        hit: True if the map's largest value lies in one of them, or misses it by no more than
            `TOLERANCE`.
    """

    boxes: tuple[Box, ...]
    share: float
    area: float
    hit: bool


def region_box(values: np.ndarray, size: tuple[int, int], grid: tuple[int, int]) -> Box | None:
    """Finds the box around the largest connected region above 15 % of the maximum.

    That is how Grad-CAM is made to locate objects (Selvaraju et al. 2017, section 4.1).

    Args:
        values: The map; its positive part counts.
        size: Width and height of the photo.
        grid: Height and width of the grid of the search, those of the model's input.

    Returns:
        The box; None if nothing is positive.
    """
    from scipy import ndimage

    height, width = grid
    large = enlarge(np.maximum(values, 0), (width, height))
    if large.max() <= 0:
        return None
    regions, count = ndimage.label(large >= THRESHOLD * large.max())
    largest = 1 + int(np.argmax(np.bincount(regions.ravel(), minlength=count + 1)[1:]))
    rows, columns = ndimage.find_objects(regions)[largest - 1]
    across, down = size[0] / width, size[1] / height
    left, right = round(columns.start * across), round(columns.stop * across)
    return left, round(rows.start * down), right, round(rows.stop * down)


def localise(values: np.ndarray, size: tuple[int, int], boxes: Sequence[Box]) -> Localisation:
    """Compares a map with boxes.

    The share in the boxes is the energy-based pointing game (Wang et al. 2020, section 4.3), the
    hit that of Zhang et al. 2016, section 4.

    Args:
        values: The map; its positive part counts.
        size: Width and height of the photo.
        boxes: At least one.

    Returns:
        The comparison; nothing is hit by a map that is nowhere positive.
    """
    large = enlarge(np.maximum(values, 0), size)
    inside = np.zeros(large.shape, bool)
    for left, top, right, bottom in boxes:
        inside[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] = True
    total = float(large.sum(dtype=float))
    y, x = np.unravel_index(np.argmax(large), large.shape)
    misses = [
        max(left - x, x - right + 1, top - y, y - bottom + 1) for left, top, right, bottom in boxes
    ]
    return Localisation(
        boxes=tuple(boxes),
        share=float(large[inside].sum(dtype=float)) / total if total else 0.0,
        area=float(inside.mean()),
        hit=bool(total and min(misses) <= TOLERANCE),
    )
