"""Which weights are taken, and what is said when they cannot be."""

import hashlib
import urllib.error
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from nodelens.errors import EnvironmentLacksError, UsageError
from nodelens.explaining.model import weights_files
from nodelens.explaining.model.applications import find_application
from nodelens.explaining.model.classifier import Classifier
from nodelens.explaining.model.embedded import load_embedded_vgg19
from nodelens.explaining.model.loading import load_classifier
from nodelens.explaining.model.weights_files import (
    EMBEDDED_SHA256,
    WeightsFile,
    embedded_file,
    known_weights,
    official_file,
)
from nodelens.explaining.pictures.photo import load_photo, to_model_input
from nodelens.explaining.settings import ModelSettings
from nodelens.runtime.machine import keras_home

VGG19 = find_application("vgg19")
GOLDEN = Path(__file__).parents[1] / "golden"
SAMPLES = Path(__file__).parents[3] / "sample_images"


def load_vgg19(weights: str, *, download: bool = False, **options) -> Classifier:
    return load_classifier(ModelSettings(weights=weights, download=download), **options)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache of Keras."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return tmp_path / "keras"


@pytest.fixture
def no_network(monkeypatch):
    """Keras' downloader fails as it does without a network."""

    def refuse(url, *args, **kwargs):
        raise urllib.error.URLError(OSError("no route to host"))

    monkeypatch.setattr("keras.src.utils.file_utils.urlretrieve", refuse)


def put_official_file(cache, content: bytes):
    path = cache / "models" / VGG19.file
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    return path


def test_the_embedded_file_is_the_released_one():
    file = embedded_file()
    assert file.state == "complete"
    assert file.sha256 == EMBEDDED_SHA256


def test_the_embedded_model_has_the_documented_layers_and_size(classifier):
    names = [layer.name for layer in classifier.model.layers]
    assert names[-3:] == ["block5_pool", "avg_pool", "predictions"]
    assert {"block1_conv1", "block3_conv4", "block5_conv4"} <= set(names)
    assert not {"flatten", "fc1", "fc2"} & set(names)
    assert classifier.model.count_params() == 20_537_384


def test_eight_bits_leave_the_logits_where_they_were(classifier):
    model = classifier.model
    dense = model.get_layer("predictions")
    averages = keras.Model(model.input, dense.input)
    names = ("cat", "coffee", "rocket", "astronaut")
    photos = [load_photo(SAMPLES / f"{name}.jpg") for name in names]
    pixels = np.stack([to_model_input(photo, classifier.input_size) for photo in photos])
    kernel, bias = dense.get_weights()
    logits = averages.predict(classifier.preprocess(pixels), verbose=0) @ kernel + bias
    before = np.load(GOLDEN / "float32-logits.npy")
    np.testing.assert_array_equal(logits.argmax(axis=1), before.argmax(axis=1))
    # A tenth of a logit on average, where logits have a standard deviation of three.
    assert np.abs(logits - before).mean(axis=1).max() < 0.1


def test_kernels_are_integers_times_the_scale_of_their_output_channel(classifier):
    with np.load(embedded_file().path) as arrays:
        integers, scale = arrays["block2_conv1/kernel.q"], arrays["block2_conv1/kernel.scale"]
    kernel = classifier.model.get_layer("block2_conv1").get_weights()[0]
    assert kernel.dtype == np.float32
    np.testing.assert_array_equal(kernel[1, 2, 3, 5], np.float32(integers[1, 2, 3, 5]) * scale[5])
    np.testing.assert_array_equal(np.abs(integers).max(axis=(0, 1, 2)), 127)


@pytest.mark.parametrize("state", ["absent", "damaged"])
def test_damaged_embedded_weights_are_refused(tmp_path, state):
    with pytest.raises(EnvironmentLacksError, match=state) as caught:
        load_embedded_vgg19(WeightsFile("embedded", tmp_path / "a.npz", state, None))
    assert "install nodelens again" in caught.value.hint


def test_a_changed_byte_makes_the_embedded_file_damaged(tmp_path, monkeypatch):
    content = bytearray(embedded_file().path.read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / embedded_file().path.name).write_bytes(content)
    monkeypatch.setattr(weights_files, "__file__", str(tmp_path / "weights_files.py"))
    assert embedded_file().state == "damaged"


def test_the_cache_is_where_keras_looks():
    assert str(keras_home()) == keras.src.backend.config.keras_home()


