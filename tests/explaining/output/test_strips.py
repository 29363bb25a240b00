"""The strip of one picture on a contact sheet."""

from pathlib import Path

import numpy as np
from PIL import Image

from nodelens.explaining.model.classes import Prediction
from nodelens.explaining.output.strips import strip_of
from nodelens.explaining.result import MapFiles, MapResult, PictureResult


def test_the_strip_shows_the_photo_and_every_overlay(tmp_path):
    maps = []
    for number, method in enumerate(("gradcam", "random")):
        path = tmp_path / f"{method}.png"
        Image.new("RGB", (900, 600), (100 + number,) * 3).save(path)
        found = MapResult(
            layer="conv", target=Prediction(0, "cat", 0.5, 1.0), method=method, shape=(2, 2),
            max=0.0 if method == "random" else 1.0, min=0.0, receptive_field=None,
            files=MapFiles(overlay=path),
        )  # fmt: skip
        maps.append(found)
    best = Prediction(1, "dog", 0.25, 0.5)
    picture = PictureResult(Path("deep/photo.jpg"), "", (90, 60), (), (best,), tuple(maps))
    photo, first, second = strip_of(picture, np.full((60, 90, 3), 7, np.uint8))
    assert (photo.title, photo.words) == ("photo.jpg", "dog 0.25")
    assert (first.title, first.words) == ("gradcam: cat 0.50", "at conv")
    assert second.words == "no positive evidence"
    assert [int(t.picture.mean()) for t in (photo, first, second)] == [7, 100, 101]
    assert second.picture.shape == (149, 224, 3)
