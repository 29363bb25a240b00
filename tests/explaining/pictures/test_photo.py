import hashlib
import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nodelens.errors import UsageError
from nodelens.explaining.pictures.files import distinct_stems, find_pictures
from nodelens.explaining.pictures.photo import Photo, load_photo, to_model_input
from nodelens.runtime.resources import sample_images

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def quarters() -> Image.Image:
    """20x40, red and green above, blue and white below."""
    image = Image.new("RGB", (20, 40))
    for corner, colour in [((0, 0), RED), ((10, 0), GREEN), ((0, 20), BLUE), ((10, 20), WHITE)]:
        image.paste(colour, (*corner, corner[0] + 10, corner[1] + 20))
    return image


def load(image: Image.Image, path: Path, **options) -> Photo:
    image.save(path, **options)
    return load_photo(path)


@pytest.mark.parametrize("suffix", ["png", "webp", "bmp", "tiff", "gif"])
def test_lossless_formats_give_their_pixels(tmp_path, suffix):
    photo = load(
        quarters(), tmp_path / f"a.{suffix}", **({"lossless": True} if suffix == "webp" else {})
    )
    assert photo.size == (20, 40)
    assert photo.pixels.dtype == np.uint8
    np.testing.assert_array_equal(photo.pixels, np.asarray(quarters()))


@pytest.mark.parametrize(
    ("orientation", "turn"),
    [
        (1, lambda a: a),
        (2, lambda a: a[:, ::-1]),
        (3, lambda a: a[::-1, ::-1]),
        (4, lambda a: a[::-1]),
        (5, lambda a: a.transpose(1, 0, 2)),
        (6, lambda a: np.rot90(a, -1)),
        (7, lambda a: a[::-1, ::-1].transpose(1, 0, 2)),
        (8, lambda a: np.rot90(a, 1)),
    ],
)
def test_the_orientation_of_the_camera_is_applied(tmp_path, orientation, turn):
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo = load(quarters(), tmp_path / "a.png", exif=exif)
    np.testing.assert_array_equal(photo.pixels, turn(np.asarray(quarters())))
    assert any("EXIF" in note for note in photo.notes) == (orientation != 1)


def test_transparency_is_laid_over_white(tmp_path):
    image = Image.new("RGBA", (3, 1))
    image.putdata([(255, 0, 0, 255), (255, 0, 0, 0), (0, 0, 0, 128)])
    photo = load(image, tmp_path / "a.png")
    # The third by hand: 255 * (1 - 128/255) = 127.
    np.testing.assert_array_equal(photo.pixels[0], [RED, WHITE, (127, 127, 127)])
    assert "transparency laid over white" in photo.notes


def test_a_transparent_colour_of_a_palette_is_laid_over_white(tmp_path):
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 255, 0])
    image.putdata([0, 1])
    photo = load(image, tmp_path / "a.png", transparency=1)
    np.testing.assert_array_equal(photo.pixels[0], [RED, WHITE])


def test_grey_with_alpha_is_laid_over_white(tmp_path):
    image = Image.new("LA", (2, 1))
    image.putdata([(10, 255), (10, 0)])
    np.testing.assert_array_equal(load(image, tmp_path / "a.png").pixels[0], [(10, 10, 10), WHITE])


@pytest.mark.parametrize(("mode", "white"), [("L", 255), ("1", 1)])
def test_grey_and_black_and_white_become_three_equal_channels(tmp_path, mode, white):
    image = Image.new(mode, (2, 1))
    image.putdata([0, white])
    np.testing.assert_array_equal(load(image, tmp_path / "a.png").pixels[0], [(0, 0, 0), WHITE])


@pytest.mark.parametrize("suffix", ["png", "tiff"])
def test_sixteen_bit_grey_keeps_black_white_and_what_lies_between(tmp_path, suffix):
    values = np.array([[0, 257, 32896, 60000, 65535]], np.uint16)
    photo = load(Image.fromarray(values), tmp_path / f"a.{suffix}")
    # By hand: 60000 / 257 = 233.46; a plain conversion would saturate it to 255.
    np.testing.assert_array_equal(photo.pixels[0, :, 0], [0, 1, 128, 233, 255])
    assert photo.pixels.shape == (1, 5, 3)


