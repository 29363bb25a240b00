"""Smoothing of the maps of layers."""

import numpy as np
import pytest

from nodelens.errors import UsageError
from nodelens.explaining.methods.cam import first_component, gradcam
from nodelens.explaining.methods.layer_maps import layer_map, mean_over_changes
from nodelens.explaining.methods.registry import METHODS
from nodelens.explaining.methods.reruns import Reruns
from nodelens.explaining.settings import GradcamSettings


def pair() -> tuple[np.ndarray, np.ndarray]:
    activations, gradients = np.random.default_rng(0).normal(size=(2, 3, 4, 5))
    return np.maximum(activations, 0), gradients


def test_the_mean_goes_over_mirror_images_and_brightness():
    # A map that is the picture itself comes back whole: each mirror image is turned back, and the
    # factors 0.9, 1 and 1.1 have a mean of one. Its square shows each factor: 0.81, 1, 1.21.
    image = np.arange(12.0, dtype=np.float32).reshape(3, 4, 1)
    found = mean_over_changes(lambda changed: changed[..., 0], image)
    np.testing.assert_allclose(found, image[..., 0], rtol=1e-6)
    found = mean_over_changes(lambda changed: changed[..., 0] ** 2, image)
    np.testing.assert_allclose(found, image[..., 0] ** 2 * 3.02 / 3, rtol=1e-6)
    # A map that always lies left comes back on both sides.
    left = np.array([[1.0, 0.0, 0.0, 0.0]])
    found = mean_over_changes(lambda changed: left, image)
    np.testing.assert_allclose(found, [[0.5, 0, 0, 0.5]])


def test_eigen_smoothing_shows_what_the_channels_share():
    activations, gradients = pair()
    asked = GradcamSettings(methods=["gradcam"], smooth="eigen")
    found = layer_map(METHODS["gradcam"], activations, gradients, lambda image: None, None, asked)
    parts = activations * gradients.mean(axis=(0, 1))
    np.testing.assert_allclose(found, first_component(parts))
    places = parts.reshape(12, 5) - parts.reshape(12, 5).mean(axis=0)
    values, vectors = np.linalg.eigh(places.T @ places)
    assert values[-1] > 2 * values[-2]
    component = np.abs(places @ vectors[:, -1]).reshape(3, 4)
    np.testing.assert_allclose(np.abs(found), component, atol=1e-10)


def test_aug_smoothing_asks_the_model_about_every_changed_picture():
    activations, gradients = pair()
    seen = []

    def reruns(image: np.ndarray) -> Reruns:
        seen.append(image)
        return Reruns(image, None, None, lambda images: (activations[None], gradients[None]))

    image = np.arange(12.0, dtype=np.float32).reshape(3, 4, 1)
    asked = GradcamSettings(methods=["gradcam"], smooth="aug", counterfactual=True)
    found = layer_map(METHODS["gradcam"], activations, gradients, reruns, image, asked)
    one = gradcam(activations, -gradients)
    np.testing.assert_allclose(found, (one + one[:, ::-1]) / 2, rtol=1e-6)
    assert len(seen) == 6


def test_a_counterfactual_is_not_evaluated(explain_cat):
    with pytest.raises(UsageError, match="cannot be evaluated"):
        explain_cat(counterfactual=True, metrics=True)


@pytest.mark.parametrize(
    ("smooth", "method"),
    [("aug", "saliency"), ("aug", "guided-gradcam"), ("eigen", "eigencam"), ("eigen", "fullgrad")],
)
def test_what_cannot_be_smoothed_is_refused(explain_cat, smooth, method):
    with pytest.raises(UsageError, match=f"{method} cannot be smoothed"):
        explain_cat(methods=[method], smooth=smooth)


@pytest.mark.slow
def test_a_smoothed_map_of_the_cat_stays_on_the_cat(explain_cat, cat_explanation):
    expected = cat_explanation.maps[0].values.ravel()
    found = explain_cat(layers=["block5_conv4"], smooth="aug").maps[0]
    assert np.corrcoef(found.values.ravel(), expected)[0, 1] > 0.8
    assert not np.allclose(found.values.ravel(), expected, rtol=1e-2)
    assert found.kind == "gradcam-aug"
