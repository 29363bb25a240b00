"""Attributions to pixels, on models whose gradients are known by hand."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from nodelens.errors import UsageError
from nodelens.explaining.explainer import Explainer
from nodelens.explaining.methods.cam import gradcam, positive_part
from nodelens.explaining.methods.image_score import ImageScore, baseline_pixels, compile_image_score
from nodelens.explaining.methods.pixels import (
    guided_backprop,
    guided_gradcam,
    integrated_gradients,
    occlusion,
    saliency,
    smoothgrad,
)
from nodelens.explaining.model.targets import logit
from nodelens.explaining.naming import question_words
from nodelens.explaining.pictures.scaling import enlarge
from nodelens.explaining.settings import GradcamSettings, PixelSettings

L = keras.layers
SHAPE = (5, 7, 3)


def draw(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@pytest.fixture(scope="module")
def linear() -> keras.Model:
    image = keras.Input(SHAPE)
    scores = L.Dense(4, activation="softmax", name="scores")(L.Flatten()(image))
    model = keras.Model(image, scores)
    model.get_layer("scores").set_weights([draw(105, 4, seed=1), draw(4, seed=2)])
    return model


@pytest.fixture(scope="module")
def view(linear) -> ImageScore:
    """Class 2 of the linear model: $y = w x + b$."""
    return compile_image_score(linear, logit)(draw(*SHAPE, seed=3), draw(*SHAPE, seed=4), 2)


@pytest.fixture(scope="module")
def weights(linear) -> np.ndarray:
    return linear.get_layer("scores").get_weights()[0][:, 2].reshape(SHAPE)


def test_saliency_of_a_linear_model_is_the_magnitude_of_its_weights(view, weights):
    expected = np.abs(weights).max(axis=-1)
    np.testing.assert_allclose(saliency(view, PixelSettings()).values, expected, rtol=1e-6)


def test_noise_does_not_change_the_saliency_of_a_linear_model(view, weights):
    found = smoothgrad(view, PixelSettings(samples=7)).values
    np.testing.assert_allclose(found, np.abs(weights).max(axis=-1), rtol=1e-6)


def quadratic(image: np.ndarray) -> ImageScore:
    """$y = \\sum x^2$, whose gradient is $2 x$; the baseline is zero."""
    asked = {"score_of": lambda x: (x**2).sum(axis=(1, 2, 3)), "gradient_of": lambda x: 2 * x}
    unused = dict.fromkeys(("guided_gradient_of", "probability_of", "full_gradient_of"))
    return ImageScore(image, np.zeros_like(image), **asked, **unused)


def test_smoothgrad_averages_the_gradient_over_noise_of_the_given_size_and_seed():
    # By hand: the mean of 2 (x + e) is 2 x up to a deviation of 2 sigma / sqrt(n) a value.
    image = np.zeros((40, 50, 1), np.float32)
    image[0, 0] = 1
    settings = PixelSettings(samples=6, noise=0.5)
    found = smoothgrad(quadratic(image), settings, 1).values
    # The mean of |N(0, s)| is s sqrt(2 / pi).
    expected = 2 * 0.5 / np.sqrt(6) * np.sqrt(2 / np.pi)
    np.testing.assert_allclose(found[1:].mean(), expected, rtol=0.05)
    again = smoothgrad(quadratic(image), settings, 1).values
    other = smoothgrad(quadratic(image), settings, 2).values
    np.testing.assert_array_equal(again, found)
    assert not np.allclose(other, found)


@pytest.mark.parametrize("steps", [1, 9])
def test_integrated_gradients_of_a_linear_model_are_exact(view, weights, steps):
    found = integrated_gradients(view, PixelSettings(steps=steps))
    expected = (weights * (view.image - view.baseline)).sum(axis=-1)
    np.testing.assert_allclose(found.values, expected, rtol=1e-5, atol=1e-5)
    difference = found.details["score"] - found.details["baseline_score"]
    np.testing.assert_allclose(difference, expected.sum(), rtol=1e-5)
    assert abs(found.details["completeness_gap"]) < 1e-4


def test_the_quadrature_is_gauss_legendre():
    # Two nodes are exact up to the third power; with one the integral of t^3 is 1/8, not 1/4.
    image = np.full((2, 2, 1), 2.0, np.float32)
    fourth = ImageScore(
        image,
        np.zeros_like(image),
        score_of=lambda x: (x**4).sum(axis=(1, 2, 3)),
        gradient_of=lambda x: 4 * x**3,
        guided_gradient_of=lambda x: x,
        probability_of=lambda x: x,
        full_gradient_of=lambda x: x,
    )
    two = integrated_gradients(fourth, PixelSettings(steps=2))
    np.testing.assert_allclose(two.values, 16, rtol=1e-6)
    one = integrated_gradients(fourth, PixelSettings(steps=1))
    np.testing.assert_allclose(one.values, 8, rtol=1e-6)
    np.testing.assert_allclose(one.details["completeness_gap"], 4 * (8 - 16), rtol=1e-6)


def test_occlusion_of_a_linear_model_is_what_lies_under_the_windows(view, weights):
    # By hand: windows of 2 x 2, every 2, the last one moved to the border; covering one takes away
    # the sum of w (x - x0) under it.
    part = (weights * (view.image - view.baseline)).sum(axis=-1)
    total, count = np.zeros(SHAPE[:2]), np.zeros(SHAPE[:2])
    for top in (0, 2, 3):
        for left in (0, 2, 4, 5):
            total[top : top + 2, left : left + 2] += part[top : top + 2, left : left + 2].sum()
            count[top : top + 2, left : left + 2] += 1
    found = occlusion(view, PixelSettings(window=2, stride=2))
    np.testing.assert_allclose(found.values, total / count, rtol=1e-4, atol=1e-4)
    assert found.details["windows"] == 12


def test_a_window_of_one_pixel_is_the_integrated_gradient_of_a_linear_model(view):
    single = occlusion(view, PixelSettings(window=1, stride=1)).values
    expected = integrated_gradients(view, PixelSettings(steps=1)).values
    np.testing.assert_allclose(single, expected, rtol=1e-4, atol=1e-4)


def test_a_window_larger_than_the_picture_covers_all_of_it(view):
    found = occlusion(view, PixelSettings(window=50))
    score, baseline = view.score_of(np.stack([view.image, view.baseline]))
    np.testing.assert_allclose(found.values, score - baseline, rtol=1e-5)
    assert found.details["windows"] == 1


def by_hand(activation: object) -> keras.Model:
    """$y = 3 f(x) - 2 f(2 x)$ for one pixel, with $f$ the activation."""
    image = keras.Input((1, 1, 1))
    hidden = L.Conv2D(2, 1, activation=activation, use_bias=False, name="hidden")(image)
    hidden = L.Activation("linear")(hidden)
    model = keras.Model(image, L.Dense(1, use_bias=False, name="scores")(L.Flatten()(hidden)))
    model.get_layer("hidden").set_weights([np.array([[[[1.0, 2.0]]]], np.float32)])
    model.get_layer("scores").set_weights([np.array([[3.0], [-2.0]], np.float32)])
    return model


@pytest.mark.parametrize(
    ("activation", "pixel", "plain", "guided"),
    [
        # Both ReLUs are open: 3 - 2 * 2; guided lets only the positive 3 pass.
        ("relu", 1.0, 1.0, 3.0),
        # Both are shut.
        ("relu", -1.0, 0.0, 0.0),
        # ReLU6 shuts above 6: at 4 the second one has 8, at 7 both are shut.
        ("relu6", 4.0, 3.0, 3.0),
        ("relu6", 7.0, 0.0, 0.0),
    ],
)
def test_guided_backpropagation_cuts_off_negative_gradients(activation, pixel, plain, guided):
    image = np.full((1, 1, 1), pixel, np.float32)
    found = compile_image_score(by_hand(activation), logit)(image, image, 1)
    np.testing.assert_allclose(saliency(found, PixelSettings()).values, [[plain]], atol=1e-6)
    np.testing.assert_allclose(guided_backprop(found, PixelSettings()).values, [[guided]])
    # The gradient itself is not changed by having been guided.
    np.testing.assert_allclose(saliency(found, PixelSettings()).values, [[plain]], atol=1e-6)


def test_guided_backpropagation_reaches_into_nested_models_and_relu_layers():
    inner = keras.Sequential([keras.Input((1, 1, 1)), L.Conv2D(2, 1, use_bias=False), L.ReLU()])
    outer = keras.Sequential([keras.Input((1, 1, 1)), inner, L.Flatten(), L.Dense(1)])
    inner.layers[0].set_weights([np.array([[[[1.0, 2.0]]]], np.float32)])
    outer.layers[-1].set_weights([np.array([[3.0], [-2.0]], np.float32), np.zeros(1)])
    image = np.ones((1, 1, 1), np.float32)
    found = compile_image_score(outer, logit)(image, image, 1)
    np.testing.assert_allclose(guided_backprop(found, PixelSettings()).values, [[3.0]])


def test_a_network_without_relus_is_not_guided():
    image = np.ones((1, 1, 1), np.float32)
    found = compile_image_score(by_hand("gelu"), logit)(image, image, 1)
    with pytest.raises(UsageError, match="has none"):
        guided_backprop(found, PixelSettings())


def test_relus_that_cannot_be_guided_are_told():
    class Compiled(L.Layer):
        @tf.function
        def call(self, inputs):
            return tf.nn.relu(inputs)

    layers = [keras.Input((1, 1, 1)), L.ReLU(), Compiled(), L.Flatten(), L.Dense(1)]
    image = np.ones((1, 1, 1), np.float32)
    found = compile_image_score(keras.Sequential(layers), logit)(image, image, 1)
    with pytest.raises(UsageError, match=r"inside a tf\.function"):
        guided_backprop(found, PixelSettings())


def test_guided_gradcam_is_the_product_of_both(view):
    guided = np.arange(105.0, dtype=np.float32).reshape(SHAPE) - 50
    cam = positive_part(gradcam(draw(2, 3, 4), draw(2, 3, 4, seed=1)))
    seen = ImageScore(view.image, view.baseline, None, None, lambda x: guided[None], None, None)
    expected = np.abs(guided).max(axis=-1) * enlarge(cam, (7, 5))
    np.testing.assert_allclose(guided_gradcam(cam, seen), expected, rtol=1e-6)


def test_the_baselines_are_black_the_mean_colour_and_blurred():
    pixels = np.zeros((20, 30, 3), np.uint8)
    pixels[:, 15:] = (200, 100, 50)
    assert (baseline_pixels(pixels, "black") == 0).all()
    assert (baseline_pixels(pixels, "mean") == (100, 50, 25)).all()
    blurred = baseline_pixels(pixels, "blur")[10, :, 0].astype(int)
    assert blurred[0] < 10
    assert blurred[-1] > 190
    assert 70 < blurred[15] < 130
    assert (np.diff(blurred) >= 0).all()


def test_pixel_methods_need_no_layer_and_give_one_map_a_class(classifier, cat):
    question = GradcamSettings(top_k=2, methods=["saliency"])
    explainer = Explainer(classifier, question)
    found = explainer.explain(cat)
    assert [(m.layer, m.target.name) for m in found.maps] == [
        ("input", "Egyptian_cat"),
        ("input", "tabby"),
    ]
    assert found.maps[0].values.shape == (224, 224)
    assert found.maps[0].values.dtype == np.float32
    assert not np.allclose(found.maps[0].values, found.maps[1].values)
    assert question_words(explainer) == "top2-saliency"


def test_together_with_others_they_come_last_and_once(explain_cat):
    methods = ["saliency", "guided-gradcam"]
    found = explain_cat(layers=["block5_pool", "block5_conv4"], methods=methods)
    assert [(m.layer, m.method) for m in found.maps] == [
        ("block5_pool", "guided-gradcam"),
        ("block5_conv4", "guided-gradcam"),
        ("input", "saliency"),
    ]


def test_other_settings_of_a_method_get_another_directory(classifier):
    question = GradcamSettings(methods=["occlusion"], pixels=PixelSettings(window=56))
    assert question_words(Explainer(classifier, question)) == "occlusion-window-56"


@pytest.mark.parametrize(
    ("question", "says"),
    [
        (GradcamSettings(layers=["block5_conv4"], methods=["saliency"]), "a layer was given"),
        (GradcamSettings(methods=["occlusion"], counterfactual=True), "no gradient"),
    ],
)
def test_what_pixel_methods_cannot_be_asked_is_refused(classifier, question, says):
    with pytest.raises(UsageError, match=says):
        Explainer(classifier, question)


def test_a_picture_without_a_gradient_is_told():
    class Rounding(keras.Model):
        def call(self, images):
            steps = keras.ops.cast(keras.ops.cast(images, "int32"), "float32")
            return keras.ops.sum(steps, axis=(1, 2))

    image = draw(*SHAPE)
    found = compile_image_score(Rounding(), logit)(image, image, 1)
    with pytest.raises(UsageError, match="no gradient with respect to the picture"):
        saliency(found, PixelSettings())
