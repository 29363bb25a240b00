from pathlib import Path

import numpy as np
import pytest

from nodelens.errors import UsageError
from nodelens.explaining.judging.localisation import localise, region_box
from nodelens.explaining.pictures.boxes import boxes_of, read_boxes, refuse_outside


def blobs() -> np.ndarray:
    """A large faint region and a small strong one, 10 x 20."""
    values = np.zeros((10, 20), np.float32)
    values[2:6, 3:9] = 0.2
    values[8, 15:17] = 1
    values[0, 0] = 0.1
    return values


def test_the_box_surrounds_the_largest_region_above_fifteen_percent():
    assert region_box(blobs(), (20, 10), (10, 20)) == (3, 2, 9, 6)
    # In a photo three times as wide and twice as high as the grid.
    assert region_box(blobs(), (60, 20), (10, 20)) == (9, 4, 27, 12)
    # Below 15 % of the maximum nothing of the large region is left.
    assert region_box(blobs() ** 2, (20, 10), (10, 20)) == (15, 8, 17, 9)
    assert region_box(-blobs(), (20, 10), (10, 20)) is None


def test_the_share_in_a_box_is_that_of_the_positive_part():
    # By hand: 24 * 0.2 + 2 + 0.1 = 6.9 in all, 4.8 in the box, which is 24 of 200 pixels.
    found = localise(blobs() - (blobs() == 0) * 5, (20, 10), [(3, 2, 9, 6)])
    np.testing.assert_allclose([found.share, found.area], [4.8 / 6.9, 24 / 200], rtol=1e-6)
    two = localise(blobs(), (20, 10), [(3, 2, 9, 6), (5, 4, 17, 9)])
    np.testing.assert_allclose(two.share, 6.8 / 6.9, rtol=1e-6)


@pytest.mark.parametrize(
    ("box", "hit"),
    [
        # The maximum lies at (40, 5): in the box, 15 pixels left of it, 16 pixels left of it.
        ((30, 0, 50, 20), True),
        ((55, 0, 60, 20), True),
        ((56, 0, 60, 20), False),
        ((0, 0, 26, 20), True),
        ((0, 0, 25, 20), False),
    ],
)
def test_the_pointing_game_allows_fifteen_pixels(box, hit):
    values = np.zeros((20, 80), np.float32)
    values[5, 40] = 1
    assert localise(values, (80, 20), [box]).hit is hit


def test_an_empty_map_hits_nothing():
    found = localise(np.zeros((4, 4), np.float32), (8, 8), [(0, 0, 8, 8)])
    assert (found.hit, found.share, found.area) == (False, 0, 1)


def test_boxes_are_read_by_path_or_name(tmp_path):
    table = tmp_path / "boxes.csv"
    table.write_text(
        "path,x0,y0,x1,y1,class\ncat.jpg,1,2,3,4,cat\nb/dog.jpg,5,6,7,8,dog\ncat.jpg,0,0,9,9,\n"
    )
    boxes = read_boxes(table)
    assert boxes_of(Path("pictures/cat.jpg"), boxes) == ((1, 2, 3, 4), (0, 0, 9, 9))
    assert boxes_of(Path("b/dog.jpg"), boxes) == ((5, 6, 7, 8),)
    assert boxes_of(Path("dog.jpg"), boxes) == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("path,x0,y0,x1\na,1,2,3\n", "no column y1"),
        ("path,x0,y0,x1,y1\n", "is empty"),
        ("path,x0,y0,x1,y1\na,1,2,3\n", "boxes.csv:2: expected a box"),
        ("path,x0,y0,x1,y1\na,1,2,3,z\n", "received '1,2,3,z'"),
        ("path,x0,y0,x1,y1\na,5,2,5,4\n", "is empty: x1 must be more"),
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path, text, says):
    (tmp_path / "boxes.csv").write_text(text)
    with pytest.raises(UsageError, match=says):
        read_boxes(tmp_path / "boxes.csv")


def test_a_box_outside_the_photo_is_refused():
    photo, size = Path("a.png"), (20, 10)
    refuse_outside(photo, size, [(-5, 0, 1, 1), (19, 9, 30, 30)])
    for box in [(20, 0, 30, 5), (0, 10, 5, 12), (-5, 0, 0, 5), (0, -5, 5, 0)]:
        with pytest.raises(UsageError, match="lies outside the picture, which has 20 x 10"):
            refuse_outside(photo, size, [box])


def test_a_missing_table_is_refused(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        read_boxes(tmp_path / "none.csv")
