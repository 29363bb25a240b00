"""Receptive fields: published values, and an experiment with gradients.

The experiment knows nothing of windows. A network of convolutions and mean poolings without biases
is linear, so its answers to inputs with a single one are its gradients; with ones for weights they
are positive exactly where an output cell sees the input cell that is one.
"""

import random
from typing import Any

import pytest

from nodelens.conv.accounting import LayerAccount, account
from nodelens.conv.building import build
from nodelens.conv.network import Network
from nodelens.conv.receptive_field import receptive_fields


def accounts(shape: tuple[int | None, ...], *lines: object) -> dict[str, LayerAccount]:
    layers = account(build({"input": shape}, list(lines))).layers
    return {layer.name: layer for layer in layers}


def figures(layer: LayerAccount) -> tuple[Any, ...]:
    assert layer.receptive_field is not None, layer.receptive_field_note
    assert len(set(layer.receptive_field)) == 1
    axis = layer.receptive_field[0]
    return axis.size, axis.stride, axis.padding, axis.center


def vgg(*repeats: int) -> list[str]:
    lines = []
    for block, count in enumerate(repeats, start=1):
        lines += [f"conv2d 8 k3 same name=conv{block}_{n + 1}" for n in range(count)]
        lines.append(f"maxpool 2 name=pool{block}")
    return lines


def test_vgg16_has_the_fields_published_by_araujo_and_others():
    layers = accounts((224, 224, 3), *vgg(2, 2, 3, 3, 3))
    assert figures(layers["pool5"])[:3] == (212, 32, 90)
    sizes = {name: figures(layers[name])[0] for name in ("conv4_2", "pool4", "conv5_1", "conv5_2")}
    assert sizes == {"conv4_2": 76, "pool4": 100, "conv5_1": 132, "conv5_2": 164}


def test_vgg19_has_the_fields_of_the_closed_form():
    layers = accounts((224, 224, 3), *vgg(2, 2, 4, 4, 4))
    assert {name: figures(layer) for name, layer in layers.items() if name in VGG19} == VGG19


VGG19 = {
    "conv1_2": (5, 1, 2, 0),
    "conv2_2": (14, 2, 6, 0.5),
    "conv3_4": (48, 4, 22, 1.5),
    "conv4_4": (116, 8, 54, 3.5),
    "conv5_4": (252, 16, 118, 7.5),
    "pool5": (268, 32, 118, 15.5),
}


def test_alexnet_has_the_field_published_by_araujo_and_others():
    layers = accounts(
        (224, 224, 3),
        "conv2d 64 11 s4",
        "maxpool 3 2",
        "conv2d 192 5 same",
        "maxpool 3 2",
        *["conv2d 256 3 same"] * 3,
        "maxpool 3 2 name=pool5",
    )
    assert figures(layers["pool5"])[:3] == (195, 32, 64)


@pytest.mark.parametrize(
    ("name", "layer", "size", "stride", "padding"),
    [
        ("InceptionV3", "mixed10", 1311, 32, 618),
        ("ResNet50", "conv5_block3_out", 483, 32, 241),
        pytest.param("InceptionResNetV2", "conv_7b_ac", 3039, 32, 1482, marks=pytest.mark.slow),
    ],
)
def test_a_network_of_keras_has_its_known_field(name, layer, size, stride, padding):
    # The Inception networks' fields are published (Araujo and others); that of Keras' ResNet50,
    # which has its strides elsewhere than theirs, agrees in size and stride.
    from nodelens.conv.network import assemble
    from nodelens.conv.verify.models import read_application

    reading = read_application(name)
    layers = account(assemble(reading.inputs, reading.specs)).layers
    found = next(entry for entry in layers if entry.name == layer)
    assert figures(found)[:3] == (size, stride, padding)


def test_a_field_that_exceeds_the_input_is_told_as_it_is():
    assert figures(accounts((8, 8, 1), *["conv2d 1 5 same"] * 4)["conv2d_3"])[0] == 17


