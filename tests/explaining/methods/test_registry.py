"""Every method of the table, found there and nowhere else."""

import re
from pathlib import Path

import keras
import numpy as np
import pytest
from tests.explaining.classifiers import classifier_of

from nodelens.errors import UsageError
from nodelens.explaining.explainer import Explainer
from nodelens.explaining.methods.registry import METHODS, Method, methods_help
from nodelens.explaining.model.classifier import Classifier
from nodelens.explaining.pictures.photo import Photo
from nodelens.explaining.settings import GradcamSettings, PixelSettings

L = keras.layers
ROWS = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
PIXELS = PixelSettings(steps=3, samples=3)


@pytest.fixture(scope="module")
def small() -> Classifier:
    keras.utils.set_random_seed(7)
    image = keras.Input((8, 8, 3))
    x = L.Conv2D(4, 3, padding="same", activation="relu", name="conv")(image)
    x = L.MaxPooling2D(2, name="top")(x)
    # Not an average: the gradient differs from place to place, as the methods need it.
    scores = L.Dense(3, activation="softmax")(L.Flatten()(x))
    return classifier_of(
        keras.Model(image, scores), classes=("red", "green", "blue"), preprocess="tf"
    )


@pytest.fixture(scope="module")
def photo() -> Photo:
    pixels = np.random.default_rng(0).integers(0, 256, (12, 12, 3), np.uint8)
    return Photo(Path("noise.png"), "", pixels)


def signed_map(classifier: Classifier, photo: Photo, method: str, **asked: object) -> np.ndarray:
    settings = GradcamSettings(methods=[method], classes=[1], pixels=PIXELS, signed=True, **asked)
    (found,) = Explainer(classifier, settings).explain(photo).maps
    assert (found.method, found.counterfactual) == (method, bool(asked.get("counterfactual")))
    return found.values


@ROWS
def test_every_method_gives_the_same_finite_map_again(small, photo, method):
    found = signed_map(small, photo, method.name)
    assert found.shape == ((4, 4) if method.needs_only_layer else (8, 8))
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    assert np.ptp(found) > 0
    np.testing.assert_array_equal(signed_map(small, photo, method.name), found)


@ROWS
def test_a_counterfactual_is_that_of_the_negated_gradient_or_is_refused(small, photo, method):
    if not method.counterfactual:
        with pytest.raises(UsageError, match="has no counterfactual"):
            signed_map(small, photo, method.name, counterfactual=True)
        return
    ordinary = signed_map(small, photo, method.name)
    negated = signed_map(small, photo, method.name, counterfactual=True)
    assert not np.allclose(ordinary, negated)
    activations, gradients = np.random.default_rng(1).normal(size=(2, 3, 4, 5))
    function = method.load()
    assert not np.allclose(function(activations, gradients), function(activations, -gradients))


@ROWS
@pytest.mark.parametrize("smooth", ["aug", "eigen"])
def test_a_method_is_smoothed_or_refuses_to_be(small, photo, method, smooth):
    if smooth in method.smooth:
        smoothed = signed_map(small, photo, method.name, smooth=smooth)
        assert not np.allclose(smoothed, signed_map(small, photo, method.name))
    else:
        with pytest.raises(UsageError, match=f"cannot be smoothed by {smooth}"):
            signed_map(small, photo, method.name, smooth=smooth)


@ROWS
def test_the_docstring_names_the_paper(method):
    assert method.paper.split(" ")[0] in method.load().__doc__


def test_settings_and_help_know_every_method():
    assert GradcamSettings(methods=tuple(METHODS)).methods == tuple(METHODS)
    assert re.split(r"(?: \(slow\))?(?:, |; at the pixels: )", methods_help()) == list(METHODS)


def test_the_readme_lists_no_other_methods():
    readme = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
    table = readme.split("| methods | look at |")[1].split("\n\n")[0]
    listed = [name for row in table.splitlines()[2:] for name in row.split("|")[1].split(", ")]
    assert len(set(listed)) == len(listed) > 10
    assert {name.strip(" `") for name in listed} <= set(METHODS)


@pytest.mark.parametrize("kind", ["rerun", "guided", "pixel"])
def test_a_row_cannot_call_an_ordinary_map_a_counterfactual(kind):
    with pytest.raises(ValueError, match="negated"):
        Method("new", "New", "", "module:new", kind=kind, counterfactual=True)


def test_a_row_that_states_nothing_is_refused_what_it_does_not_state(small, photo, monkeypatch):
    row = Method("new", "New", "", "nodelens.explaining.methods.cam:gradcam")
    monkeypatch.setitem(METHODS, "new", row)
    np.testing.assert_array_equal(
        signed_map(small, photo, "new"), signed_map(small, photo, "gradcam")
    )
    with pytest.raises(UsageError, match="new has no counterfactual"):
        signed_map(small, photo, "new", counterfactual=True)
    with pytest.raises(UsageError, match="new cannot be smoothed"):
        signed_map(small, photo, "new", smooth="aug")
