"""Measures of maps, on a model that decides by one patch."""

import keras
import numpy as np
import pytest

from nodelens.explain.document import metrics_document
from nodelens.explain.faithfulness import Faithfulness, faithfulness
from nodelens.explain.image_score import ImageScore, compile_image_score
from nodelens.explain.targets import logit

SHAPE = (8, 10, 1)
PATCH = (slice(2, 5), slice(6, 8))
WEIGHT, CLASSES = 0.7, 3


def patch_view(elsewhere: float = 0.0) -> ImageScore:
    """The logit of class 1 is 0.7 times the sum of the patch; the other two are zero."""
    image = keras.Input(SHAPE)
    flat = keras.layers.Flatten()(image)
    scores = keras.layers.Dense(CLASSES, use_bias=False, activation="softmax", name="scores")(flat)
    model = keras.Model(image, scores)
    kernel = np.zeros((*SHAPE, CLASSES), np.float32)
    kernel[..., 1] = elsewhere
    kernel[(*PATCH, slice(None), 1)] = WEIGHT
    model.get_layer("scores").set_weights([kernel.reshape(80, CLASSES)])
    ones = np.ones(SHAPE, np.float32)
    return compile_image_score(model, logit)(ones, np.zeros_like(ones), 1)


@pytest.fixture(scope="module")
def view() -> ImageScore:
    return patch_view()


def judged(view: ImageScore, values: np.ndarray, steps: int = 80) -> Faithfulness:
    nothing = np.zeros(SHAPE, np.float32)
    return faithfulness(
        values, view.image, view.probability_of, blurred=nothing, black=nothing, steps=steps
    )


def marks_patch() -> np.ndarray:
    values = np.zeros(SHAPE[:2], np.float32)
    values[PATCH] = 1
    return values


def probability(pixels: np.ndarray) -> np.ndarray:
    """Of the class, with so many pixels of the patch left."""
    return np.exp(WEIGHT * pixels) / (np.exp(WEIGHT * pixels) + CLASSES - 1)


def test_the_curves_follow_the_pixels_in_the_order_of_the_map(view):
    # By hand: the six pixels of the patch come first, one a step; the others do not matter.
    found = judged(view, marks_patch())
    inserted = probability(np.minimum(np.arange(81), 6))
    deleted = probability(6 - np.minimum(np.arange(81), 6))
    np.testing.assert_allclose(found.insertion_curve, inserted, rtol=1e-5)
    np.testing.assert_allclose(found.deletion_curve, deleted, rtol=1e-5)
    area = (inserted[0] / 2 + inserted[1:-1].sum() + inserted[-1] / 2) / 80
    np.testing.assert_allclose(found.insertion, area, rtol=1e-5)
    area = (deleted[0] / 2 + deleted[1:-1].sum() + deleted[-1] / 2) / 80
    np.testing.assert_allclose(found.deletion, area, rtol=1e-5)


def test_fewer_steps_take_more_pixels_at_once(view):
    # By hand: with 8 steps of 10 pixels the whole patch comes in the first one.
    found = judged(view, marks_patch(), steps=8)
    np.testing.assert_allclose(
        found.insertion_curve, [1 / 3] + [probability(np.array(6.0))] * 8, rtol=1e-5
    )


def test_the_map_of_the_deciding_patch_beats_chance_and_chance_beats_its_opposite(view):
    right, wrong = judged(view, marks_patch()), judged(view, 1 - marks_patch())
    for seed in range(5):
        chance = judged(view, np.random.default_rng(seed).random(SHAPE[:2], np.float32))
        assert right.insertion > chance.insertion > wrong.insertion
        assert right.deletion < chance.deletion < wrong.deletion
        assert right.drop < chance.drop < wrong.drop


def test_the_drop_is_what_the_probability_loses_outside_the_map(view):
    # By hand: the patch alone is enough; without it the three classes are equal.
    assert judged(view, marks_patch() * 5).drop == 0
    full = probability(np.array(6.0))
    np.testing.assert_allclose(judged(view, 1 - marks_patch()).drop, 1 - 1 / 3 / full, rtol=1e-5)
    # Half of the patch's brightness leaves half of the logit.
    half = marks_patch() / 2
    half[0, 0] = 1
    expected = 1 - probability(np.array(3.0)) / full
    np.testing.assert_allclose(judged(view, half).drop, expected, rtol=1e-5)
    # What speaks against the class in a signed map is not shown.
    np.testing.assert_allclose(judged(view, marks_patch() - 1 + 1e-9).drop, 0, atol=1e-6)


def test_confidence_rises_where_the_map_hides_what_speaks_against_the_class(view):
    assert judged(patch_view(elsewhere=-0.01), marks_patch()).increase
    assert not judged(view, marks_patch()).increase


def test_equal_values_come_in_a_random_order_and_always_the_same(view):
    # In the order of the rows the patch, in rows 2…4, would wait for the first 26 pixels.
    flat = judged(view, np.ones(SHAPE[:2], np.float32))
    assert flat.insertion_curve[26] > 1 / 3 + 1e-6
    assert flat == judged(view, np.ones(SHAPE[:2], np.float32))


def test_the_table_holds_the_means_of_each_method_and_layer():
    def one(method: str, value: float | None, *, increase: bool = False) -> dict:
        curve = (0.0, 1.0)
        found = None
        if value is not None:
            found = vars(Faithfulness(value, 1 - value, value / 2, increase, curve, curve))
        return {"method": method, "layer": "top", "metrics": found}

    images = [
        {"maps": [one("gradcam", 0.2, increase=True), one("random", None)]},
        {"maps": [one("gradcam", 0.6), one("random", 0.5)]},
    ]
    first, second = metrics_document(images)
    assert (first["method"], first["layer"], first["maps"]) == ("gradcam", "top", 2)
    np.testing.assert_allclose(
        [first[key] for key in ("deletion", "insertion", "average_drop")], [0.4, 0.6, 0.2]
    )
    assert first["increase_in_confidence"] == 0.5
    assert (second["method"], second["maps"], second["deletion"]) == ("random", 1, 0.5)
