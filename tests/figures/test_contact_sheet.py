"""The contact sheet: where pictures lie, and what becomes of many."""

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


@pytest.mark.parametrize("text", ["short", "a_very_long_name_of_a_file_" * 4 + ".jpg"])
def test_words_never_run_into_the_next_tile(text):
    shown = contact_sheet._shortened(text, 12)
    assert contact_sheet._font(12).getlength(shown) <= TILE[0]
    assert (shown == text) == (text == "short")
    assert shown[:5] == text[:5]
    assert shown[-2:] == text[-2:]


def test_words_stand_below_their_picture():
    sheet = np.asarray(draw_sheet([[Tile(np.zeros((176, 224, 3), np.uint8), "title", "words")]]))
    below = sheet[GAP + TILE[1] :]
    assert (sheet[: GAP + TILE[1]].max(axis=-1)[GAP:, GAP : GAP + TILE[0]] == 0).all()
    dark = np.flatnonzero((below.max(axis=-1) < 200).any(axis=1))
    assert dark.min() >= 2  # two lines in the band of the text
    assert dark.max() < TEXT
    title, words = below[2:16], below[17:TEXT]
    assert title.min() == 31  # ink
    assert words.min() == 89  # fainter
    nothing = np.asarray(draw_sheet([[tile(0)]]))[GAP + TILE[1] :]
    assert (nothing[17:] == 255).all()