def test_branches_of_different_stride_have_no_common_field():
    layers = accounts(
        (16, 16, 4),
        {"type": "Conv2D", "filters": 4, "kernel_size": 1, "name": "fine"},
        {"type": "MaxPooling2D", "inputs": "input", "name": "coarse"},
        {"type": "UpSampling2D", "name": "up"},
        {"type": "MaxPooling2D", "inputs": "fine", "name": "small"},
        {"type": "Conv2D", "filters": 4, "kernel_size": 9, "inputs": "fine", "name": "wide"},
        {"type": "Add", "inputs": ["small", "wide"], "name": "sum"},
    )
    assert layers["sum"].receptive_field is None
    assert "strides 2 and 1" in str(layers["sum"].receptive_field_note)


def test_branches_that_look_at_other_places_have_no_common_field():
    layers = accounts(
        (17, 17, 4),
        {"type": "Conv2D", "filters": 4, "kernel_size": 3, "name": "valid"},
        {"type": "Cropping2D", "cropping": [[0, 2], [0, 2]], "inputs": "input", "name": "corner"},
        {"type": "Cropping2D", "cropping": 1, "inputs": "input", "name": "middle"},
        {"type": "Add", "inputs": ["valid", "corner"], "name": "crooked"},
        {"type": "Add", "inputs": ["valid", "middle"], "name": "straight"},
        {"type": "Conv2D", "filters": 1, "kernel_size": 3, "inputs": "crooked", "name": "after"},
    )
    assert figures(layers["straight"]) == (3, 1, 0, 1)
    assert "first centres 1 and 0" in str(layers["crooked"].receptive_field_note)
    assert layers["after"].receptive_field is None


def test_up_sampling_that_undoes_pooling_is_aligned_with_what_it_skips():
    layers = accounts(
        (16, 16, 4),
        {"type": "MaxPooling2D", "name": "pool"},
        {"type": "UpSampling2D", "name": "up"},
        {"type": "Concatenate", "inputs": ["up", "input"], "name": "joined"},
        {"type": "Conv2D", "filters": 4, "kernel_size": 3, "name": "conv"},
    )
    assert figures(layers["joined"])[:2] == (2, 1)
    # Three neighbours lie in two pairs: four cells, wherever they stand.
    axis = layers["conv"].receptive_field[0]
    assert (axis.size, axis.smallest_size) == (4, 4)


def test_a_field_behind_a_transposed_convolution_can_vary_from_cell_to_cell():
    axis = accounts((8, 1), "transposed 1 k3 s2")["conv1d_transpose"].receptive_field[0]
    assert (axis.size, axis.smallest_size, axis.stride) == (2, 1, 0.5)


def test_without_spatial_axes_there_is_no_field():
    for layer in accounts((784,), "relu", "dense 10").values():
        assert layer.receptive_field is None
        assert "no spatial axes" in str(layer.receptive_field_note)


@pytest.mark.parametrize("side", [8, None])
def test_behind_squeeze_and_excitation_every_cell_sees_the_whole_input(side):
    layers = accounts(
        (side, side, 4),
        {"type": "Conv2D", "filters": 4, "kernel_size": 3, "padding": "same", "name": "conv"},
        {"type": "GlobalAveragePooling2D", "name": "squeeze"},
        {"type": "Reshape", "target_shape": [1, 1, 4]},
        {"type": "Conv2D", "filters": 4, "kernel_size": 1, "name": "excite"},
        {"type": "Multiply", "inputs": ["conv", "excite"], "name": "scaled"},
        {"type": "Conv2D", "filters": 4, "kernel_size": 3, "name": "after"},
    )
    known = {name: layer.receptive_field_global for name, layer in layers.items()}
    assert [name for name in known if not known[name]] == ["conv"]
    assert "pooling over all cells" in str(layers["after"].receptive_field_note)


@pytest.mark.parametrize(("axis", "everywhere"), [([1, 2], True), ([1, 2, 3], True), ([2], False)])
def test_a_normalisation_over_all_places_lets_every_cell_see_all(axis, everywhere):
    layer = accounts((8, 8, 4), {"type": "LayerNormalization", "axis": axis})["layer_normalization"]
    assert layer.receptive_field is None
    assert layer.receptive_field_global is everywhere


