"""Photos, as the networks see them."""

import csv
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

SIZE, SHORT_SIDE = 224, 256
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}


def find_photos(directory: Path) -> list[Path]:
    """The photos below a directory, in the order of their paths."""
    return sorted(p for p in directory.rglob("*") if p.suffix.lower() in SUFFIXES)


def read_labels(path: Path) -> dict[str, int]:
    """Reads a CSV with the columns `file` and `imagenet_index`."""
    with path.open(newline="") as file:
        return {row["file"]: int(row["imagenet_index"]) for row in csv.DictReader(file)}


def crop(path: Path) -> np.ndarray:
    """The square in the middle of a photo, RGB, uint8, shape [224, 224, 3]."""
    with Image.open(path) as image:
        photo = ImageOps.exif_transpose(image).convert("RGB")
    shrunk = SHORT_SIDE / min(photo.size)
    size = tuple(round(side * shrunk) for side in photo.size)
    photo = photo.resize(size, Image.Resampling.BILINEAR)
    left, top = ((side - SIZE) // 2 for side in photo.size)
    return np.asarray(photo.crop((left, top, left + SIZE, top + SIZE)))
