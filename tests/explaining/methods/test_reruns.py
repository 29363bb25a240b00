"""Methods that run the model again."""

import keras
import numpy as np
import pytest

from nodelens.errors import UsageError
from nodelens.explaining.methods.cam import gradcam_plus_plus
from nodelens.explaining.methods.reruns import (
    Reruns,
    ablationcam,
    compile_reruns,
    scorecam,
    smooth_gradcam_plus_plus,
)
from nodelens.explaining.model.targets import logit
from nodelens.explaining.settings import PixelSettings

L = keras.layers


def model(*, around: bool = False) -> keras.Model:
    keras.utils.set_random_seed(4)
    image = keras.Input((8, 6, 3))
    below = L.Conv2D(5, 3, padding="same", activation="relu", name="below")(image)
    x = L.Conv2D(5, 3, padding="same", activation="relu", name="layer")(below)
    x = L.Add()([below, x]) if around else x
    x = L.GlobalAveragePooling2D()(x)
    return keras.Model(image, L.Dense(3, activation="softmax", name="scores")(x))


def image() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(8, 6, 3)).astype(np.float32)


def logits(network: keras.Model, features: np.ndarray) -> np.ndarray:
    kernel, bias = network.get_layer("scores").get_weights()
    return features.mean(axis=(1, 2)) @ kernel + bias


@pytest.mark.parametrize("around", [False, True])
def test_the_output_of_a_layer_is_replaced_and_what_goes_around_it_stays(around):
    network = model(around=around)
    replaced = np.random.default_rng(1).normal(size=(4, 8, 6, 5)).astype(np.float32)
    runs = compile_reruns(network, network.get_layer("layer"), logit)(image(), 2)
    below = network.get_layer("below")(image()[None]).numpy() if around else 0
    expected = logits(network, replaced + below)[:, 2]
    np.testing.assert_allclose(runs.score_with(replaced), expected, rtol=1e-4, atol=1e-6)
    assert "call" not in vars(network.get_layer("layer"))


def test_probabilities_of_other_images_are_those_of_the_model():
    network = model()
    others = np.random.default_rng(2).normal(size=(3, 8, 6, 3)).astype(np.float32)
    runs = compile_reruns(network, network.get_layer("layer"), logit)(image(), 1)
    np.testing.assert_allclose(runs.probability_of(others), network(others)[:, 1], rtol=1e-5)


def test_behind_an_average_ablation_weighs_by_what_each_channel_adds():
    # By hand: without a channel the logit falls by its weight times its mean.
    network = model()
    layer = network.get_layer("layer")
    activations = keras.Model(network.input, layer.output)(image()[None]).numpy()[0]
    runs = compile_reruns(network, layer, logit)(image(), 0)
    weights = network.get_layer("scores").get_weights()[0][:, 0] * activations.mean(axis=(0, 1))
    np.testing.assert_allclose(
        ablationcam(activations, runs, PixelSettings()), activations @ weights, rtol=1e-3, atol=1e-6
    )


def test_a_negative_score_does_not_turn_the_ablation_map_over():
    # By hand: the score is the sum of the activations minus 100, so each channel weighs its sum, 3.
    activations = np.array([[[1.0, 3.0], [2.0, 0.0]]], np.float32)
    runs = Reruns(image(), lambda a: a.sum(axis=(1, 2, 3)) - 100, lambda images: images, None)
    np.testing.assert_allclose(
        ablationcam(activations, runs, PixelSettings()), [[12, 6]], atol=1e-4
    )


def test_more_channels_than_one_batch_are_all_ablated():
    activations = np.random.default_rng(0).random((2, 3, 150)).astype(np.float32)
    runs = Reruns(image(), lambda a: a.sum(axis=(1, 2, 3)), lambda images: images, None)
    expected = activations @ activations.sum(axis=(0, 1))
    np.testing.assert_allclose(ablationcam(activations, runs, PixelSettings()), expected, rtol=1e-3)


