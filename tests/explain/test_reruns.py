"""Methods that run the model again."""

import keras
import numpy as np
import pytest

from nodelens.errors import UsageError
from nodelens.explain.explainer import explain_image
from nodelens.explain.question import Question
from nodelens.explain.reruns import Reruns, ablationcam, compile_reruns, scorecam
from nodelens.explain.targets import logit

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
        ablationcam(activations, runs), activations @ weights, rtol=1e-3, atol=1e-6
    )


def test_a_negative_score_does_not_turn_the_ablation_map_over():
    # By hand: the score is the sum of the activations minus 100, so each channel weighs its sum, 3.
    activations = np.array([[[1.0, 3.0], [2.0, 0.0]]], np.float32)
    runs = Reruns(image(), lambda a: a.sum(axis=(1, 2, 3)) - 100, lambda images: images)
    np.testing.assert_allclose(ablationcam(activations, runs), [[12, 6]], atol=1e-4)


def test_more_channels_than_one_batch_are_all_ablated():
    activations = np.random.default_rng(0).random((2, 3, 150)).astype(np.float32)
    runs = Reruns(image(), lambda a: a.sum(axis=(1, 2, 3)), lambda images: images)
    expected = activations @ activations.sum(axis=(0, 1))
    np.testing.assert_allclose(ablationcam(activations, runs), expected, rtol=1e-3)


def test_score_cam_weighs_by_the_confidence_in_the_image_seen_through_a_channel():
    # By hand: the confidence is the mean of the image, which is one everywhere; a channel that is
    # a step from 0 to 1 leaves half of it, a constant channel leaves nothing.
    ones = np.ones((2, 4, 3), np.float32)
    step = np.zeros((2, 4, 2), np.float32)
    step[:, 2:, 0] = 5
    step[..., 1] = 7
    runs = Reruns(ones, lambda a: a, lambda images: images.mean(axis=(1, 2, 3)))
    np.testing.assert_allclose(scorecam(step, runs), step[..., 0] * 0.5, atol=1e-6)


def test_the_confidence_in_nothing_is_taken_off():
    activations = np.random.default_rng(0).random((2, 2, 20)).astype(np.float32)
    runs = Reruns(image(), lambda a: a, lambda images: np.full(len(images), 0.7, np.float32))
    np.testing.assert_allclose(scorecam(activations, runs), 0, atol=1e-6)


def test_ablation_lights_the_cat_as_gradcam_does(classifier, cat, cat_explanation):
    found = explain_image(classifier, cat, Question(["block5_conv4"], methods=["ablationcam"]))
    values, expected = found.maps[0].values.ravel(), cat_explanation.maps[0].values.ravel()
    assert np.corrcoef(values, expected)[0, 1] > 0.7


@pytest.mark.parametrize("method", ["ablationcam", "scorecam", "eigencam", "random"])
def test_without_a_gradient_there_is_no_counterfactual(classifier, cat, method):
    with pytest.raises(UsageError, match="no gradient"):
        explain_image(classifier, cat, Question(methods=[method], counterfactual=True))