def test_sixteen_bit_colour_keeps_its_colours(tmp_path):
    (tmp_path / "a.png").write_bytes(png_of_16_bit_colour([(65535, 0, 0), (0, 32896, 65535)]))
    np.testing.assert_array_equal(load_photo(tmp_path / "a.png").pixels[0], [RED, (0, 128, 255)])


def png_of_16_bit_colour(row: list[tuple[int, int, int]]) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", len(row), 1, 16, 2, 0, 0, 0)
    samples = b"\0" + b"".join(struct.pack(">HHH", *pixel) for pixel in row)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(samples)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def test_print_colours_are_converted(tmp_path):
    image = Image.new("CMYK", (2, 1))
    image.putdata([(0, 255, 255, 0), (0, 0, 0, 0)])
    np.testing.assert_array_equal(load(image, tmp_path / "a.tiff").pixels[0], [RED, WHITE])


def test_a_cmyk_jpeg_is_not_inverted(tmp_path):
    image = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    pixels = load(image, tmp_path / "a.jpg", quality=95).pixels
    assert np.abs(pixels.astype(int) - RED).max() < 12


def test_of_an_animation_the_first_frame_is_taken(tmp_path):
    frames = [Image.new("RGB", (4, 4), colour) for colour in (RED, GREEN, BLUE)]
    photo = load(frames[0], tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    np.testing.assert_array_equal(photo.pixels[0, 0], RED)
    assert "first of 3 frames" in photo.notes


def test_the_checksum_is_that_of_the_file(tmp_path):
    photo = load(quarters(), tmp_path / "a.png")
    assert photo.sha256 == hashlib.sha256((tmp_path / "a.png").read_bytes()).hexdigest()


def test_the_suffix_of_the_file_does_not_matter(tmp_path):
    quarters().save(tmp_path / "a.png")
    (tmp_path / "a.png").rename(tmp_path / "a.jpg")
    assert load_photo(tmp_path / "a.jpg").size == (20, 40)


def jpeg() -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise((64, 64), 50).save(buffer, "JPEG")
    return buffer.getvalue()


def png(mode: str = "RGB") -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise((64, 64), 50).convert(mode).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"hello, I am a text", "not a picture"),
        (bytes(1000), "not a picture"),
        (b"\x89PNG\r\n\x1a\n", "not a picture"),
        (jpeg()[:400], "cannot be decoded"),
        (png()[: len(png()) // 2], "cannot be decoded"),
        (jpeg()[:2], "not a picture"),
    ],
    ids=["empty", "text", "zeros", "png-signature", "half-jpeg", "half-png", "two-bytes"],
)
def test_what_is_no_whole_picture_is_refused_by_name(tmp_path, content, says):
    path = tmp_path / "broken.jpg"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=says) as caught:
        load_photo(path)
    assert str(path) in caught.value.message


def test_a_floating_point_picture_is_refused(tmp_path):
    Image.fromarray(np.ones((2, 2), np.float32)).save(tmp_path / "a.tiff")
    with pytest.raises(UsageError, match="floating-point"):
        load_photo(tmp_path / "a.tiff")


@pytest.mark.parametrize(("side", "modest"), [(20_000, False), (9_000, False), (1_000, True)])
def test_a_picture_with_too_many_pixels_is_refused_before_it_is_decoded(tmp_path, side, modest):
    # A PNG that holds only its header: decoding it would fail otherwise.
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunk = (
        struct.pack(">I", 13) + b"IHDR" + header + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    )
    data = struct.pack(">I", 10) + b"IDAT" + bytes(14)
    path = tmp_path / "bomb.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk + data)
    with pytest.raises(UsageError, match="cannot be decoded" if modest else "80,000,000 pixels"):
        load_photo(path)


