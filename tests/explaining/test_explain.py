"""One call from Python: what it takes, what it gives, what it refuses."""

from inspect import signature

import keras
import numpy as np
import pytest
from PIL import Image

from nodelens.errors import UsageError
from nodelens.explaining.explain import SETTINGS, explain
from nodelens.explaining.output.save import save_judging
from nodelens.explaining.settings import GradcamSettings, ModelSettings
from nodelens.runtime.resources import sample_images


@pytest.fixture(scope="module")
def model() -> keras.Model:
    """A classifier of three colours by hand: each logit is the mean of a channel."""
    image = keras.Input((8, 8, 3))
    x = keras.layers.Rescaling(1 / 255)(image)
    x = keras.layers.Conv2D(3, 1, use_bias=False, name="colours")(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    model = keras.Model(image, keras.layers.Softmax()(x))
    model.get_layer("colours").set_weights([np.eye(3, dtype="f4")[None, None]])
    return model


@pytest.fixture
def picture() -> np.ndarray:
    """Red on the left, black on the right."""
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[:, :4, 0] = 255
    return pixels


def test_a_model_in_memory_is_explained_and_left_as_it_was(model, picture):
    before = [weight.copy() for weight in model.get_weights()]
    found = explain(model, picture, layer="colours", labels=["red", "green", "blue"])
    assert found.predictions[0].name == "red"
    # The logit of red is the mean of the channel: alpha is 1 / 64 for it and 0 for the others.
    expected = np.zeros((8, 8))
    expected[:, :4] = 1 / 64
    np.testing.assert_allclose(found.maps[0].values, expected, rtol=1e-6)
    for weight, old in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, old)


def test_classes_targets_and_methods_are_passed_on(model, picture):
    names = ["red", "green", "blue"]
    asked = {"classes": ["blue", 0], "target": "margin", "against": "green", "labels": names}
    found = explain(model, picture, method=["gradcam", "layercam"], signed=True, **asked)
    seen = [(row.target.name, row.method, row.explains, row.signed) for row in found.maps]
    assert seen == [
        (name, method, "margin", True)
        for name in ("blue", "red")
        for method in ("gradcam", "layercam")
    ]


def test_a_list_gives_a_list_and_every_form_of_a_picture_the_same(model, picture, tmp_path):
    path = tmp_path / "red.png"
    Image.fromarray(picture).save(path)
    found = explain(model, [picture, path, str(path), Image.open(path)])
    assert len(found) == 4
    for each in found:
        np.testing.assert_array_equal(each.maps[0].values, found[0].maps[0].values)
    assert explain(model, []) == []
    grey = explain(model, picture[..., 0])
    np.testing.assert_array_equal(grey.photo.pixels, np.repeat(picture[..., :1], 3, axis=-1))


@pytest.mark.parametrize(
    "wrong", [np.zeros((8, 8, 3)), np.zeros((8, 8, 4), np.uint8), np.zeros((1, 8, 8, 3), np.uint8)]
)
def test_arrays_that_are_no_pictures_are_refused(model, wrong):
    with pytest.raises(UsageError, match="expected a picture as a uint8 array"):
        explain(model, wrong)


def test_a_name_for_each_class_is_expected(model, picture):
    with pytest.raises(UsageError, match="2 names, and the model has 3 classes"):
        explain(model, picture, labels=["red", "green"])


def test_an_explanation_saves_paints_and_shows_itself(model, picture, tmp_path):
    found = explain(model, picture, layer="colours", labels=["<red>", "green", "blue"])
    # The map is one on the left and zero on the right.
    overlay = np.asarray(found.overlay(alpha=1.0))
    assert tuple(overlay[4, 0]) == (127, 0, 0)  # jet at one
    assert tuple(overlay[4, 7]) == (0, 0, 127)  # jet at zero
    (files,) = found.save(tmp_path / "new" / "place")
    np.testing.assert_array_equal(np.load(files.raw), found.maps[0].values)
    with pytest.raises(UsageError, match="nothing is overwritten unasked"):
        found.save(tmp_path / "new" / "place")
    shown = found._repr_html_()
    assert "&lt;red&gt;" in shown
    assert shown.count('<img alt="" src="data:image/png;base64,') == 1


