"""Reading the boxes in which the objects of photos lie."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from nodelens.errors import UsageError

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels of the photo; right and bottom are the first ones outside."""

COLUMNS = ("path", "x0", "y0", "x1", "y1")


def read_boxes(path: Path) -> dict[str, tuple[Box, ...]]:
    """Reads a table of boxes.

    Args:
        path: A CSV file with the columns path, x0, y0, x1, y1 and any others, one box a line, in
            pixels of the photo. A path is that of the photo, or its name alone.

    Returns:
        For each path the boxes.

    Raises:
        UsageError: It is no such table.
    """
    found: dict[str, tuple[Box, ...]] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            if missing := [name for name in COLUMNS if name not in (rows.fieldnames or [])]:
                raise UsageError(
                    f"{path}: the table of boxes has no column {', '.join(missing)}",
                    hint=f"expected a first line {','.join(COLUMNS)}",
                )
            for row in rows:
                where = f"{path}:{rows.line_num}"
                box = _box([row[name] for name in COLUMNS[1:]], where)
                found[row["path"]] = (*found.get(row["path"], ()), box)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path}: the table of boxes cannot be read: {error}") from error
    if not found:
        raise UsageError(f"{path}: the table of boxes is empty")
    return found


def boxes_of(photo: Path, boxes: Mapping[str, tuple[Box, ...]]) -> tuple[Box, ...]:
    """Looks up the boxes of one photo.

    Args:
        photo: Its path.
        boxes: From `read_boxes`.

    Returns:
        Those of its path, or else of its name.
    """
    return boxes.get(str(photo), boxes.get(photo.name, ()))


def refuse_outside(photo: Path, size: tuple[int, int], boxes: Sequence[Box]) -> None:
    """Refuses a box of which no pixel lies in the photo.

    Args:
        photo: Its path.
        size: Width and height.
        boxes: The boxes.

    Raises:
        UsageError: There is such a box.
    """
    for left, top, right, bottom in boxes:
        if left >= size[0] or top >= size[1] or right <= 0 or bottom <= 0:
            raise UsageError(
                f"{photo}: the box {left},{top},{right},{bottom} lies outside the picture, which "
                f"has {size[0]} x {size[1]} pixels",
                hint="boxes are given in pixels of the photo, from its upper left corner",
            )


def _box(parts: list[str | None], where: str) -> Box:
    try:
        left, top, right, bottom = (int(part or "") for part in parts)
    except ValueError:
        received = ",".join(part or "" for part in parts)
        raise UsageError(
            f"{where}: expected a box of four whole numbers x0,y0,x1,y1, received {received!r}",
            hint="in pixels of the photo, from its upper left corner",
        ) from None
    if left >= right or top >= bottom:
        raise UsageError(
            f"{where}: the box {left},{top},{right},{bottom} is empty: x1 must be more than x0 and "
            "y1 more than y0"
        )
    return left, top, right, bottom
