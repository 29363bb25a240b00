"""Animations: every frame, the classes of the first, one scale of colours."""

from copy import copy
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import ExifTags, Image, ImageSequence
from tests.explaining.classifiers import classifier_of

from nodelens.errors import UsageError
from nodelens.explaining.batch import Batch, explain_files
from nodelens.explaining.explainer import Explainer
from nodelens.explaining.naming import plan_files
from nodelens.explaining.out_of_memory import OutOfMemoryError
from nodelens.explaining.output.painting import paint_frames
from nodelens.explaining.pictures.opening import open_picture
from nodelens.explaining.pictures.photo import Frames
from nodelens.explaining.settings import GradcamSettings
from nodelens.figures.overlay import colours

L = keras.layers
RECORD = {"model": {"name": "small"}, "settings": {}}


@pytest.fixture(scope="module")
def explainer() -> Explainer:
    keras.utils.set_random_seed(4)
    convolution = L.Conv2D(4, 3, activation="relu", name="conv")
    layers = [keras.Input((8, 8, 3)), convolution, L.GlobalAveragePooling2D(), L.Dense(3)]
    return Explainer(
        classifier_of(keras.Sequential(layers), default_layer="conv"),
        GradcamSettings(top_k=2, signed=True),
    )


@pytest.fixture
def frames() -> list[np.ndarray]:
    """A bright square that wanders; five frames of few colours, which a GIF keeps."""
    pictures = []
    for number in range(5):
        picture = np.full((12, 20, 3), (10, 40, 90), np.uint8)
        picture[3:7, 3 * number : 3 * number + 5] = (250, 200 - 30 * number, 30)
        pictures.append(picture)
    return pictures


def saved(frames: list[np.ndarray], path: Path, **options) -> Path:
    first, *others = [Image.fromarray(frame) for frame in frames]
    first.save(path, save_all=True, append_images=others, **options)
    return path


def explain(explainer, path, root, **options):
    explainer = copy(explainer)
    explainer.settings = explainer.settings.model_copy(update={"batch_size": 2, **options})
    batch = Batch(RECORD, smaller=pytest.fail)
    (outcome,) = explain_files(explainer, plan_files(explainer, [path], root), batch)
    return outcome


@pytest.mark.parametrize(
    ("suffix", "options"), [("gif", {}), ("png", {}), ("webp", {"lossless": 1})]
)
def test_the_frames_are_those_of_the_file(frames, tmp_path, suffix, options):
    path = saved(frames, tmp_path / f"a.{suffix}", duration=[50, 60, 70, 80, 90], **options)
    photo = open_picture(path, frames=True)
    assert photo.frames.milliseconds == (50, 60, 70, 80, 90)
    np.testing.assert_array_equal(photo.frames.pictures, frames)
    np.testing.assert_array_equal(photo.pixels, frames[0])
    assert photo.notes == ("5 frames",)
    assert open_picture(path).frames is None


def test_pages_and_pictures_that_stand_still_have_no_frames(frames, tmp_path):
    assert open_picture(saved(frames, tmp_path / "a.tiff"), frames=True).frames is None
    assert open_picture(saved(frames[:1], tmp_path / "a.gif"), frames=True).frames is None


def test_an_animation_with_too_many_pixels_is_refused(frames, tmp_path):
    path = saved(frames, tmp_path / "a.gif")
    with pytest.raises(UsageError, match="the 5 frames have more than the 1,000 pixels") as caught:
        open_picture(path, frames=True, pixel_limit=1000)
    assert "frames=first" in caught.value.hint
    assert open_picture(path, pixel_limit=1000).size == (20, 12)


def test_every_frame_is_explained_for_the_classes_of_the_first(explainer, frames, tmp_path):
    path = saved(frames, tmp_path / "a.gif", duration=[50, 60, 70, 80, 90])
    outcome = explain(explainer, path, tmp_path / "out")
    classes = tuple(found.target.index for found in outcome.picture.maps)
    fixed = Explainer(explainer.classifier, GradcamSettings(classes=classes, signed=True))
    for number, picture in enumerate(frames):
        Image.fromarray(picture).save(tmp_path / "one.png")
        expected = fixed.explain(open_picture(tmp_path / "one.png")).maps
        for found, its in zip(outcome.picture.maps, expected, strict=True):
            maps = np.load(found.files.frames)
            assert maps.shape == (5, 6, 6)
            np.testing.assert_allclose(maps[number], its.values, rtol=1e-4, atol=1e-7)
    files = outcome.picture.maps[0].files
    with Image.open(files.animation) as gif:
        durations = [frame.info["duration"] for frame in ImageSequence.Iterator(gif)]
        assert (gif.size, durations) == ((20, 12), [50, 60, 70, 80, 90])
    np.testing.assert_allclose(np.load(files.raw), np.load(files.frames)[0])


def test_the_first_frame_can_stand_for_all(explainer, frames, tmp_path):
    path = saved(frames, tmp_path / "a.gif")
    outcome = explain(explainer, path, tmp_path / "out", frames="first")
    files = outcome.picture.maps[0].files.as_dict()
    assert files.keys() == {"overlay", "heatmap", "raw", "figure"}
    assert outcome.picture.notes == ("first of 5 frames",)


