"""Networks whose channels come first, and transformers: the same maps on the same grid."""

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from tests.explaining.classifiers import classifier_of

from nodelens.errors import UsageError
from nodelens.explaining.explainer import Explainer
from nodelens.explaining.model.classifier import Classifier
from nodelens.explaining.model.grids import Grid, grid_of, picture_shape
from nodelens.explaining.model.layers import find_layer, list_layers
from nodelens.explaining.model.loading import load_classifier
from nodelens.explaining.pictures.photo import Photo
from nodelens.explaining.settings import GradcamSettings, ModelSettings

L = keras.layers
HEIGHT, WIDTH = 16, 24


@pytest.fixture(scope="module")
def photo() -> Photo:
    pixels = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    return Photo(Path("noise.png"), "", pixels)


def classifier(model: keras.Model) -> Classifier:
    return classifier_of(model, input_size=(HEIGHT, WIDTH))


def convolutional(order: str) -> keras.Model:
    shape = (HEIGHT, WIDTH, 3) if order == "channels_last" else (3, HEIGHT, WIDTH)
    image = keras.Input(shape)
    options = {"padding": "same", "activation": "relu", "data_format": order}
    x = L.Conv2D(4, 3, name="low", **options)(image)
    x = L.MaxPooling2D(2, data_format=order)(x)
    x = L.Conv2D(6, 3, name="top", **options)(x)
    x = L.GlobalAveragePooling2D(data_format=order)(x)
    return keras.Model(image, L.Dense(3)(x))


METHODS = ("gradcam", "hirescam", "ablationcam", "scorecam", "saliency", "integrated-gradients")


def test_the_order_of_the_axes_makes_no_difference(photo):
    keras.utils.set_random_seed(1)
    last, first = convolutional("channels_last"), convolutional("channels_first")
    first.set_weights(last.get_weights())
    assert picture_shape(first) == picture_shape(last) == (HEIGHT, WIDTH, 3)
    question = GradcamSettings(layers=["low", "top"], methods=METHODS, signed=True, classes=[1])
    expected = Explainer(classifier(last), question).explain(photo).maps
    found = Explainer(classifier(first), question).explain(photo).maps
    assert [(m.layer, m.method) for m in found] == [(m.layer, m.method) for m in expected]
    for mine, its in zip(found, expected, strict=True):
        scale = np.abs(its.values).max()
        assert scale > 0
        np.testing.assert_allclose(mine.values, its.values, rtol=0, atol=1e-5 * scale)
    with pytest.raises(UsageError, match="channels come last"):
        Explainer(classifier(first), GradcamSettings(methods=["fullgrad"])).explain(photo)


