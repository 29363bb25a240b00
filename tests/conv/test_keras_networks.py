"""Whole networks of keras.applications, against Keras itself and published totals."""

import pytest

from nodelens.conv.accounting import account
from nodelens.conv.errors import ConvolutionError
from nodelens.conv.keras_config import data_format
from nodelens.conv.keras_model import read_model
from nodelens.conv.network import assemble
from nodelens.conv.verify.models import read_application, read_saved, without_values
from nodelens.runtime.memory import resident_bytes

# Parameters: the table in Keras' documentation. MACs without biases: an independent count over the
# layers that Keras builds.
NETWORKS = {
    "VGG16": (138_357_544, 15_470_264_320),
    "MobileNet": (4_253_864, 568_740_352),
    "MobileNetV2": (3_538_984, 300_774_272),
    "EfficientNetB0": (5_330_571, 385_814_752),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_has_its_published_totals(name: str) -> None:
    reading = read_application(name)
    totals = account(assemble(reading.inputs, reading.specs, data_format(reading))).totals
    assert (totals.params, totals.macs) == NETWORKS[name]


def test_a_network_is_read_without_its_values() -> None:
    import keras

    before = resident_bytes()
    model = without_values(lambda: keras.applications.VGG16(weights=None))
    with keras.StatelessScope():  # at whose end Keras draws what it put off
        pass
    assert resident_bytes() - before < 100e6
    assert 4 * model.count_params() > 500e6


def test_layers_that_scale_every_value_are_seen_through() -> None:
    reading = read_application("ConvNeXtTiny")
    accounting = account(assemble(reading.inputs, reading.specs, data_format(reading)))
    assert accounting.totals.params == 28_589_128  # as published with the paper
    assert accounting.uncounted == ()
    # By hand: 3, 3, 9 and 3 windows of 7 at strides 4, 8, 16 and 32, and the windows between them.
    layers = {layer.name: layer for layer in accounting.layers}
    field = layers["convnext_tiny_stage_3_block_2_layer_scale"].receptive_field
    size = 4 + 6 * (3 * 4 + 3 * 8 + 9 * 16 + 3 * 32) + 4 + 8 + 16
    assert field is not None
    assert (field[0].size, field[0].stride) == (size, 32)


def test_layers_of_kinds_not_known_here_are_named_and_their_weights_counted() -> None:
    import keras

    image = keras.Input((8, 8, 4))
    model = keras.Model(image, keras.layers.GroupNormalization(2, name="unknown")(image))
    reading = read_model(model)
    accounting = account(assemble(reading.inputs, reading.specs))
    assert accounting.uncounted == ("unknown",)
    assert accounting.totals.params == 8  # a scale and a shift for each of four channels
    assert "not known here" in str(accounting.layers[0].receptive_field_note)


def test_a_network_that_keras_does_not_have_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ConvolutionError) as refusal:
        read_application("vgg18")
    assert str(refusal.value.hint).startswith("did you mean vgg1")


def test_a_file_of_the_old_format_is_read(tmp_path) -> None:
    import keras

    model = keras.Sequential(
        [keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3), keras.layers.Flatten()]
    )
    model.save(tmp_path / "old.h5")
    reading = read_saved(tmp_path / "old.h5")
    assert account(assemble(reading.inputs, reading.specs)).totals.params == model.count_params()


def test_a_file_that_is_no_model_is_refused(tmp_path) -> None:
    path = tmp_path / "no.h5"
    path.write_bytes(b"nothing")
    with pytest.raises(ConvolutionError):
        read_saved(path)


def test_models_within_models_share_their_weights_and_operations_have_none(tmp_path) -> None:
    import keras

    image, depth = keras.Input((8, 8, 3), name="image"), keras.Input((8, 8, 1), name="depth")
    inside = keras.Input((8, 8, 3))
    ends = [keras.layers.Conv2D(2, 1, name="x")(inside), keras.layers.Conv2D(5, 1)(inside)]
    pair = keras.Model(inside, ends, name="pair")
    first, second = pair(image)
    third, fourth = pair(keras.ops.relu(image))
    halves = keras.ops.split(keras.layers.PReLU()(fourth), 5, axis=-1)
    joined = keras.layers.Concatenate()([first, second, third, *halves, depth])
    model = keras.Model([image, depth], [keras.layers.Dense(2)(joined), fourth])
    model.save(tmp_path / "model.keras")

    reading = read_saved(tmp_path / "model.keras")
    accounting = account(assemble(reading.inputs, reading.specs))
    assert accounting.totals.params == model.count_params()
    fields = {layer.name: layer.receptive_field for layer in accounting.layers}
    assert fields["pair/x"] is not None
    (scaled,) = [name for name in accounting.uncounted if name.startswith("p_re_lu")]
    assert fields[scaled] is None
    assert [layer.params.total for layer in accounting.layers if layer.name == "pair:1/x"] == [0]
