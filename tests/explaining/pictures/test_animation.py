"""Animations: every frame, the classes of the first, one scale of colours."""

from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image, ImageSequence
from tests.explaining.classifiers import classifier_of

from nodelens.errors import UsageError
from nodelens.explaining.batch import Batch, explain_files
from nodelens.explaining.explainer import Explainer
from nodelens.explaining.output.naming import plan_files
from nodelens.explaining.output.painting import paint_frames
from nodelens.explaining.pictures.images import Frames
from nodelens.explaining.pictures.opening import open_picture
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
    batch = Batch(RECORD, size=2, tell=pytest.fail, **options)
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
    classes = tuple(found["class_index"] for found in outcome.document["maps"])
    fixed = Explainer(explainer.classifier, GradcamSettings(classes=classes, signed=True))
    for number, picture in enumerate(frames):
        Image.fromarray(picture).save(tmp_path / "one.png")
        expected = fixed.explain(open_picture(tmp_path / "one.png")).maps
        for found, its in zip(outcome.document["maps"], expected, strict=True):
            maps = np.load(found["files"]["frames"])
            assert maps.shape == (5, 6, 6)
            np.testing.assert_allclose(maps[number], its.values, rtol=1e-4, atol=1e-7)
    with Image.open(outcome.document["maps"][0]["files"]["animation"]) as gif:
        durations = [frame.info["duration"] for frame in ImageSequence.Iterator(gif)]
        assert (gif.size, durations) == ((20, 12), [50, 60, 70, 80, 90])
    first = np.load(outcome.document["maps"][0]["files"]["raw"])
    np.testing.assert_allclose(first, np.load(outcome.document["maps"][0]["files"]["frames"])[0])


def test_the_first_frame_can_stand_for_all(explainer, frames, tmp_path):
    path = saved(frames, tmp_path / "a.gif")
    outcome = explain(explainer, path, tmp_path / "out", frames=False)
    assert outcome.document["maps"][0]["files"].keys() == {"overlay", "heatmap", "raw", "figure"}
    assert outcome.document["notes"] == ["first of 5 frames"]


def test_all_frames_have_one_scale():
    black = np.zeros((2, 2, 3), np.uint8)
    maps = np.stack([np.full((2, 2), 1.0), np.full((2, 2), 4.0)]).astype(np.float32)
    weak, strong = paint_frames(Frames((black, black), (1, 1)), maps, signed=False, alpha=1)
    np.testing.assert_array_equal(weak[0, 0], colours(np.array(0.25)))
    np.testing.assert_array_equal(strong[0, 0], colours(np.array(1.0)))
    still = paint_frames(Frames((black, black), (1, 1)), 0 * maps, signed=False)
    np.testing.assert_array_equal(still, [black, black])
