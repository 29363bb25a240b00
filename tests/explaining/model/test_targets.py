"""The scores that are explained, and the ways to look at a map."""

import numpy as np
import pytest
import tensorflow as tf

from nodelens.errors import UsageError
from nodelens.explaining.explainer import Explainer
from nodelens.explaining.model.targets import logit, margin, probability
from nodelens.explaining.settings import GradcamSettings

LOGITS = tf.constant([[1.0, 3.0, 2.0], [0.0, -1.0, 5.0]])
LAYER = ["block5_conv4"]


def gradient(score, index: int) -> np.ndarray:
    """The gradient of one score with respect to the logits of the first image."""
    with tf.GradientTape() as tape:
        tape.watch(LOGITS)
        value = score(LOGITS, tf.nn.softmax(LOGITS), tf.constant([[index], [index]]))[0, 0]
    return tape.gradient(value, LOGITS).numpy()[0]


def test_the_logit_asks_for_its_own_class_only():
    np.testing.assert_allclose(gradient(logit, 2), [0, 0, 1])


def test_the_gradient_of_the_probability_is_that_of_the_softmax():
    p = tf.nn.softmax(LOGITS).numpy()[0]
    np.testing.assert_allclose(gradient(probability, 2), p[2] * (np.eye(3)[2] - p), rtol=1e-5)


@pytest.mark.parametrize(("index", "rival"), [(1, 2), (2, 1), (0, 1)])
def test_the_margin_compares_with_the_best_other_class(index, rival):
    np.testing.assert_allclose(gradient(margin(None), index), np.eye(3)[index] - np.eye(3)[rival])


def test_the_margin_compares_with_a_chosen_class():
    np.testing.assert_allclose(gradient(margin(0), 2), [-1, 0, 1])
    scores = margin(0)(LOGITS, LOGITS, tf.constant([[2, 1], [2, 1]]))
    np.testing.assert_allclose(scores, [[1, 2], [5, -1]])


def test_the_margin_of_two_classes_is_the_difference_of_their_maps(explain_cat):
    # Grad-CAM is linear in the gradient, so the signed maps subtract.
    apart = explain_cat(layers=LAYER, classes=[285, 281], signed=True).maps
    together = explain_cat(
        layers=LAYER, classes=[285], target="margin", against=281, signed=True
    ).maps[0]
    difference = apart[0].values - apart[1].values
    np.testing.assert_allclose(together.values, difference, atol=1e-5 * np.abs(difference).max())


def test_a_counterfactual_map_is_the_negated_one(explain_cat):
    ordinary, counterfactual = (
        explain_cat(layers=LAYER, classes=[281], counterfactual=c, signed=True).maps[0]
        for c in (False, True)
    )
    np.testing.assert_allclose(ordinary.values + counterfactual.values, 0, atol=1e-7)
    assert (counterfactual.kind, ordinary.kind) == (
        "gradcam-counterfactual-signed",
        "gradcam-signed",
    )


def test_the_positive_part_of_the_signed_map_is_the_map(explain_cat, cat_explanation):
    signed = explain_cat(layers=LAYER, signed=True).maps[0]
    assert signed.values.min() < 0
    expected = np.maximum(signed.values, 0)
    np.testing.assert_allclose(cat_explanation.maps[0].values, expected, atol=1e-6)


def test_a_signed_map_is_empty_only_if_it_is_zero(explain_cat):
    signed = explain_cat(layers=LAYER, classes=[407], signed=True).maps[0]
    assert not signed.empty


@pytest.mark.parametrize(
    ("question", "says"),
    [
        (GradcamSettings().model_copy(update={"top_k": 1001}), "the model knows 1000"),
        (GradcamSettings(against=3), "the target is logit"),
        (GradcamSettings(classes=[3], target="margin", against=3), "with itself"),
    ],
)
def test_a_contradictory_question_is_refused(classifier, cat, question, says):
    with pytest.raises(UsageError, match=says):
        Explainer(classifier, question).explain(cat)


def test_all_layers_are_a_walk_through_the_model_by_size(explain_cat):
    found = explain_cat(layers=["all"])
    assert [(m.layer, m.values.shape[0]) for m in found.maps] == [
        ("block1_conv2", 224),
        ("block2_conv2", 112),
        ("block3_conv4", 56),
        ("block4_conv4", 28),
        ("block5_conv4", 14),
        ("block5_pool", 7),
    ]
