"""The gradients that maps are made of, on models small enough to differentiate by hand."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from nodelens.explaining.methods.cam import gradcam
from nodelens.explaining.model.gradients import compile_evidence
from nodelens.explaining.model.targets import these_classes, top_k

CLASSES = 4


def images(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, 8, 10, 3)).astype(np.float32)


def averaging_model(*, bias: bool = True) -> keras.Model:
    """Two convolutions, global average pooling, one dense layer with a softmax."""
    image = keras.Input((8, 10, 3))
    draw = keras.initializers.RandomNormal(stddev=0.5, seed=3)
    x = keras.layers.Conv2D(
        5, 3, padding="same", activation="relu", use_bias=bias, kernel_initializer=draw, name="low"
    )(image)
    x = keras.layers.Conv2D(
        6, 3, padding="same", activation="relu", use_bias=bias, kernel_initializer=draw, name="top"
    )(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    scores = keras.layers.Dense(
        CLASSES,
        activation="softmax",
        use_bias=bias,
        kernel_initializer=draw,
        bias_initializer=draw if bias else None,
        name="scores",
    )(x)
    return keras.Model(image, scores)


def branching_model() -> keras.Model:
    """The layer `branch` is no cut: the sum also gets what goes around it."""
    image = keras.Input((8, 10, 3))
    around = keras.layers.Conv2D(4, 1, name="around")(image)
    branch = keras.layers.Conv2D(4, 3, padding="same", activation="relu", name="branch")(around)
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.Add(name="sum")([around, branch]))
    return keras.Model(image, keras.layers.Dense(CLASSES, activation="softmax", name="scores")(x))


def evidence_of(model, layer, selector, batch):
    return compile_evidence(model, [model.get_layer(layer)], selector)(batch)


def test_the_gradient_is_that_of_the_logit():
    # By hand: behind an average over 80 cells and a dense layer, dy/dA = w / 80 everywhere.
    model = averaging_model()
    found = evidence_of(model, "top", these_classes([2]), images(1))
    row = model.get_layer("scores").get_weights()[0][:, 2]
    np.testing.assert_allclose(
        found.gradients[0][0, 0], np.broadcast_to(row / 80, (8, 10, 6)), rtol=1e-5
    )


def test_the_gradient_of_a_saturated_probability_is_not_taken():
    model = averaging_model()
    kernel, bias = model.get_layer("scores").get_weights()
    model.get_layer("scores").set_weights([kernel * 1000, bias])
    found = evidence_of(model, "top", top_k(1), images(1))
    assert found.probabilities.max() > 0.999
    assert np.abs(found.gradients[0]).max() > 1


def test_logits_and_probabilities_are_those_of_the_model():
    model, batch = averaging_model(), images(3)
    found = evidence_of(model, "top", top_k(1), batch)
    np.testing.assert_allclose(found.probabilities, model(batch).numpy(), rtol=1e-5)
    np.testing.assert_allclose(keras.ops.softmax(found.logits), found.probabilities, rtol=1e-5)


def test_activations_are_taken_behind_the_activation_function():
    model, batch = averaging_model(), images(1)
    found = evidence_of(model, "top", top_k(1), batch)
    layer = model.get_layer("top")
    expected = keras.Model(model.input, layer.output)(batch).numpy()
    assert found.activations[0].min() == 0
    np.testing.assert_allclose(found.activations[0], expected, rtol=1e-5)


def test_behind_an_average_the_map_adds_up_to_the_logit_without_its_bias():
    # Grad-CAM is class activation mapping there: sum of w_k A_k / 80 = logit - bias.
    model = averaging_model()
    found = evidence_of(model, "top", these_classes([1]), images(1))
    total = gradcam(found.activations[0][0], found.gradients[0][0, 0]).sum()
    bias = model.get_layer("scores").get_weights()[1][1]
    np.testing.assert_allclose(total, found.logits[0, 1] - bias, rtol=1e-5)


def test_without_biases_gradient_times_activation_adds_up_to_the_logit():
    # Above any layer such a network is homogeneous of degree one (Euler's theorem).
    model = averaging_model(bias=False)
    found = evidence_of(model, "low", these_classes([3]), images(1))
    total = (found.activations[0][0] * found.gradients[0][0, 0]).sum()
    np.testing.assert_allclose(total, found.logits[0, 3], rtol=1e-4)


@pytest.mark.parametrize("layer", ["branch", "around", "sum"])
def test_layers_that_do_not_cut_the_model_in_two_get_their_gradient(layer):
    # Against TensorFlow's tape over the layers called one by one.
    model, batch = branching_model(), images(1)
    found = evidence_of(model, layer, these_classes([0]), batch)
    with tf.GradientTape() as tape:
        outputs = {"around": model.get_layer("around")(batch)}
        tape.watch(outputs["around"])
        outputs["branch"] = model.get_layer("branch")(outputs["around"])
        outputs["sum"] = outputs["around"] + outputs["branch"]
        pooled = tf.reduce_mean(outputs["sum"], axis=(1, 2))
        kernel, bias = model.get_layer("scores").weights
        logit = (pooled @ kernel + bias)[0, 0]
    expected = tape.gradient(logit, outputs[layer])
    np.testing.assert_allclose(found.gradients[0][0, 0], expected[0], rtol=1e-5, atol=1e-8)


def test_a_batch_gives_what_its_images_give_alone():
    model, batch = averaging_model(), images(3)
    evidence = compile_evidence(model, [model.get_layer("low")], top_k(2))
    together = evidence(batch)
    for number in range(3):
        alone = evidence(batch[number : number + 1])
        np.testing.assert_array_equal(alone.classes[0], together.classes[number])
        np.testing.assert_allclose(
            alone.gradients[0][0], together.gradients[0][number], rtol=1e-4, atol=1e-7
        )


def test_several_classes_and_layers_at_once_give_what_each_gives_alone():
    model, batch = averaging_model(), images(1)
    layers = [model.get_layer("low"), model.get_layer("top")]
    together = compile_evidence(model, layers, these_classes([3, 0]))(batch)
    np.testing.assert_array_equal(together.classes, [[3, 0]])
    for number, layer in enumerate(["low", "top"]):
        for rank, index in enumerate([3, 0]):
            alone = evidence_of(model, layer, these_classes([index]), batch)
            np.testing.assert_allclose(
                together.gradients[number][0, rank], alone.gradients[0][0, 0], rtol=1e-4, atol=1e-7
            )


def test_the_best_classes_come_best_first():
    found = evidence_of(averaging_model(), "top", top_k(3), images(2))
    np.testing.assert_array_equal(found.classes, np.argsort(-found.logits, axis=1)[:, :3])


def test_a_constant_added_to_a_logit_changes_no_gradient():
    model, batch = averaging_model(), images(1)
    before = evidence_of(model, "low", these_classes([1]), batch)
    kernel, bias = model.get_layer("scores").get_weights()
    model.get_layer("scores").set_weights([kernel, bias + np.array([0, 7, 0, 0], np.float32)])
    after = evidence_of(model, "low", these_classes([1]), batch)
    np.testing.assert_allclose(after.gradients[0], before.gradients[0], rtol=1e-5)
    assert not np.allclose(after.probabilities, before.probabilities)


def test_a_mirrored_image_gives_the_mirrored_map_where_the_kernels_are_symmetric():
    model, batch = averaging_model(), images(1)
    for name in ("low", "top"):
        kernel, bias = model.get_layer(name).get_weights()
        model.get_layer(name).set_weights([(kernel + kernel[:, ::-1]) / 2, bias])
    evidence = compile_evidence(model, [model.get_layer("low")], these_classes([0]))
    straight, mirrored = evidence(batch), evidence(batch[:, :, ::-1].copy())
    maps = [gradcam(e.activations[0][0], e.gradients[0][0, 0]) for e in (straight, mirrored)]
    np.testing.assert_allclose(maps[1], maps[0][:, ::-1], rtol=1e-4, atol=1e-6)


def test_the_model_is_left_as_it_was():
    model, batch = averaging_model(), images(1)
    top, scores = model.get_layer("top"), model.get_layer("scores")
    config, weights = model.get_config(), model.get_weights()
    answer, call, activation = model(batch).numpy(), top.call, scores.activation
    evidence_of(model, "top", top_k(1), batch)
    assert (top.call, scores.activation) == (call, activation)
    assert model.get_config() == config
    for before, after in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(after, before)
    np.testing.assert_array_equal(model(batch).numpy(), answer)


def test_the_model_is_left_as_it_was_even_if_it_fails():
    model = averaging_model()
    top, scores = model.get_layer("top"), model.get_layer("scores")
    call, activation = top.call, scores.activation
    with pytest.raises(ValueError, match="incompatible with the layer"):
        evidence_of(model, "top", top_k(1), np.zeros((1, 8, 10, 7), np.float32))
    assert (top.call, scores.activation) == (call, activation)


def test_the_model_runs_as_in_inference():
    # In training mode dropout would draw, and the result would change from call to call.
    image = keras.Input((8, 10, 3))
    x = keras.layers.Conv2D(4, 3, activation="relu", name="top")(image)
    x = keras.layers.Dropout(0.5)(keras.layers.BatchNormalization()(x))
    scores = keras.layers.Dense(CLASSES, activation="softmax")(keras.layers.Flatten()(x))
    model, batch = keras.Model(image, scores), images(2)
    found = evidence_of(model, "top", top_k(1), batch)
    np.testing.assert_allclose(found.probabilities, model(batch, training=False).numpy(), rtol=1e-5)