def test_the_limit_of_pixels_can_be_chosen(tmp_path):
    quarters().save(tmp_path / "a.png")
    assert load_photo(tmp_path / "a.png", pixel_limit=800).size == (20, 40)
    with pytest.raises(UsageError, match="799 pixels"):
        load_photo(tmp_path / "a.png", pixel_limit=799)


def test_a_missing_file_is_answered_with_similar_names(tmp_path):
    quarters().save(tmp_path / "cat.png")
    with pytest.raises(UsageError, match="no such file") as caught:
        load_photo(tmp_path / "cat.jpg")
    assert "cat.png" in caught.value.hint


def test_a_directory_stands_for_the_pictures_in_it_at_any_depth(tmp_path):
    (tmp_path / "deep").mkdir()
    for name in ("b.png", "a.JPG", "notes.txt", "deep/c.webp"):
        (tmp_path / name).write_bytes(b"x")
    named = tmp_path / "notes.txt"
    found = find_pictures([named, tmp_path])
    assert found == [named, tmp_path / "a.JPG", tmp_path / "b.png", tmp_path / "deep" / "c.webp"]


def test_a_pattern_stands_for_the_files_that_match_it(tmp_path):
    (tmp_path / "deep").mkdir()
    for name in ("b.png", "a.png", "a.jpg", "deep/c.png", "[x].png"):
        (tmp_path / name).write_bytes(b"x")
    assert find_pictures([tmp_path / "?.png"]) == [tmp_path / "a.png", tmp_path / "b.png"]
    assert tmp_path / "deep" / "c.png" in find_pictures([tmp_path / "**" / "*.png"])
    # A file of that very name is no pattern.
    assert find_pictures([tmp_path / "[x].png"]) == [tmp_path / "[x].png"]
    with pytest.raises(UsageError, match="no file matches"):
        find_pictures([tmp_path / "*.gif"])


@pytest.mark.parametrize("end", ["\n", "\0"])
def test_a_list_comes_from_standard_input(tmp_path, monkeypatch, end):
    first, second = tmp_path / "a.png", tmp_path / "b b.png"
    second.write_bytes(b"x")
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{first}{end}{end}{tmp_path}{end}"))
    last = tmp_path / "c.png"
    assert find_pictures([Path("-"), last]) == [first, second, last]
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
    with pytest.raises(UsageError, match="list on standard input is empty"):
        find_pictures([Path("-")])


def test_a_directory_without_pictures_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_bytes(b"x")
    with pytest.raises(UsageError, match="no picture in this directory"):
        find_pictures([tmp_path])


def test_pictures_of_one_name_get_names_of_their_own():
    paths = [Path("a/cat.jpg"), Path("b/cat.png"), Path("a/cat.jpg"), Path("dog.jpg")]
    assert list(distinct_stems(paths).values()) == ["cat", "cat-2", "dog"]


def test_a_directory_is_no_picture(tmp_path):
    with pytest.raises(UsageError, match="directory"):
        load_photo(tmp_path)


def test_the_model_input_is_the_whole_photo_resized_bilinearly():
    # By hand: 2x2 cells to 1x1 is their mean; to 2x2 it is what it was.
    pixels = np.zeros((2, 2, 3), np.uint8)
    pixels[0, 0], pixels[1, 1] = 100, 60
    photo = Photo(Path("a"), "", pixels)
    np.testing.assert_array_equal(to_model_input(photo, (1, 1)), [[[40, 40, 40]]])
    np.testing.assert_array_equal(to_model_input(photo, (2, 2)), pixels)
    assert to_model_input(photo, (3, 5)).shape == (3, 5, 3)


def test_the_sample_images_are_found_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    cat = sample_images() / "cat.jpg"
    names = ["cat", "cat.jpg", "sample_images/cat.jpg"]
    assert find_pictures([Path(name) for name in names]) == [cat] * 3
    # A file of the user's own comes first, and other places are taken at their word.
    (tmp_path / "cat.jpg").write_bytes(b"mine")
    others = [Path("cat.jpg"), Path("elsewhere/cat.jpg"), Path("dog.jpg")]
    assert find_pictures(others) == others
