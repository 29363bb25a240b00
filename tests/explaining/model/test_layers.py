import keras
import pytest

from nodelens.conv.verify.models import without_values
from nodelens.errors import UsageError
from nodelens.explaining.model.layers import find_layer, list_layers
from nodelens.explaining.model.vgg19 import build_vgg19

# VGG19 by the closed form of Araujo, Norris & Sim (2019): size, stride, padding, first centre.
RECEPTIVE_FIELDS = {
    "block1_conv2": (5, 1, 2, 0),
    "block2_conv2": (14, 2, 6, 0.5),
    "block3_conv4": (48, 4, 22, 1.5),
    "block4_conv4": (116, 8, 54, 3.5),
    "block5_conv4": (252, 16, 118, 7.5),
    "block5_pool": (268, 32, 118, 15.5),
}


@pytest.fixture(scope="module")
def rows(classifier):
    return {row.name: row for row in list_layers(classifier.model, (224, 224))}


@pytest.mark.parametrize("layer", RECEPTIVE_FIELDS)
def test_receptive_fields_of_vgg19_are_the_published_ones(rows, layer):
    field = rows[layer].receptive_field
    for axis in (field.height, field.width):
        found = (axis.size, axis.stride, axis.padding, axis.center)
        assert found == RECEPTIVE_FIELDS[layer]


def test_a_layer_behind_an_average_over_space_has_no_receptive_field(rows):
    assert rows["predictions"].receptive_field is None


def test_receptive_fields_know_dilation_strides_and_valid_padding():
    # By hand: 3 + (5 - 1) * 2 * 2 = 19 pixels; steps of 2; nothing beyond the border.
    image = keras.Input((64, 40, 3))
    x = keras.layers.Conv2D(2, (3, 1), strides=2)(image)
    layer = keras.layers.Conv2D(2, 5, dilation_rate=2, name="end")
    keras.Model(image, layer(x))
    field = list_layers(keras.Model(image, layer.output), (64, 40))[-1].receptive_field
    assert (field.height.size, field.height.stride, field.height.padding) == (19, 2, 0)
    assert (field.width.size, field.width.stride, field.width.padding) == (17, 2, 0)


@pytest.mark.parametrize(("padding", "field"), [("same", (5, 1, 2, 0)), ("valid", None)])
def test_where_branches_meet_the_field_spans_those_that_look_at_one_place(padding, field):
    image = keras.Input((None, None, 3))
    left = keras.layers.Conv2D(2, 5, padding=padding)(image)
    right = keras.layers.Conv2D(2, 1)(image)
    if padding == "valid":
        right = keras.layers.Cropping2D(((0, 4), (0, 4)))(right)  # the corner, not the middle
    model = keras.Model(image, keras.layers.Add()([left, right]))
    found = list_layers(model, (16, 16))[-1].receptive_field
    axis = found and found.height
    assert (axis and (axis.size, axis.stride, axis.padding, axis.center)) == field


def test_behind_squeeze_and_excitation_no_field_of_one_size_is_claimed():
    image = keras.Input((8, 8, 4))
    squeezed = keras.layers.GlobalAveragePooling2D(keepdims=True)(image)
    model = keras.Model(image, keras.layers.Multiply()([image, squeezed]))
    assert list_layers(model, (8, 8))[-1].receptive_field is None


def test_the_input_is_not_listed_and_flat_layers_are_marked(rows):
    assert "input_layer" not in rows
    assert rows["block5_conv4"].spatial
    assert rows["block5_conv4"].output_shape == (14, 14, 512)
    assert not rows["avg_pool"].spatial


def test_an_unknown_layer_is_answered_with_the_nearest_and_the_candidates(rows):
    with pytest.raises(UsageError, match="no layer 'block5_conv5'") as caught:
        find_layer(tuple(rows.values()), "block5_conv5")
    assert "did you mean block5_conv4" in caught.value.hint
    assert "block1_pool" in caught.value.hint
    assert "avg_pool" not in caught.value.hint


@pytest.mark.parametrize("name", ["avg_pool", "predictions"])
def test_a_layer_of_which_no_map_can_be_made_is_refused_with_candidates(rows, name):
    with pytest.raises(UsageError, match="height, a width and channels") as caught:
        find_layer(tuple(rows.values()), name)
    assert "block5_conv4" in caught.value.hint


def test_vgg19_is_keras_vgg19():
    ours = without_values(lambda: build_vgg19("dense"))
    theirs = without_values(lambda: keras.applications.VGG19(weights=None))
    assert [layer.name for layer in ours.layers[1:]] == [layer.name for layer in theirs.layers[1:]]
    for mine, other in zip(ours.layers[1:], theirs.layers[1:], strict=True):
        assert [w.shape for w in mine.weights] == [w.shape for w in other.weights]
        expected = other.get_config() | {"name": mine.name}
        found = mine.get_config()
        for key in ("activation", "padding", "strides", "pool_size", "kernel_size"):
            assert found.get(key) == expected.get(key)
    assert ours.count_params() == 143_667_240
