import dataclasses

import numpy as np
import pytest
from PIL import Image

from nodelens.errors import UsageError
from nodelens.explaining.explanation import Explanation
from nodelens.explaining.model.layers import list_layers
from nodelens.explaining.output.document import image_document, layer_document
from nodelens.explaining.output.painting import draw_map
from nodelens.explaining.output.save import save_explanation
from nodelens.explaining.pictures.scaling import divide_by_maximum, enlarge
from nodelens.explaining.settings import OutputSettings
from nodelens.figures.overlay import colours


@pytest.fixture
def empty(cat_explanation) -> Explanation:
    nothing = dataclasses.replace(
        cat_explanation.maps[0], values=np.zeros((14, 14), np.float32), max=-0.1, min=-2.0
    )
    return dataclasses.replace(cat_explanation, maps=(nothing,))


def pixels(path) -> np.ndarray:
    return np.asarray(Image.open(path))


def test_the_raw_map_is_float32_at_the_size_of_the_layer(cat_explanation, tmp_path):
    (files,) = save_explanation(cat_explanation, tmp_path)
    raw = np.load(files.raw)
    assert (raw.dtype, raw.shape) == (np.float32, (14, 14))
    np.testing.assert_array_equal(raw, cat_explanation.maps[0].values)


def test_pictures_have_the_size_of_the_photo(cat_explanation, tmp_path):
    (files,) = save_explanation(cat_explanation, tmp_path)
    assert Image.open(files.overlay).size == (451, 300)
    assert Image.open(files.heatmap).size == (451, 300)


def test_the_overlay_is_half_photo_and_half_colour(cat_explanation, tmp_path):
    (files,) = save_explanation(cat_explanation, tmp_path)
    heat = divide_by_maximum(enlarge(cat_explanation.maps[0].values, (451, 300)))
    colour = colours(heat)
    np.testing.assert_array_equal(pixels(files.heatmap), colour)
    expected = (colour.astype(float) + cat_explanation.photo.pixels) / 2
    assert np.abs(pixels(files.overlay) - expected).max() <= 0.5
    hottest = np.unravel_index(heat.argmax(), heat.shape)
    np.testing.assert_allclose(pixels(files.heatmap)[hottest], (128, 0, 0), atol=1)


@pytest.mark.parametrize(("picture_format", "means"), [("jpg", "JPEG"), ("webp", "WEBP")])
def test_pictures_can_have_another_format(cat_explanation, tmp_path, picture_format, means):
    (files,) = save_explanation(cat_explanation, tmp_path, OutputSettings(format=picture_format))
    for path in (files.overlay, files.heatmap, files.figure):
        assert path.suffix == f".{picture_format}"
        assert Image.open(path).format == means
    expected = cat_explanation.overlay()
    assert np.abs(pixels(files.overlay) - np.asarray(expected, int)).mean() < 6


def test_the_map_before_the_relu_is_written_if_asked_for(cat_explanation, tmp_path):
    (files,) = save_explanation(cat_explanation, tmp_path, OutputSettings(files=("signed", "raw")))
    signed = np.load(files.signed)
    assert signed.min() == np.float32(cat_explanation.maps[0].min) < 0
    np.testing.assert_array_equal(np.maximum(signed, 0), np.load(files.raw))
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".npy", ".npy"]


def test_an_opacity_of_zero_leaves_the_photo(cat_explanation, tmp_path):
    (files,) = save_explanation(cat_explanation, tmp_path, OutputSettings(alpha=0))
    np.testing.assert_array_equal(pixels(files.overlay), cat_explanation.photo.pixels)


def test_an_empty_map_is_not_painted(empty, tmp_path):
    (files,) = save_explanation(empty, tmp_path)
    np.testing.assert_array_equal(pixels(files.overlay), empty.photo.pixels)
    assert (pixels(files.heatmap) == (0, 0, 127)).all()
    assert np.isfinite(np.load(files.raw)).all()
    assert image_document(empty.without_pixels((files,)))["maps"][0]["empty"] is True


