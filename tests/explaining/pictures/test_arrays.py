"""Pictures that are stored as arrays, and files that hold no picture."""

from pathlib import Path

import numpy as np
import pytest

from nodelens.errors import UsageError
from nodelens.explaining.pictures.opening import open_picture


def saved(path: Path, values: np.ndarray) -> Path:
    np.save(path, values)
    return path


def test_bytes_are_pixels(tmp_path):
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    photo = open_picture(saved(tmp_path / "a.npy", pixels))
    np.testing.assert_array_equal(photo.pixels, pixels)
    assert photo.tensor is None
    grey = open_picture(saved(tmp_path / "b.npy", pixels[..., 1]))
    np.testing.assert_array_equal(grey.pixels, np.stack([pixels[..., 1]] * 3, axis=-1))


def test_numbers_are_what_the_model_takes(tmp_path):
    tensor = np.array([[[-1.0, 0.0, 1.0], [3.0, 1.0, 1.0]]])
    photo = open_picture(saved(tmp_path / "a.npy", tensor))
    assert photo.tensor.dtype == np.float32
    np.testing.assert_array_equal(photo.tensor, tensor)
    # By hand: from -1 to 3, so that 1 lies in the middle: 127.5, rounded to the even number.
    np.testing.assert_array_equal(photo.pixels, [[[0, 64, 128], [255, 128, 128]]])
    np.testing.assert_array_equal(
        open_picture(saved(tmp_path / "batch.npy", tensor[None])).tensor, tensor
    )
    constant = open_picture(saved(tmp_path / "b.npy", np.full((2, 2), 5.0)))
    assert constant.pixels.max() == 0


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (np.zeros((3, 8, 8), np.float32), "the channels come last"),
        (np.zeros((2, 8, 8, 3), np.uint8), r"received the shape \(2, 8, 8, 3\)"),
        (np.zeros(8, np.uint8), "received the shape"),
        (np.zeros((0, 8, 3), np.uint8), "received the shape"),
        (np.zeros((8, 8, 3), np.int64), "received int64"),
        (np.full((8, 8), np.nan), "not finite"),
        (np.array([{}]), "cannot be read"),
        (np.zeros((30, 40), np.uint8), "more than the 1,000 pixels"),
    ],
)
def test_other_arrays_are_refused(tmp_path, values, says):
    path = saved(tmp_path / "a.npy", values)
    with pytest.raises(UsageError) as caught:
        open_picture(path, pixel_limit=1000)
    text = f"{caught.value.message} {caught.value.hint}"
    assert says.replace("\\", "") in text
    assert str(path) in text


def test_a_damaged_array_is_refused(tmp_path):
    path = saved(tmp_path / "a.npy", np.zeros((8, 8, 3), np.uint8))
    path.write_bytes(path.read_bytes()[:150])
    with pytest.raises(UsageError, match="cannot be read"):
        open_picture(path)


def test_a_video_is_refused_with_the_way_to_its_pictures(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"x")
    with pytest.raises(UsageError, match="a video is not read") as caught:
        open_picture(tmp_path / "a.mp4")
    assert "ffmpeg" in caught.value.hint
