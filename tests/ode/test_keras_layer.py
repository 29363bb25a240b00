"""The Neural ODE as a Keras layer: in models, trained, saved, in mixed precision."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from nodelens.fields.layer import NeuralODE
from nodelens.fields.mlp import MLPField

INPUTS = np.random.default_rng(0).normal(size=(32, 2)).astype("f4")


def linear_layer(**kwargs):
    """dz/dt = -z as a layer: a Dense layer with the kernel -1."""
    field = keras.layers.Dense(2, use_bias=False)
    layer = NeuralODE(field, takes_time=False, **kwargs)
    layer.build((None, 2))
    field.set_weights([-np.eye(2, dtype="f4")])
    return layer


def test_it_solves_and_returns_sequences():
    np.testing.assert_allclose(linear_layer()(INPUTS), INPUTS * np.exp(-1), atol=2e-3)
    states = linear_layer(times=(0.0, 0.5, 2.0), return_sequences=True, rtol=1e-6, atol=1e-6)(
        INPUTS
    )
    expected = INPUTS[:, None] * np.exp(-np.array([0.0, 0.5, 2.0]))[None, :, None]
    np.testing.assert_allclose(states, expected, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("jit_compile", [True, False])
def test_it_trains_in_a_sequential_model(jit_compile, tmp_path):
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((2,)),
            NeuralODE(MLPField(2, hidden=(8,), time=True), adjoint="discrete"),
            keras.layers.Dense(1),
        ]
    )
    target = INPUTS[:, :1] * INPUTS[:, 1:]
    model.compile(keras.optimizers.Adam(0.02), "mse", jit_compile=jit_compile)
    losses = model.fit(INPUTS, target, epochs=30, batch_size=20, verbose=0).history["loss"]
    assert losses[-1] < 0.6 * losses[0]
    predictions = model.predict(INPUTS, verbose=0)
    assert predictions.shape == (32, 1)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.predict(INPUTS, verbose=0), predictions, rtol=1e-5)


def test_it_works_in_a_functional_model_with_output_times():
    # dz/dt = -z from twice the input; the mean over the times by hand.
    times = (0.0, 1.0, 3.0)
    inputs = keras.Input((2,))
    states = linear_layer(times=times, return_sequences=True, rtol=1e-6, atol=1e-6)(2 * inputs)
    model = keras.Model(inputs, [states, keras.ops.mean(states, axis=1)])
    assert states.shape == (None, 3, 2)
    falling = np.exp(-np.array(times))[None, :, None]
    expected = 2 * INPUTS[:, None] * falling
    found, mean = model.predict(INPUTS, batch_size=10, verbose=0)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    np.testing.assert_allclose(mean, expected.mean(axis=1), atol=1e-5)
    # The last batch is smaller than the others.
    model.compile("sgd", ["mse", None])
    loss = model.evaluate(INPUTS, np.zeros_like(expected), batch_size=10, verbose=0)
    loss = loss if isinstance(loss, float) else loss[0]
    assert loss == pytest.approx(np.mean(expected**2), rel=1e-4)


def test_mixed_precision_integrates_in_float32():
    field = keras.layers.Dense(2, use_bias=False, dtype="mixed_float16")
    layer = NeuralODE(field, takes_time=False, dtype="mixed_float16", adjoint="discrete")
    with tf.GradientTape() as tape:
        states = layer(INPUTS)
        loss = tf.reduce_sum(states)
    assert states.dtype == "float32"
    (gradient,) = tape.gradient(loss, layer.trainable_variables)
    assert gradient.dtype == "float32"
    assert np.isfinite(gradient).all()
    assert np.abs(gradient).max() > 0