def test_a_flattened_value_sees_no_more_than_before():
    layer = accounts((8, 8, 4), "conv2d 4 k3", "flatten")["flatten"]
    assert layer.receptive_field is None
    assert not layer.receptive_field_global


def test_padding_that_depends_on_an_unknown_size_is_not_told():
    axis = accounts((None, None, 3), "conv2d 8 k3 s2 same")["conv2d"].receptive_field[0]
    assert (axis.size, axis.stride, axis.padding, axis.center) == (3, 2, None, None)


LAYERS = (
    "conv1d 1 k{k}",
    "conv1d 1 k{k} s{s}",
    "conv1d 1 k{k} s{s} same",
    "conv1d 1 k{k} d2 same",
    "conv1d 1 k{k} causal",
    "avgpool {k} {s}",
    "avgpool {k} {s} same",
    "depthwise k{k} s{s}",
    "separable 1 k{k}",
    "transposed 1 k{k} s{s}",
    "transposed 1 k{k} s{s} same",
    "upsample 2",
    "pad {s}",
    "crop {s}",
)


@pytest.mark.parametrize("seed", range(40))
def test_random_chains_see_what_the_gradient_says(seed):
    draw = random.Random(seed)
    lines = [
        draw.choice(LAYERS).format(k=draw.randint(1, 4), s=draw.randint(1, 3))
        for _ in range(draw.randint(2, 5))
    ]
    assert_the_gradient_agrees(build({"input": (97, 1)}, lines))


@pytest.mark.parametrize("seed", range(20))
def test_random_branches_see_what_the_gradient_says(seed):
    draw = random.Random(seed)
    odd = [1, 3, 5]
    stride, a, b = draw.randint(1, 3), draw.choice(odd), draw.choice(odd)
    # With so many zeros before, windows of odd sizes are centred on the same cells.
    network = build(
        {"input": (91, 1)},
        [
            {"type": "conv", "filters": 1, "kernel_size": draw.choice(odd), "name": "stem"},
            {"type": "pad", "padding": a // 2, "name": "pad_a"},
            {"type": "conv", "filters": 1, "kernel_size": a, "strides": stride, "name": "left"},
            {"type": "pad", "padding": b // 2, "inputs": "stem", "name": "pad_b"},
            {"type": "conv", "filters": 1, "kernel_size": b, "strides": stride, "name": "right"},
            {"type": "Add", "inputs": ["left", "right"], "name": "sum"},
            {"type": "conv", "filters": 1, "kernel_size": 3, "name": "head"},
        ],
    )
    assert not isinstance(receptive_fields(network)[-1], str)
    assert_the_gradient_agrees(network)


def assert_the_gradient_agrees(network: Network) -> None:
    """Compare the cells in the middle, far from where zeros are seen."""
    import tensorflow as tf

    (window,) = receptive_fields(network)[-1]
    length = network.nodes[-1].output_shape[0]
    assert length is not None
    middle = [c for c in range(length // 2 - 3, length // 2 + 4) if 0 <= c < length]
    reached = network.inputs["input"][0]
    outputs = run_with_ones(network, tf.eye(reached)[..., None]).numpy()
    compared = 0
    for cell in middle:
        span = window.span_of(cell)
        if span is None or (span[0] >= 0 and span[1] < reached):
            seen = [place for place in range(reached) if outputs[place, cell, 0] > 0]
            assert ((seen[0], seen[-1]) if seen else None) == span
            compared += 1
    assert compared


def run_with_ones(network: Network, x: Any) -> Any:
    import tensorflow as tf

    from nodelens.conv.verify.layers import build_layer

    values = {"input": x}
    for node in network.nodes:
        layer = build_layer(node.layer)
        taken = [values[name] for name in node.inputs]
        arguments = taken if node.layer.merges else taken[0]
        layer.build([tuple(t.shape) for t in taken] if node.layer.merges else taken[0].shape)
        for weight in layer.weights:
            weight.assign(
                tf.zeros(weight.shape) if "bias" in weight.path else tf.ones(weight.shape)
            )
        values[node.name] = layer(arguments)
    return values[network.nodes[-1].name]