def test_auto_takes_the_embedded_weights_where_the_cache_is_empty(cache):
    assert load_vgg19("auto").weights.kind == "embedded"


def test_auto_does_not_trust_a_truncated_file_in_the_cache(cache):
    put_official_file(cache, b"\x89HDF\r\n\x1a\n half of it")
    assert official_file(VGG19).state == "damaged"
    weights = load_vgg19("auto").weights
    assert weights.kind == "embedded"
    assert "incomplete" in weights.warning


def test_what_is_known_is_reported_for_every_named_file(cache):
    assert [(file.name, file.state) for file in known_weights()] == [
        ("imagenet vgg19", "absent"),
        ("embedded vgg19", "complete"),
    ]


def test_auto_never_downloads_unasked(cache, monkeypatch):
    def fail(*args, **kwargs):
        raise AssertionError("the network was used")

    monkeypatch.setattr(keras.utils, "get_file", fail)
    assert load_vgg19("auto").weights.kind == "embedded"


@pytest.mark.parametrize(("weights", "download"), [("imagenet", False), ("auto", True)])
def test_without_a_network_the_remedies_and_the_cache_are_named(
    cache, no_network, capsys, weights, download
):
    told = []
    with pytest.raises(EnvironmentLacksError, match="cannot be downloaded") as caught:
        load_vgg19(weights, download=download, announce=told.append)
    assert "downloading" in told[0]
    assert "`model.weights` to embedded" in caught.value.hint
    assert str(cache / "models" / VGG19.file) in caught.value.hint


def small_network() -> keras.Model:
    image = keras.Input((224, 224, 3))
    x = keras.layers.Conv2D(2, 3, activation="relu", name="block5_conv4")(image)
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, keras.layers.Dense(1000, activation="softmax", name="fc2")(x))


def test_official_weights_are_taken_from_the_cache_and_weights_of_a_file_are_loaded(
    cache, monkeypatch
):
    # A file of the format of the official one, for a network small enough for a test.
    monkeypatch.setattr("nodelens.explaining.model.loading._built", lambda *_: small_network())
    model = small_network()
    path = put_official_file(cache, b"")
    model.save(path)
    known = replace(VGG19, checksum=hashlib.md5(path.read_bytes()).hexdigest())
    monkeypatch.setattr("nodelens.explaining.model.loading.find_application", lambda name: known)
    for weights, kind in [("auto", "imagenet"), (str(path), "file")]:
        found = load_vgg19(weights)
        assert found.weights.kind == kind
        assert found.weights.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
        expected = model.get_layer("fc2").get_weights()[0]
        np.testing.assert_array_equal(found.model.get_layer("fc2").get_weights()[0], expected)


def test_a_file_that_is_not_there_is_answered_with_the_names(tmp_path):
    with pytest.raises(UsageError, match="no such file") as caught:
        load_vgg19(str(tmp_path / "none.h5"))
    assert "embedded" in caught.value.hint


def test_a_file_of_another_kind_is_refused(tmp_path):
    (tmp_path / "a.npz").write_bytes(b"x")
    with pytest.raises(UsageError, match="HDF5"):
        load_vgg19(str(tmp_path / "a.npz"))


def test_a_file_that_is_no_hdf5_is_refused(tmp_path):
    (tmp_path / "a.weights.h5").write_bytes(b"not hdf5")
    with pytest.raises(UsageError, match="do not fit VGG19"):
        load_vgg19(str(tmp_path / "a.weights.h5"))


def test_weights_of_another_shape_are_refused_by_layer_and_shapes(tmp_path):
    other = keras.applications.MobileNetV3Small(weights=None, classes=10)
    other.save_weights(tmp_path / "ten.weights.h5")
    request = ModelSettings(name="mobilenetv3small", weights=str(tmp_path / "ten.weights.h5"))
    with pytest.raises(UsageError, match="do not fit MobileNetV3Small") as caught:
        load_classifier(request)
    assert (
        "Conv2D logits has the shape (1, 1, 1024, 1000), the file (1, 1, 1024, 10)"
        in caught.value.message
    )


def test_weights_of_another_model_are_refused(tmp_path):
    other = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    other.save_weights(tmp_path / "a.weights.h5")
    with pytest.raises(UsageError, match="do not fit VGG19"):
        load_vgg19(str(tmp_path / "a.weights.h5"))
