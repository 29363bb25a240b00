import itertools

import numpy as np
import pytest

from nodelens.errors import UsageError
from nodelens.explaining.explainer import Explainer
from nodelens.explaining.settings import GradcamSettings


def test_the_cat_is_an_egyptian_cat(cat_explanation):
    best = cat_explanation.predictions[0]
    assert (best.index, best.name) == (285, "Egyptian_cat")
    assert best.score > 0.6


def test_predictions_come_best_first_with_probabilities_of_their_logits(cat_explanation):
    predictions = cat_explanation.predictions
    assert [p.name for p in predictions[:3]] == ["Egyptian_cat", "tabby", "tiger_cat"]
    assert all(a.logit > b.logit for a, b in itertools.pairwise(predictions))
    ratio = predictions[0].score / predictions[1].score
    np.testing.assert_allclose(
        ratio, np.exp(predictions[0].logit - predictions[1].logit), rtol=1e-3
    )


def test_the_predicted_class_is_explained_by_default(cat_explanation):
    (heat_map,) = cat_explanation.maps
    assert heat_map.target == cat_explanation.predictions[0]
    assert (heat_map.layer, heat_map.method) == ("block5_conv4", "gradcam")
    assert heat_map.values.shape == (14, 14)
    assert heat_map.values.dtype == np.float32


def test_the_map_lights_the_face_of_the_cat(cat_explanation):
    # Eyes, nose and cheeks lie in rows 4…11 and columns 2…10 of the 14x14 cells (looked up in the
    # photo); the background is the right fifth.
    values = cat_explanation.maps[0].values
    face, background = values[4:12, 2:11], values[:, 12:]
    assert face.mean() > 5 * background.mean()
    row, column = np.unravel_index(values.argmax(), values.shape)
    assert 2 <= row < 12
    assert 2 <= column < 11


def test_the_map_is_the_stored_one(cat_explanation, golden):
    # Computed without TensorFlow, see golden/README.md.
    expected = np.load(golden / "cat-block5_conv4-285.npy")
    np.testing.assert_allclose(cat_explanation.maps[0].values, expected, atol=1e-4 * expected.max())


def test_the_map_ends_with_a_relu_and_reports_the_values_before_it(cat_explanation):
    heat_map = cat_explanation.maps[0]
    assert heat_map.values.min() == 0
    assert heat_map.min < 0
    assert heat_map.max == heat_map.values.max()
    assert not heat_map.empty


def test_explaining_again_gives_the_same(explainer, cat, cat_explanation):
    again = explainer.explain(cat)
    np.testing.assert_array_equal(again.maps[0].values, cat_explanation.maps[0].values)


def test_another_class_gives_another_map(explain_cat, cat_explanation):
    espresso = explain_cat(layers=["block5_conv4"], classes=[967]).maps[0]
    assert espresso.target.name == "espresso"
    assert not np.allclose(espresso.values, cat_explanation.maps[0].values, atol=1e-3)


def test_maps_come_by_layer_then_class(explain_cat):
    found = explain_cat(layers=["block5_pool", "block4_conv4"], top_k=2)
    assert [(m.layer, m.target.name, m.values.shape) for m in found.maps] == [
        ("block5_pool", "Egyptian_cat", (7, 7)),
        ("block5_pool", "tabby", (7, 7)),
        ("block4_conv4", "Egyptian_cat", (28, 28)),
        ("block4_conv4", "tabby", (28, 28)),
    ]


def test_at_the_last_pooling_the_map_adds_up_to_the_logit(explain_cat, classifier):
    # Average pooling and one dense layer follow, so the signed map adds up to logit - bias.
    found = explain_cat(layers=["block5_pool"]).maps[0]
    bias = classifier.model.get_layer("predictions").get_weights()[1][285]
    np.testing.assert_allclose(found.before_relu.sum(), found.target.logit - bias, rtol=1e-5)


def test_the_weights_are_described(cat_explanation):
    assert cat_explanation.weights.kind == "embedded"
    assert "not Keras' ImageNet weights" in cat_explanation.weights.description


def test_an_unknown_layer_is_refused_before_anything_is_computed(classifier):
    with pytest.raises(UsageError, match="no layer"):
        Explainer(classifier, GradcamSettings(layers=["conv5"]))
