"""What the tests of this room share: the embedded model is loaded and compiled once."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from collections.abc import Callable
from pathlib import Path

import pytest

from nodelens.explaining.explainer import Explainer
from nodelens.explaining.explanation import Explanation
from nodelens.explaining.model.classifier import Classifier
from nodelens.explaining.model.loading import load_classifier
from nodelens.explaining.pictures.photo import Photo, load_photo
from nodelens.explaining.settings import GradcamSettings, ModelSettings
from nodelens.runtime.resources import sample_images


@pytest.fixture(scope="session")
def classifier() -> Classifier:
    return load_classifier(ModelSettings(weights="embedded"))


@pytest.fixture(scope="session")
def cat() -> Photo:
    return load_photo(sample_images() / "cat.jpg")


@pytest.fixture(scope="session")
def explainer(classifier: Classifier) -> Explainer:
    return Explainer(classifier, GradcamSettings(layers=["block5_conv4"]))


@pytest.fixture(scope="session")
def explain_cat(classifier: Classifier, cat: Photo) -> Callable[..., Explanation]:
    """Explains the cat with some settings."""
    return lambda **settings: Explainer(classifier, GradcamSettings(**settings)).explain(cat)


@pytest.fixture(scope="session")
def cat_explanation(explainer: Explainer, cat: Photo) -> Explanation:
    return explainer.explain(cat)


@pytest.fixture
def golden() -> Path:
    return Path(__file__).parent / "golden"