def test_all_frames_have_one_scale():
    black = np.zeros((2, 2, 3), np.uint8)
    maps = np.stack([np.full((2, 2), 1.0), np.full((2, 2), 4.0)]).astype(np.float32)
    weak, strong = paint_frames(Frames((black, black), (1, 1)), maps, signed=False, alpha=1)
    np.testing.assert_array_equal(weak[0, 0], colours(np.array(0.25)))
    np.testing.assert_array_equal(strong[0, 0], colours(np.array(1.0)))
    still = paint_frames(Frames((black, black), (1, 1)), 0 * maps, signed=False)
    np.testing.assert_array_equal(still, [black, black])


def rotated(frames: list[np.ndarray], path: Path, orientation: int, **options) -> Path:
    """An animation whose EXIF data say how to hold it."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    return saved(frames, path, exif=exif, **options)


@pytest.mark.parametrize(("suffix", "options"), [("png", {}), ("webp", {"lossless": 1})])
def test_all_frames_are_turned_as_the_first_is(explainer, frames, tmp_path, suffix, options):
    # Orientation 6: the camera was turned, and the picture is shown a quarter clockwise.
    path = rotated(frames, tmp_path / f"a.{suffix}", 6, **options)
    photo = open_picture(path, frames=True)
    assert photo.size == (12, 20)
    assert photo.notes == ("5 frames", "turned upright by its EXIF orientation")
    np.testing.assert_array_equal(photo.pixels, np.rot90(frames[0], -1))
    np.testing.assert_array_equal(photo.frames.pictures, [np.rot90(frame, -1) for frame in frames])
    files = explain(explainer, path, tmp_path / "out").picture.maps[0].files
    with Image.open(files.animation) as gif:
        assert (gif.size, gif.n_frames) == ((12, 20), 5)


@pytest.mark.parametrize(
    ("suffix", "options"), [("gif", {}), ("png", {}), ("webp", {"lossless": 1}), ("avif", {})]
)
def test_a_damaged_later_frame_is_an_error_of_its_picture_alone(
    explainer, frames, tmp_path, suffix, options
):
    noisy = np.random.default_rng(0).integers(0, 256, (4, 40, 60, 3), dtype=np.uint8)
    whole = saved(list(noisy), tmp_path / f"whole.{suffix}", **options)
    data, failed = whole.read_bytes(), 0
    for place in (0.3, 0.5, 0.7, 0.8, 0.9):
        broken, start = bytearray(data), int(place * len(data))
        broken[start : start + 40] = bytes(40)
        cut = data[:start]
        for number, content in enumerate((bytes(broken), cut)):
            path = tmp_path / f"{number}-{place}.{suffix}"
            path.write_bytes(content)
            try:
                open_picture(path, frames=True)
            except UsageError as error:
                failed += "cannot be" in error.message or "is not a picture" in error.message
    assert failed  # and nothing but errors of input was raised


def test_a_batch_goes_on_after_an_animation_with_a_damaged_frame(explainer, frames, tmp_path):
    noisy = np.random.default_rng(0).integers(0, 256, (4, 40, 60, 3), dtype=np.uint8)
    data = saved(list(noisy), tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(data[: int(0.7 * len(data))])
    assert open_picture(tmp_path / "a.png").notes == ("first of 4 frames",)
    saved(frames, tmp_path / "b.gif")
    paths = [tmp_path / "a.png", tmp_path / "b.gif"]
    plan = plan_files(explainer, paths, tmp_path / "out")
    failed, explained = explain_files(explainer, plan, Batch(RECORD))
    assert "a.png: the picture cannot be decoded" in failed.error.message
    assert explained.picture.notes == ("5 frames",)


def test_an_animation_that_needs_too_much_memory_is_explained_with_fewer_frames_at_once(
    explainer, frames, tmp_path, monkeypatch
):
    path = saved(frames, tmp_path / "a.gif")
    whole = explain(explainer, path, tmp_path / "whole")
    compute = Explainer.explain_batch

    def small_machine(self, batch, size=1):
        if size > 1:
            raise OutOfMemoryError("too many")
        return compute(self, batch, size)

    monkeypatch.setattr(Explainer, "explain_batch", small_machine)
    small, sizes = copy(explainer), []
    small.settings = explainer.settings.model_copy(update={"batch_size": 4})
    # Two pictures, so that batches begin with two.
    saved(frames[:3], tmp_path / "b.gif")
    plan = plan_files(small, [path, tmp_path / "b.gif"], tmp_path / "out")
    outcome, _ = explain_files(small, plan, Batch(RECORD, smaller=sizes.append))
    assert sizes == [1]
    for one, other in zip(whole.picture.maps, outcome.picture.maps, strict=True):
        first, second = np.load(one.files.frames), np.load(other.files.frames)
        np.testing.assert_allclose(first, second, rtol=1e-4, atol=1e-7)


def test_the_frames_alone_can_be_too_much_for_the_memory(explainer, frames, tmp_path, monkeypatch):
    # Pictures of a batch fit, and as many frames do not: what was found of them is not lost.
    pictures = [saved(frames, tmp_path / f"{name}.gif") for name in "abc"]
    compute, seen = Explainer.explain_batch, []

    def full_later(self, batch, size=1):
        seen.append(size)
        if len(seen) > 1 and size > 2:
            raise OutOfMemoryError("too many")
        return compute(self, batch, size)

    monkeypatch.setattr(Explainer, "explain_batch", full_later)
    plan, sizes = plan_files(explainer, pictures, tmp_path / "out"), []
    outcomes = list(explain_files(explainer, plan, Batch(RECORD, smaller=sizes.append)))
    assert all(np.load(each.picture.maps[0].files.frames).shape == (5, 6, 6) for each in outcomes)
    assert (sizes, seen[:3]) == ([2], [3, 3, 2])
