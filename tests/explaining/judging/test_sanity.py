"""Shuffled weights and random controls, on a small network."""

from pathlib import Path

import keras
import numpy as np
import pytest
from tests.explaining.classifiers import classifier_of

from nodelens.errors import UsageError
from nodelens.explaining.complete import with_sanity
from nodelens.explaining.explainer import Explainer
from nodelens.explaining.judging.sanity import copy_of, rank_correlation
from nodelens.explaining.model.classifier import Classifier
from nodelens.explaining.output.curves import judging_figures
from nodelens.explaining.pictures.photo import Photo
from nodelens.explaining.settings import GradcamSettings

L = keras.layers


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    keras.utils.set_random_seed(1)
    inner = keras.Sequential(
        [keras.Input((24, 32, 3)), L.Conv2D(6, 3, activation="relu", name="below")], name="inner"
    )
    image = keras.Input((24, 32, 3))
    x = L.Conv2D(8, 3, strides=2, activation="relu", name="top")(inner(image))
    x = L.Flatten()(L.MaxPooling2D(2)(x))
    return classifier_of(keras.Model(image, L.Dense(3, activation="softmax", name="scores")(x)))


@pytest.fixture(scope="module")
def photo() -> Photo:
    return Photo(
        Path("a.png"), "", np.random.default_rng(0).integers(0, 255, (24, 32, 3), np.uint8)
    )


def test_layers_are_shuffled_from_the_top_and_the_model_is_not_touched(classifier, photo):
    before = [weights.copy() for weights in classifier.model.get_weights()]
    question = GradcamSettings(
        layers=["top"], methods=["hirescam", "eigencam", "saliency"], sanity=True
    )
    explainer = Explainer(classifier, question)
    found = with_sanity(explainer, explainer.explain(photo))
    for old, new in zip(before, classifier.model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    assert found.sanity.layers == ("scores", "top", "inner/below")
    hirescam, eigencam, saliency = found.sanity.correlations
    # Eigen-CAM knows only of what lies below: it does not see that the top has lost its mind.
    np.testing.assert_allclose(eigencam[0], 1, rtol=1e-6)
    assert max(abs(eigencam[1]), abs(hirescam[0]), abs(saliency[2])) < 0.8
    assert judging_figures(found).keys() == {"sanity"}


def test_the_explained_class_stays_the_same_while_the_model_changes_its_mind(classifier, photo):
    explainer = Explainer(
        classifier, GradcamSettings(layers=["top"], top_k=2, methods=["gradcam"], sanity=True)
    )
    found = with_sanity(explainer, explainer.explain(photo))
    assert len(found.sanity.correlations) == len(found.maps) == 2
    again = with_sanity(explainer, explainer.explain(photo))
    assert again.sanity == found.sanity


def test_rank_correlation_is_spearmans():
    # By hand: the ranks 1 2 3 4 and 1 3 2 4 differ by 1 twice: 1 - 6 * 2 / (4 * 15).
    first, second = np.array([[1.0, 2.0], [3.0, 9.0]]), np.array([[0.1, 5.0], [2.0, 6.0]])
    assert rank_correlation(first, second) == pytest.approx(0.8)
    assert rank_correlation(first, -(first**3)) == pytest.approx(-1)
    assert rank_correlation(first, np.zeros((2, 2))) is None


def test_a_model_that_cannot_be_copied_is_refused():
    class Own(keras.Model):
        def __init__(self, head):
            super().__init__()
            self.head = head

        def call(self, images):
            return self.head(images)

    own = Own(keras.Sequential([L.Flatten(), L.Dense(3)]))
    own(np.zeros((1, 24, 32, 3), np.float32))
    with pytest.raises(UsageError, match="cannot be copied"):
        copy_of(classifier_of(own, preprocess="tf", input_size=(24, 32)))


def test_every_measure_stands_beside_that_of_random_maps(classifier, photo):
    methods = ["gradcam", "saliency"]
    question = GradcamSettings(
        layers=["top"], top_k=2, methods=methods, metrics=True, metric_steps=2
    )
    found = Explainer(classifier, question).explain(photo)
    where = [(control.layer, control.target.name) for control in found.controls]
    first, second = (each.target.name for each in (found.maps[0], found.maps[1]))
    assert where == [("top", first), ("top", second), ("input", first), ("input", second)]
    top = found.controls[0].faithfulness
    np.testing.assert_allclose(top.deletion_curve[0], found.maps[0].target.score, rtol=1e-4)
    assert top.deletion_curve != found.controls[2].faithfulness.deletion_curve
    assert judging_figures(found).keys() == {"metrics"}
    assert not Explainer(classifier, GradcamSettings(layers=["top"])).explain(photo).controls
