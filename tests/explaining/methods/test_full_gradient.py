"""The full gradient adds up to the score, whatever the network is made of."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from nodelens.explaining.methods.full_gradient import FullGradient
from nodelens.explaining.methods.image_score import ImageScore, compile_image_score
from nodelens.explaining.methods.pixels import fullgrad
from nodelens.explaining.model.targets import ClassScore, logit, probability
from nodelens.explaining.pictures.scaling import enlarge
from nodelens.explaining.settings import PixelSettings

L = keras.layers
SHAPE = (8, 10, 3)


def drawn(model: keras.Model) -> keras.Model:
    generator = np.random.default_rng(5)
    for weight in model.weights:
        values = generator.normal(size=weight.shape) * 0.4
        weight.assign(np.abs(values) + 0.5 if "variance" in weight.path else values)
    return model


def relu_network(activation: str | None) -> keras.Model:
    """Convolutions, batch normalization, a branch, pooling and a dense top: all but smooth."""
    image = keras.Input(SHAPE)
    x = L.Conv2D(4, 3, padding="same", activation="relu", name="first")(image)
    x = L.ReLU()(L.BatchNormalization(name="norm")(x))
    x = L.Add()([x, L.Conv2D(4, 3, padding="same", name="second")(x)])
    x = L.Flatten()(L.AveragePooling2D(2)(L.MaxPooling2D(2)(x)))
    x = L.Dense(6, activation="relu", name="hidden")(x)
    return drawn(keras.Model(image, L.Dense(3, activation=activation, name="scores")(x)))


def smooth_network() -> keras.Model:
    """Implicit biases everywhere: swish, a norm, a gate of sigmoids, in a model in a model."""
    inner = keras.Sequential([keras.Input(SHAPE), L.Conv2D(4, 3, activation="swish")])
    image = keras.Input(SHAPE)
    x = L.LayerNormalization()(inner(image))
    gate = L.Dense(4, activation="sigmoid")(L.GlobalAveragePooling2D()(x))
    x = L.GlobalAveragePooling2D()(L.Multiply()([x, L.Reshape((1, 1, 4))(gate)]))
    return drawn(keras.Model(image, L.Softmax()(L.Dense(3, name="scores")(x))))


def picture() -> np.ndarray:
    return np.random.default_rng(0).normal(size=SHAPE).astype(np.float32)


def view_of(model: keras.Model, score: ClassScore = logit) -> ImageScore:
    return compile_image_score(model, score)(picture(), np.zeros(SHAPE, np.float32), 1)


@pytest.mark.parametrize(
    ("head", "score"),
    [
        ("softmax", logit),
        ("softmax", probability),
        (None, logit),
        ("sigmoid", logit),
        ("smooth", logit),
    ],
)
def test_input_and_biases_add_up_to_the_score(head, score):
    model = smooth_network() if head == "smooth" else relu_network(head)
    view = view_of(model, score)
    found = view.full_gradient_of(picture())
    np.testing.assert_allclose(found.score, view.score_of(picture()[None])[0], rtol=1e-5)
    assert abs(found.input_sum) > 1e-3
    np.testing.assert_allclose(found.input_sum + found.bias_sum, found.score, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_in_half_precision_the_terms_add_up_as_well_as_its_digits_allow(policy):
    # Eight bits of bfloat16 tell numbers apart that differ by a 128th.
    keras.mixed_precision.set_dtype_policy(policy)
    try:
        found = view_of(relu_network("softmax")).full_gradient_of(picture())
    finally:
        keras.mixed_precision.set_dtype_policy("float32")
    assert len(found.bias_parts) == 3
    np.testing.assert_allclose(found.input_sum + found.bias_sum, found.score, rtol=1 / 128)


def test_the_bias_of_each_layer_is_its_own_and_layers_without_one_are_left_out():
    # The gradient of a bias is that of what the layer puts out before its ReLU, added over space.
    model = relu_network("softmax")
    found = view_of(model).full_gradient_of(picture())
    assert [part.shape for part in found.bias_parts] == [(8, 10, 4)] * 3
    biases = [model.get_layer(name).bias for name in ("first", "second")]
    norm = model.get_layer("norm")
    with tf.GradientTape() as tape:
        top = keras.Model(model.input, model.get_layer("hidden").output)(picture()[None])
        kernel, bias = model.get_layer("scores").weights
        score = (top @ kernel + bias)[0, 1]
    *gradients, of_beta = tape.gradient(score, [b.value for b in (*biases, norm.beta)])
    sums = [part.sum(axis=(0, 1)) for part in found.bias_parts]
    for found_sum, gradient, bias in zip((sums[0], sums[2]), gradients, biases, strict=True):
        np.testing.assert_allclose(found_sum, gradient * bias, rtol=1e-4, atol=1e-6)
    gamma, beta, mean, variance = norm.get_weights()
    whole = beta - gamma * mean / np.sqrt(variance + norm.epsilon)
    np.testing.assert_allclose(sums[1], of_beta * whole, rtol=1e-3, atol=1e-5)


def test_the_map_adds_every_part_scaled_to_one():
    # By hand: each part as magnitudes from 0 to 1 over the whole layer, enlarged and added.
    first = np.array([[[1.0, -3.0], [2.0, 1.0]], [[1.0, 1.0], [1.0, 1.0]]], np.float32)
    second = np.array([[[-4.0], [8.0]]], np.float32)
    full = FullGradient(7.0, first, (second,), 2.0, 4.5)
    image = np.zeros((2, 2, 2), np.float32)
    view = ImageScore(image, image, None, None, None, None, lambda picture: full)
    found = fullgrad(view, PixelSettings())
    scaled = np.array([[0 + 1, 0.5 + 0], [0, 0]])
    expected = scaled + enlarge(np.array([[0.0, 1.0]]), (2, 2))
    np.testing.assert_allclose(found.values, expected, rtol=1e-6)
    assert found.details["completeness_gap"] == -0.5
