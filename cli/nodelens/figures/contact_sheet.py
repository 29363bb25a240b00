"""Many explanations on one sheet: each picture a strip, the photo first and then its maps."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import matplotlib as mpl
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

TILE = (224, 176)
"""Width and height of one picture on the sheet."""
ACROSS = 8
DOWN = 12
"""The most tiles beside and below each other; further ones go to a further sheet."""
COMPARISON = "comparison.png"
"""The sheet of one picture with several maps, in its directory."""
MARK = "nodelens contact sheet"
"""The mark in the file by which a sheet of ours is recognised, so that it may be drawn anew."""

_GAP = 12
_TEXT = 34
_INK, _FAINT = (31, 35, 40), (89, 99, 110)


@dataclass(frozen=True)
class Tile:
    """One picture of a sheet.

    Attributes:
        picture: `uint8` RGB, of any size.
        title: The line below it.
        words: A second line, fainter.
    """

    picture: np.ndarray
    title: str
    words: str = ""


def draw_sheet(strips: Sequence[Sequence[Tile]]) -> Image.Image:
    """Draws a sheet.

    Args:
        strips: Short ones share a line, long ones take several.

    Returns:
        The sheet.
    """
    lines = _lines(strips)
    across = max(len(line) for line in lines)
    wide, tall = TILE[0] + _GAP, TILE[1] + _TEXT + _GAP
    sheet = Image.new("RGB", (across * wide + _GAP, len(lines) * tall + _GAP), "white")
    draw = ImageDraw.Draw(sheet)
    for row, line in enumerate(lines):
        for column, tile in enumerate(line):
            if tile is not None:
                _draw_tile(sheet, draw, tile, (_GAP + column * wide, _GAP + row * tall))
    return sheet


def small(picture: Image.Image, title: str, words: str = "") -> Tile:
    """Makes a tile of a picture that is no larger than it is shown."""
    return Tile(np.asarray(_fitting(picture)), title, words)


def sheet_lines(strips: Sequence[Sequence[Tile]]) -> int:
    """Returns the number of lines of tiles of a sheet."""
    return len(_lines(strips))


def sheet_png(strips: Sequence[Sequence[Tile]]) -> bytes:
    """Draws a sheet as the bytes of a PNG file, with `MARK`."""
    mark, buffer = PngInfo(), io.BytesIO()
    mark.add_text("Software", MARK)
    draw_sheet(strips).save(buffer, "PNG", pnginfo=mark, compress_level=3)
    return buffer.getvalue()


def is_ours(path: Path) -> bool:
    """Checks whether a file is a contact sheet, which may be drawn anew."""
    try:
        with Image.open(path) as image:
            return image.info.get("Software") == MARK
    except (OSError, ValueError):
        return False


def _lines(strips: Sequence[Sequence[Tile]]) -> list[list[Tile | None]]:
    """Arranges tiles: strips of up to half the width share lines, in columns as wide as the widest.

    A column that is not filled holds None.
    """
    longest = max(len(strip) for strip in strips)
    if longest > ACROSS:
        return [
            list(strip[start : start + ACROSS])
            for strip in strips
            for start in range(0, len(strip), ACROSS)
        ]
    beside = ACROSS // longest
    lines = []
    for start in range(0, len(strips), beside):
        line: list[Tile | None] = []
        for strip in strips[start : start + beside]:
            line += [*strip, *[None] * (longest - len(strip))]
        lines.append(line)
    return lines


def _draw_tile(
    sheet: Image.Image, draw: ImageDraw.ImageDraw, tile: Tile, corner: tuple[int, int]
) -> None:
    left, top = corner
    picture = _fitting(Image.fromarray(tile.picture))
    sheet.paste(picture, (left, top + TILE[1] - picture.height))
    below = top + TILE[1] + 2
    draw.text((left, below), _shortened(tile.title, 12), _INK, _font(12))
    draw.text((left, below + 15), _shortened(tile.words, 11), _FAINT, _font(11))


def _fitting(image: Image.Image) -> Image.Image:
    """Returns the picture as large as a tile allows, in its own proportions."""
    scale = min(TILE[0] / image.width, TILE[1] / image.height)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image if image.size == size else image.convert("RGB").resize(size)


def _shortened(text: str, size: int) -> str:
    """Returns the text, without its middle if it is wider than a tile."""
    shown, kept = text, len(text)
    while _font(size).getlength(shown) > TILE[0] and kept > 2:
        kept -= 1
        shown = f"{text[: (kept + 1) // 2]}…{text[len(text) - kept // 2 :]}"
    return shown


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    """Loads the font of the figures, which has most letters."""
    return ImageFont.truetype(Path(mpl.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf"), size)