def test_a_file_of_a_network_whose_channels_come_first_is_loaded(photo, tmp_path):
    model = convolutional("channels_first")
    model.save(tmp_path / "first.keras")
    request = ModelSettings(name=str(tmp_path / "first.keras"), preprocess="unit")
    (found,) = Explainer(load_classifier(request)).explain(photo).maps
    assert (found.layer, found.values.shape) == ("top", (HEIGHT // 2, WIDTH // 2))


class ClassToken(L.Layer):
    """Puts a token of its own before the others."""

    def build(self, shape):
        self.token = self.add_weight(shape=(1, 1, shape[-1]), initializer="normal")

    def call(self, tokens):
        return tf.concat([tf.repeat(self.token, tf.shape(tokens)[0], axis=0), tokens], axis=1)


def transformer(*, with_class_token: bool) -> keras.Model:
    """Patches of 4 by 4 pixels: a grid of 4 by 6 tokens; two blocks."""
    keras.utils.set_random_seed(2)
    image = keras.Input((HEIGHT, WIDTH, 3))
    x = L.Conv2D(8, 4, strides=4, name="patches")(image)
    x = L.Reshape((-1, 8), name="sequence")(x)
    if with_class_token:
        x = ClassToken(name="with_class")(x)
    for number in (1, 2):
        seen = L.LayerNormalization(name=f"norm{number}")(x)
        x = L.Add()([x, L.MultiHeadAttention(2, 4, name=f"attention{number}")(seen, seen)])
        x = L.Add(name=f"block{number}")([x, L.Dense(8, "gelu")(L.LayerNormalization()(x))])
    if with_class_token:
        x = L.Lambda(lambda tokens: tokens[:, 0])(x)
    else:
        x = L.GlobalAveragePooling1D()(x)
    return keras.Model(image, L.Dense(3, name="scores")(x))


@pytest.mark.parametrize("with_class_token", [True, False])
def test_tokens_are_laid_out_as_the_patches_they_come_from(photo, with_class_token):
    model = transformer(with_class_token=with_class_token)
    question = GradcamSettings(
        layers=["norm2"], methods=["gradcam", "hirescam"], classes=[2], signed=True
    )
    gradcam, hirescam = Explainer(classifier(model), question).explain(photo).maps
    # Another way to the same: the model cut in two, and the layers above run by hand.
    tokens = keras.Model(model.input, model.get_layer("block1").output)
    image = photo.pixels[None] / np.float32(255)
    before = tokens(image)
    with tf.GradientTape() as tape:
        seen = model.get_layer("norm2")(before)
        tape.watch(seen)
        x = before + model.get_layer("attention2")(seen, seen)
        follow = [layer for layer in model.layers if layer.name.startswith(("layer_norm", "dense"))]
        norm, dense = follow[-2:]
        x = x + dense(norm(x))
        x = x[:, 0] if with_class_token else tf.reduce_mean(x, axis=1)
        score = model.get_layer("scores")(x)[0, 2]
    gradient = tape.gradient(score, seen)[0].numpy()
    start = 1 if with_class_token else 0
    gradient, seen = gradient[start:], seen[0].numpy()[start:]
    expected = (gradient * seen).sum(axis=-1).reshape(4, 6)
    np.testing.assert_allclose(hirescam.values, expected, rtol=1e-4, atol=1e-7)
    weighted = (seen @ gradient.mean(axis=0)).reshape(4, 6)
    np.testing.assert_allclose(gradcam.values, weighted, rtol=1e-4, atol=1e-7)


def test_the_class_token_stays_where_it_is_when_channels_are_taken_away(photo):
    model = transformer(with_class_token=True)
    question = GradcamSettings(layers=["norm2"], methods=["ablationcam"], classes=[0], signed=True)
    (found,) = Explainer(classifier(model), question).explain(photo).maps
    norm = model.get_layer("norm2")
    image = photo.pixels[None] / np.float32(255)
    activations = keras.Model(model.input, norm.output)(image).numpy()
    full = model(image)[0, 0]
    weights = []
    for channel in range(8):
        kept = np.ones((1, 25, 8), np.float32)
        kept[:, 1:, channel] = 0
        call = norm.call
        norm.call = lambda x, call=call, kept=kept, **options: call(x, **options) * kept
        weights.append(float(full - model(image)[0, 0]))
        del norm.call
    expected = (activations[0, 1:] @ np.array(weights, np.float32)).reshape(4, 6)
    np.testing.assert_allclose(found.values, expected, rtol=1e-3, atol=1e-6)


def test_the_layer_of_a_transformer_is_chosen_where_the_picture_still_counts(photo):
    rows = list_layers(transformer(with_class_token=True), (HEIGHT, WIDTH))
    assert find_layer(rows, "auto").name == "norm2"
    assert find_layer(rows, "auto").grid == Grid("tokens", 4, 6, 1)
    # Behind the last attention layer only the class token counts.
    question = GradcamSettings(layers=["block2"])
    late = Explainer(classifier(transformer(with_class_token=True)), question).explain(photo)
    assert late.maps[0].empty
    rows = list_layers(transformer(with_class_token=False), (HEIGHT, WIDTH))
    assert find_layer(rows, "auto").name == "block2"
    assert find_layer(rows, "auto").grid == Grid("tokens", 4, 6, 0)
    # The parts of an attention layer, with one axis for the heads, are no pictures.
    assert not any("attention1/" in row.name for row in rows)


@pytest.mark.parametrize(
    ("shape", "size", "grid"),
    [
        ((197, 768), (224, 224), Grid("tokens", 14, 14, 1)),
        ((196, 768), (224, 224), Grid("tokens", 14, 14, 0)),
        ((198, 768), (224, 224), Grid("tokens", 14, 14, 2)),
        ((201, 768), (224, 224), Grid("tokens", 14, 14, 5)),
        ((1 + 12 * 20, 32), (192, 320), Grid("tokens", 12, 20, 1)),
        ((200, 768), (224, 224), None),
        ((2, 768), (224, 224), None),
        ((14, 14, 8), (224, 224), Grid("last", 14, 14)),
        ((1, 1, 8), (224, 224), None),
        ((10,), (224, 224), None),
        (None, (224, 224), None),
    ],
)
def test_what_lies_over_the_picture(shape, size, grid):
    assert grid_of(shape, size, first=False) == grid


def test_a_matrix_in_a_network_without_attention_is_not_chosen_unasked():
    image = keras.Input((16, 16, 3))
    x = L.Conv2D(4, 3, name="conv")(image)
    x = L.Reshape((4, 1), name="matrix")(L.GlobalAveragePooling2D()(x))
    rows = list_layers(keras.Model(image, L.Dense(3)(L.Flatten()(x))), (16, 16))
    assert find_layer(rows, "auto").name == "conv"
    assert find_layer(rows, "matrix").grid == Grid("tokens", 2, 2, 0)


def state_of(model: keras.Model) -> list[object]:
    """All that a user could find changed."""
    layers = list(model._flatten_layers())
    return [
        [weight.copy() for weight in model.get_weights()],
        [layer.get_config() for layer in layers],
        [layer.trainable for layer in layers],
        [getattr(layer, "activation", None) for layer in layers],
        [sorted(vars(layer)) for layer in layers],
        [weight.path for weight in model.trainable_weights],
        keras.config.image_data_format(),
    ]


def test_the_model_is_the_same_afterwards(photo):
    image = keras.Input((HEIGHT, WIDTH, 3))
    x = L.Conv2D(4, 3, activation="relu", name="conv")(image)
    x = L.Dropout(0.5)(L.BatchNormalization()(L.Conv2D(4, 3, activation="relu", name="top")(x)))
    x = L.GlobalAveragePooling2D()(x)
    model = keras.Model(image, L.Dense(3, activation="softmax")(x))
    model.get_layer("conv").trainable = False
    pictures = photo.pixels[None] / np.float32(255)
    model.predict(pictures, verbose=0)
    before, said = state_of(model), model.predict(pictures, verbose=0)
    methods = [*METHODS, "guided-backprop", "guided-gradcam", "smoothgrad", "occlusion", "eigencam"]
    question = GradcamSettings(layers=["conv", "top"], methods=methods, top_k=2, metrics=True)
    Explainer(classifier(model), question.model_copy(update={"metric_steps": 2})).explain(photo)
    after = state_of(model)
    for mine, its in zip(after[0], before[0], strict=True):
        np.testing.assert_array_equal(mine, its)
    assert after[1:] == before[1:]
    np.testing.assert_array_equal(model.predict(pictures, verbose=0), said)


def test_a_model_of_several_inputs_is_refused_by_their_names(tmp_path):
    image, age = keras.Input((8, 8, 3), name="image"), keras.Input((1,), name="age")
    x = L.Concatenate()([L.GlobalAveragePooling2D()(L.Conv2D(2, 3)(image)), age])
    keras.Model([image, age], L.Dense(2)(x)).save(tmp_path / "two.keras")
    with pytest.raises(UsageError, match="it has 2 inputs: image, age") as caught:
        load_classifier(ModelSettings(name=str(tmp_path / "two.keras")))
    assert "the others are constants" in caught.value.hint
