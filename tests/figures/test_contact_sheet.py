"""The contact sheet: where pictures lie, and what becomes of many."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nodelens.figures import contact_sheet
from nodelens.figures.contact_sheet import (
    TILE,
    Tile,
    draw_sheet,
    is_ours,
    sheet_png,
    strip_of,
)

GAP, TEXT = 12, 34


def tile(value: int, shape: tuple[int, int] = (176, 224)) -> Tile:
    return Tile(np.full((*shape, 3), value, np.uint8), "title")


def middle(sheet: Image.Image, row: int, column: int) -> int:
    x = GAP + column * (TILE[0] + GAP) + TILE[0] // 2
    y = GAP + row * (TILE[1] + TEXT + GAP) + TILE[1] // 2
    return sheet.getpixel((x, y))[0]


def test_short_strips_share_a_line():
    sheet = draw_sheet([[tile(10), tile(20)], [tile(30), tile(40)], [tile(50), tile(60)]] * 2)
    assert [middle(sheet, 0, column) for column in range(8)] == [10, 20, 30, 40, 50, 60, 10, 20]
    assert [middle(sheet, 1, column) for column in range(5)] == [30, 40, 50, 60, 255]


def test_a_long_strip_takes_several_lines():
    sheet = draw_sheet([[tile(number) for number in range(10)], [tile(200)]])
    assert [middle(sheet, 1, column) for column in range(3)] == [8, 9, 255]
    assert middle(sheet, 2, 0) == 200


def test_pictures_keep_their_proportions():
    sheet = draw_sheet([[tile(0, (400, 100))]])
    dark = (np.asarray(sheet)[GAP : GAP + TILE[1], GAP : GAP + TILE[0], 0] < 50).any(axis=0)
    assert dark.sum() == 44  # 176 high, a quarter as wide


def test_a_sheet_is_known_again(tmp_path):
    (tmp_path / "sheet.png").write_bytes(sheet_png([[tile(3)]]))
    assert is_ours(tmp_path / "sheet.png")
    Image.new("RGB", (2, 2)).save(tmp_path / "other.png")
    (tmp_path / "text.png").write_text("x")
    assert not is_ours(tmp_path / "other.png")
    assert not is_ours(tmp_path / "text.png")


def test_the_strip_shows_the_photo_and_every_overlay(tmp_path):
    maps = []
    for number, method in enumerate(("gradcam", "random")):
        path = tmp_path / f"{method}.png"
        Image.new("RGB", (900, 600), (100 + number,) * 3).save(path)
        found = {"method": method, "layer": "conv", "class_name": "cat", "score": 0.5}
        maps.append({**found, "empty": method == "random", "files": {"overlay": str(path)}})
    image = {
        "path": str(Path("deep") / "photo.jpg"),
        "predictions": [{"name": "dog", "score": 0.25}],
        "maps": maps,
    }
    photo, first, second = strip_of(image, np.full((60, 90, 3), 7, np.uint8))
    assert (photo.title, photo.words) == ("photo.jpg", "dog 0.25")
    assert (first.title, first.words) == ("gradcam: cat 0.50", "at conv")
    assert second.words == "no positive evidence"
    assert [int(t.picture.mean()) for t in (photo, first, second)] == [7, 100, 101]
    assert second.picture.shape == (149, 224, 3)


@pytest.mark.parametrize("text", ["short", "a_very_long_name_of_a_file_" * 4 + ".jpg"])
def test_words_never_run_into_the_next_tile(text):
    shown = contact_sheet._shortened(text, 12)
    assert contact_sheet._font(12).getlength(shown) <= TILE[0]
    assert (shown == text) == (text == "short")
    assert shown[:5] == text[:5]
    assert shown[-2:] == text[-2:]