def test_a_network_is_found_by_name():
    found = explain("vgg19", sample_images() / "cat.jpg", weights="embedded", layer="block5_conv4")
    assert found.predictions[0].name == "Egyptian_cat"
    assert found.maps[0].values.shape == (14, 14)


def test_what_judges_the_maps_is_passed_on_and_saved(model, picture, tmp_path):
    asked = {"metrics": True, "sanity": True, "region": (0, 0, 4, 8), "smooth": "aug"}
    (found,) = explain(model, [picture], layer="colours", **asked)
    (heat_map,) = found.maps
    # All that is red lies left, and the mirror image's map is turned back.
    assert heat_map.smooth == "aug"
    assert heat_map.localisation.share == 1
    assert heat_map.localisation.area == 0.5
    assert heat_map.faithfulness
    assert found.controls
    assert found.sanity.layers == ("colours",)
    found.save(tmp_path / "red")
    assert {"metrics.png", "sanity.png"} <= {path.name for path in (tmp_path / "red").iterdir()}
    with pytest.raises(UsageError, match=r"metrics\.png"):
        save_judging(found, tmp_path / "red")


def test_every_setting_is_reached_by_its_name(model, picture, tmp_path):
    (tmp_path / "boxes.csv").write_text("path,x0,y0,x1,y1\narray,0,0,4,8\n")
    fields = {**ModelSettings.model_fields, **GradcamSettings.model_fields}
    of_the_command = {"name", "model", "device", "shard", "fail_fast"}
    assert set(SETTINGS) == set(fields) - of_the_command
    assert set(SETTINGS) < set(signature(explain).parameters)
    found = explain(
        model,
        picture,
        methods=["occlusion", "integrated-gradients"],
        pixels={"window": 8, "steps": 1},
        boxes=tmp_path / "boxes.csv",
        classes=np.array([0]),
        metrics=True,
        metric_steps=2,
        seed=3,
    )
    occluded, integrated = found.maps
    assert occluded.details == {"windows": 1}
    # One node at the middle of the path is exact, because the logit is linear.
    assert abs(integrated.details["completeness_gap"]) < 1e-6
    assert integrated.localisation.share == 1
    assert len(integrated.faithfulness.deletion_curve) == 3


def test_the_size_of_a_model_that_takes_any_is_given(picture):
    image = keras.Input((None, None, 3))
    x = keras.layers.Conv2D(2, 1, name="conv")(keras.layers.Rescaling(1 / 255)(image))
    free = keras.Model(image, keras.layers.GlobalAveragePooling2D()(x))
    assert explain(free, picture, input_size=(6, 4)).maps[0].values.shape == (6, 4)


def test_an_animation_is_explained_at_its_first_frame_or_whole(model, picture, tmp_path):
    path = tmp_path / "moving.gif"
    Image.fromarray(picture).save(
        path, save_all=True, append_images=[Image.fromarray(picture[:, ::-1])]
    )
    asked = {"layer": "colours", "classes": 0}
    assert explain(model, path, **asked).maps[0].frames is None
    first, second = explain(model, path, frames="all", **asked).maps[0].frames
    np.testing.assert_allclose(second, first[:, ::-1], atol=1e-6)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"methods": "gradcan"}, "methods: 'gradcan' is not a choice; did you mean `gradcam`?"),
        ({"method": ["gradcam"], "top_k": 0}, "top_k: a number greater than or equal to 1"),
        ({"preprocess": "half"}, "^preprocess: 'half' is not a choice"),
        ({"pixels": {"step": 3}}, "pixels.step: unknown key; did you mean `steps`?"),
    ],
)
def test_a_wrong_setting_is_named_without_a_flag(model, picture, wrong, reason):
    with pytest.raises(UsageError, match=reason.replace("?", r"\?")) as caught:
        explain(model, picture, **wrong)
    assert "--" not in f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize(
    ("wrong", "meant"), [("metod", "`methods`"), ("shard", ""), ("smoth", "`smooth`")]
)
def test_an_unknown_argument_is_a_type_error_as_of_any_function(model, picture, wrong, meant):
    with pytest.raises(TypeError, match=f"no argument '{wrong}'.*{meant}"):
        explain(model, picture, **{wrong: "1/2"})


def test_the_public_names_are_the_function_and_what_it_returns(model, picture):
    import nodelens

    assert nodelens.explain is explain
    assert isinstance(explain(model, picture), nodelens.Explanation)
