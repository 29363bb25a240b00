"""How layers, graphs and quantities are written."""

import pytest

from nodelens.conv.building import build, up_to
from nodelens.conv.errors import ConvolutionError
from nodelens.conv.quantities import parse_quantity
from nodelens.conv.writing import from_line


@pytest.mark.parametrize(
    ("line", "settings"),
    [
        ("conv2d 64 3", {"filters": 64, "kernel_size": 3}),
        (
            "conv2d 64 k3x5 s2 same",
            {"filters": 64, "kernel_size": "3x5", "strides": 2, "padding": "same"},
        ),
        (
            "conv 8 k3 d2 g4 nobias relu",
            {
                "filters": 8,
                "kernel_size": 3,
                "dilation": 2,
                "groups": 4,
                "use_bias": False,
                "activation": "relu",
            },
        ),
        ("maxpool 3 2", {"kernel_size": 3, "strides": 2}),
        ("depthwise k3 m2", {"kernel_size": 3, "depth_multiplier": 2}),
        ("pad [[0,1],[2,3]]", {"padding": [[0, 1], [2, 3]]}),
        (
            "transposed 8 k2 s2 output_padding=1",
            {"filters": 8, "kernel_size": 2, "strides": 2, "output_padding": 1},
        ),
        ("activation gelu", {"activation": "gelu"}),
        ("dense 10 softmax", {"units": 10, "activation": "softmax"}),
    ],
)
def test_a_line_stands_for_settings(line, settings):
    assert dict(from_line(line).settings) == settings


def test_a_line_tells_name_inputs_and_whether_it_is_trained():
    spec = from_line("add name=sum inputs=left,right frozen")
    assert (spec.name, spec.inputs, spec.trainable) == ("sum", ("left", "right"), False)


@pytest.mark.parametrize("line", ["", "conv2d 64 k3 k5", "flatten 3", "conv2d 64 3 1", "dense x"])
def test_a_line_that_means_nothing_is_refused(line):
    with pytest.raises(ConvolutionError):
        build({"input": (8, 8, 3)}, [line])


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("760", 760),
        ("5M", 5_000_000),
        ("1.5G", 1_500_000_000),
        ("100MB", 100_000_000),
        ("64MiB", 64 * 2**20),
        ("1_000", 1000),
        ("0.5k", 500),
        (12, 12),
    ],
)
def test_quantities_are_read_exactly(text, number):
    assert parse_quantity(text) == number


@pytest.mark.parametrize("text", ["", "M", "5X", "1.0001K5", "0.1", "five", "-3", "2,5K"])
def test_what_is_no_quantity_is_refused(text):
    with pytest.raises(ConvolutionError):
        parse_quantity(text)


def test_names_are_those_that_keras_gives():
    lines = ["conv 4 k3", "maxpool 2", "conv 4 k3", "bn", "relu", "gap"]
    names = [node.name for node in build({"input": (32, 32, 3)}, lines).nodes]
    assert names == [
        *("conv2d", "max_pooling2d", "conv2d_1", "batch_normalization", "re_lu"),
        "global_average_pooling2d",
    ]


def test_layers_may_be_written_before_their_inputs():
    network = build(
        {"input": (8, 8, 3)},
        [
            {"type": "Add", "name": "sum", "inputs": ["a", "b"]},
            {"type": "ReLU", "name": "a", "inputs": "input"},
            {"type": "ReLU", "name": "b", "inputs": "input"},
        ],
    )
    assert [node.name for node in network.nodes] == ["a", "b", "sum"]


def test_a_network_may_have_several_inputs():
    network = build(
        {"image": (8, 8, 3), "depth": (8, 8, 1)},
        [{"type": "Concatenate", "inputs": ["image", "depth"]}],
    )
    assert network.nodes[0].output_shape == (8, 8, 4)


def test_a_part_of_a_network_holds_only_what_leads_to_its_end():
    network = build(
        {"input": (8, 8, 3)},
        [
            {"type": "ReLU", "name": "a"},
            {"type": "ReLU", "name": "b", "inputs": "input"},
            {"type": "ReLU", "name": "c", "inputs": "a"},
        ],
    )
    assert [node.name for node in up_to(network, "c").nodes] == ["a", "c"]


def test_channels_first_is_the_same_layer_the_other_way_round():
    entry = {"type": "Conv2D", "filters": 10, "kernel_size": 5, "strides": 2}
    (last,) = build({"input": (20, 30, 3)}, [entry]).nodes
    (first,) = build({"input": (3, 20, 30)}, [entry], "channels_first").nodes
    assert last.output_shape == (8, 13, 10)
    assert first.output_shape == (10, 8, 13)
    assert first.layer.macs(first.output_shape, (3, 20, 30)) == last.layer.macs(
        last.output_shape, (20, 30, 3)
    )


@pytest.mark.parametrize("value", [True, 2.0, "2.0", [1, True], None, "abc"])
def test_only_integers_are_sizes(value):
    with pytest.raises(ConvolutionError):
        build({"input": (8, 8, 3)}, [{"type": "Conv2D", "filters": 2, "kernel_size": value}])
