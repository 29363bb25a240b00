"""Measures of maps, on a model that decides by one patch."""

import keras
import numpy as np
import pytest

from nodelens.explaining.judging.faithfulness import (
    Faithfulness,
    Plain,
    Trial,
    faithfulness,
    gini,
    mean_of,
)
from nodelens.explaining.judging.registry import faithfulness_measures, runs_needed
from nodelens.explaining.methods.image_score import ImageScore, compile_image_score
from nodelens.explaining.model.targets import logit
from nodelens.explaining.settings import GradcamSettings

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
    plain = Plain(nothing, nothing, nothing)
    return faithfulness(Trial(values, view.image, view.probability_of, plain, steps))


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


def test_deleted_pixels_are_grey_and_inserted_ones_come_into_a_blurred_picture(view):
    # By hand: in the end 0.25 is left of each of the six pixels, in the beginning 0.5.
    plain = Plain(*(np.full(SHAPE, value, np.float32) for value in (0.5, 0.25, 0)))
    found = faithfulness(Trial(marks_patch(), view.image, view.probability_of, plain, 4))
    np.testing.assert_allclose(found.deletion_curve[-1], probability(np.array(1.5)), rtol=1e-5)
    np.testing.assert_allclose(found.insertion_curve[0], probability(np.array(3.0)), rtol=1e-5)


def test_road_fills_the_hole_so_that_a_flat_picture_stays_as_it_is(view):
    found = judged(view, marks_patch())
    full = probability(np.array(6.0))
    np.testing.assert_allclose(found.road_most_curve, [full] * 5, rtol=1e-5)
    np.testing.assert_allclose(found.road_least_curve, [full] * 5, rtol=1e-5)
    np.testing.assert_allclose(found.road, 0, atol=1e-6)


def test_road_is_half_the_gap_between_least_and_most_relevant_first(view):
    # By hand: a bright patch on black is filled in with black, but for the noise; taken away last
    # it stays, even at 90 % of 80 pixels.
    bright = marks_patch()[..., None]
    nothing = np.zeros(SHAPE, np.float32)
    plain = Plain(nothing, nothing, nothing)
    found = faithfulness(Trial(marks_patch(), bright, view.probability_of, plain, 1))
    full = probability(np.array(6.0))
    np.testing.assert_allclose(found.road_least_curve, [full] * 5, rtol=1e-5)
    np.testing.assert_allclose(found.road_most_curve, [1 / 3] * 5, atol=0.01)
    np.testing.assert_allclose(found.road, (full - 1 / 3) / 2, atol=0.005)


def test_the_gini_index_is_zero_for_a_flat_map_and_nearly_one_for_a_single_pixel():
    # By hand: one of n values holds everything: 1 - 2 (1 / 2) / n. Two of four: 1 - 2 / 4.
    assert gini(np.ones((3, 4))) == pytest.approx(0, abs=1e-12)
    assert gini(np.eye(1, 12)) == pytest.approx(1 - 1 / 12)
    assert gini(np.array([0, 1, 1, 0])) == pytest.approx(0.5)
    assert gini(np.zeros(3)) == 0


def test_the_mean_of_measures_is_that_of_numbers_and_curves():
    one = Faithfulness({"deletion": 0.1, "increase": 0.0}, {"deletion_curve": (0.0, 1.0)})
    two = Faithfulness({"deletion": 0.3, "increase": 1.0}, {"deletion_curve": (1.0, 1.0)})
    found = mean_of([one, two])
    assert (found.deletion, found.increase) == (pytest.approx(0.2), 0.5)
    assert found.deletion_curve == (0.5, 1.0)


def test_a_measure_that_was_not_made_is_no_attribute():
    with pytest.raises(AttributeError, match="no measure or curve is named 'area'"):
        Faithfulness({}, {}).area  # noqa: B018


@pytest.mark.parametrize("steps", [1, 5, 40])
def test_the_model_runs_as_often_as_the_table_says(view, steps):
    runs = []

    def counted(images: np.ndarray) -> np.ndarray:
        runs.append(len(images))
        return view.probability_of(images)

    nothing = np.zeros(SHAPE, np.float32)
    plain = Plain(nothing, nothing, nothing)
    found = faithfulness(Trial(marks_patch(), view.image, counted, plain, steps))
    # By hand: two curves of steps + 1 points, five shares for ROAD in both orders, the picture and
    # what the map shows of it.
    assert sum(runs) == runs_needed(GradcamSettings(metric_steps=steps)) == 2 * steps + 14
    assert list(found.values) == [row.name for row in faithfulness_measures()]
    assert list(found.curves) == [
        name for row in faithfulness_measures() if row.panel for name in row.panel.curves
    ]