def test_score_cam_weighs_by_the_confidence_in_the_image_seen_through_a_channel():
    # By hand: the confidence is the mean of the image, which is one everywhere; a channel that is
    # a step from 0 to 1 leaves half of it, a constant channel leaves nothing.
    ones = np.ones((2, 4, 3), np.float32)
    step = np.zeros((2, 4, 2), np.float32)
    step[:, 2:, 0] = 5
    step[..., 1] = 7
    runs = Reruns(ones, lambda a: a, lambda images: images.mean(axis=(1, 2, 3)), None)
    np.testing.assert_allclose(scorecam(step, runs, PixelSettings()), step[..., 0] * 0.5, atol=1e-6)


def test_the_confidence_in_nothing_is_taken_off():
    activations = np.random.default_rng(0).random((2, 2, 20)).astype(np.float32)
    runs = Reruns(image(), lambda a: a, lambda images: np.full(len(images), 0.7, np.float32), None)
    np.testing.assert_allclose(scorecam(activations, runs, PixelSettings()), 0, atol=1e-6)


def test_ablation_lights_the_cat_as_gradcam_does(explain_cat, cat_explanation):
    found = explain_cat(layers=["block5_conv4"], methods=["ablationcam"])
    values, expected = found.maps[0].values.ravel(), cat_explanation.maps[0].values.ravel()
    assert np.corrcoef(values, expected)[0, 1] > 0.7


@pytest.mark.parametrize(
    "method", ["ablationcam", "scorecam", "smooth-gradcam++", "eigencam", "random"]
)
def test_without_a_gradient_there_is_no_counterfactual(explain_cat, method):
    with pytest.raises(UsageError, match="no gradient"):
        explain_cat(methods=[method], counterfactual=True)


def test_gradients_of_other_images_are_those_of_the_model():
    # By hand: behind the average the gradient of the logit is its weight over the 48 places.
    network = model()
    layer = network.get_layer("layer")
    others = np.random.default_rng(2).normal(size=(3, 8, 6, 3)).astype(np.float32)
    activations, gradients = compile_reruns(network, layer, logit)(image(), 1).gradients_of(others)
    np.testing.assert_allclose(activations, keras.Model(network.input, layer.output)(others))
    weights = network.get_layer("scores").get_weights()[0][:, 1] / 48
    np.testing.assert_allclose(gradients, np.broadcast_to(weights, (3, 8, 6, 5)), rtol=1e-5)


def with_gradients(pixels: np.ndarray, gradients_of: object) -> Reruns:
    return Reruns(pixels, None, None, lambda images: (None, gradients_of(images)))


def test_without_noise_smooth_gradcam_plus_plus_is_gradcam_plus_plus():
    activations, gradients = np.random.default_rng(0).normal(size=(2, 4, 5, 6)).astype(np.float32)
    runs = with_gradients(image(), lambda images: np.repeat(gradients[None], len(images), axis=0))
    found = smooth_gradcam_plus_plus(activations, runs, PixelSettings(samples=11, noise=0))
    expected = gradcam_plus_plus(activations, gradients)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_smooth_gradcam_plus_plus_averages_each_power_of_the_gradient():
    # By hand, one channel with sum 8: gradients 1 and 3 at one place, so the means of g, g^2, g^3
    # are 2, 5, 14 and w = 2 * 5 / (2 * 5 + 8 * 14).
    activations = np.array([[[8.0], [0.0]]], np.float32)
    some = np.array([[[[1.0], [-1.0]]], [[[3.0], [-1.0]]]], np.float32)
    runs = with_gradients(image(), lambda images: some)
    found = smooth_gradcam_plus_plus(activations, runs, PixelSettings(samples=2))
    np.testing.assert_allclose(found, [[8 * 10 / 122, 0]], rtol=1e-6)


def test_the_noise_has_its_size_and_comes_from_the_seed():
    seen = []

    def note(images: np.ndarray) -> np.ndarray:
        seen.append(images)
        return np.ones((len(images), 1, 2, 1), np.float32)

    pixels = np.zeros((40, 50, 1), np.float32)
    pixels[0, 0] = 2
    for seed in (0, 0, 1):
        settings = PixelSettings(samples=10, noise=0.25)
        runs = with_gradients(pixels, note)
        smooth_gradcam_plus_plus(np.ones((1, 2, 1)), runs, settings, seed)
    first, again, other = (np.concatenate(seen[i : i + 2]) for i in (0, 2, 4))
    assert first.shape == (10, 40, 50, 1)
    np.testing.assert_allclose((first - pixels).std(), 0.25 * 2, rtol=0.02)
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)