def test_the_figure_shows_photo_and_overlay_side_by_side(cat_explanation, tmp_path):
    # The two panels are equally large; the left one is the photo, the right one is tinted.
    (files,) = save_explanation(cat_explanation, tmp_path)
    figure = pixels(files.figure)[..., :3].astype(int)
    height, width = figure.shape[:2]
    row = figure[height // 2]
    photo_row = cat_explanation.photo.pixels[150].astype(int)
    left = row[int(width * 0.03) : int(width * 0.46)]
    assert np.abs(left.mean(axis=0) - photo_row.mean(axis=0)).max() < 12
    assert (figure[: height // 40] == 255).all()
    right = row[int(width * 0.5) : int(width * 0.93)]
    assert np.abs(right.mean(axis=0) - photo_row.mean(axis=0)).max() > 20


def test_names_tell_method_layer_and_class_and_nothing_unsafe(cat_explanation, tmp_path):
    odd = dataclasses.replace(cat_explanation.maps[0], layer="base/conv 5")
    (files,) = save_explanation(dataclasses.replace(cat_explanation, maps=(odd,)), tmp_path)
    assert files.overlay.name == "gradcam-base_conv_5-285-Egyptian_cat-overlay.png"
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        path.name for path in files.as_dict().values()
    )


def test_nothing_is_overwritten_unasked(cat_explanation, tmp_path):
    (files,) = save_explanation(cat_explanation, tmp_path)
    files.figure.write_bytes(b"mine")
    with pytest.raises(UsageError, match="already there"):
        save_explanation(cat_explanation, tmp_path)
    assert files.figure.read_bytes() == b"mine"
    save_explanation(cat_explanation, tmp_path, force=True)
    assert files.figure.read_bytes() != b"mine"


def test_the_same_explanation_gives_the_same_bytes(cat_explanation, tmp_path):
    first, second = tmp_path / "1", tmp_path / "2"
    for directory in (first, second):
        directory.mkdir()
        save_explanation(cat_explanation, directory)
    for path in first.iterdir():
        assert path.read_bytes() == (second / path.name).read_bytes()


def test_the_document_has_the_promised_keys(cat_explanation, tmp_path):
    files = save_explanation(cat_explanation, tmp_path)
    document = image_document(cat_explanation.without_pixels(files))
    assert document.keys() >= {"path", "sha256", "size", "predictions", "maps"}
    assert document["size"] == [451, 300]
    assert document["predictions"][0].keys() == {"index", "name", "score", "logit"}
    (map_document,) = document["maps"]
    assert map_document.keys() >= {
        "layer", "class_index", "class_name", "method", "files", "max", "min", "empty",
        "receptive_field",
    }  # fmt: skip
    assert map_document["files"].keys() == {"overlay", "heatmap", "raw", "figure"}
    assert map_document["receptive_field"]["height"] == {
        "size": 252, "stride": 16, "padding": 118, "center": 7.5,
    }  # fmt: skip


def test_layers_are_described_as_plain_data(classifier):
    row = layer_document(list_layers(classifier.model, (224, 224))[0])
    assert row["name"] == "block1_conv1"
    assert row["output_shape"] == [224, 224, 64]
    assert row["receptive_field"]["width"]["size"] == 3


def words_above_the_overlay(explanation: Explanation, **changes) -> list[str]:
    heat_map = dataclasses.replace(explanation.maps[0], **changes)
    figure = draw_map(explanation, heat_map, explanation.photo.pixels)
    return [text.get_text() for text in figure.axes[1].texts]


def test_the_figure_names_class_method_and_layer(cat_explanation, empty):
    title, words = words_above_the_overlay(cat_explanation)
    assert title == "class 285 (Egyptian_cat)"
    assert words == "probability 0.76, Grad-CAM at layer block5_conv4"
    changes = {"counterfactual": True, "smooth": "aug", "explains": "prob", "layer": "input"}
    assert words_above_the_overlay(cat_explanation, **changes)[1] == (
        "probability 0.76, counterfactual Grad-CAM (aug-smoothed) of the probability at the input"
    )
    assert words_above_the_overlay(empty)[1].endswith("block5_conv4: nothing speaks for it")
