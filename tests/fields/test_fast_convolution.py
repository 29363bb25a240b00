"""The convolution against TensorFlow's own: values, and gradients by its own rules."""

import numpy as np
import pytest
import tensorflow as tf

from nodelens.fields.fast_convolution import Convolution, convolve


@pytest.mark.parametrize(
    ("length", "size", "stride"), [(6, 3, 1), (15, 4, 2), (9, 3, 2), (14, 5, 3), (7, 2, 3)]
)
def test_values_and_gradients_are_those_of_tensorflow(length: int, size: int, stride: int) -> None:
    generator = np.random.default_rng(0)
    x = tf.constant(generator.normal(size=(2, length, length + 1, 3)))
    kernel = tf.constant(generator.normal(size=(size, size, 3, 4)))

    def run(convolution):
        with tf.GradientTape() as tape:
            tape.watch([x, kernel])
            y = convolution(x, kernel)
            loss = tf.reduce_sum(tf.sin(y))
        return [y, *tape.gradient(loss, [x, kernel])]

    ours = run(lambda x, kernel: convolve(x, kernel, stride))
    theirs = run(lambda x, kernel: tf.nn.conv2d(x, kernel, stride, "VALID"))
    for value, expected in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(value, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("stride", [1, 2])
def test_the_layer_pads_as_keras_does(stride: int) -> None:
    x = tf.random.stateless_normal((2, 7, 8, 3), seed=(1, 2))
    layer = Convolution(5, 3, seed=4, strides=stride, padding="same")
    y = layer(x)
    np.testing.assert_allclose(
        y, tf.nn.conv2d(x, layer.kernel, stride, "SAME") + layer.bias, atol=1e-5
    )
