"""Figures that others have published or measured, to be met exactly.

The table of layers on a 200 x 200 x 3 input was read off Keras 3 (shapes, parameters) and counted
with PyTorch's flop counter (multiplications); the networks' figures are those of the papers and of
the documentation named beside them.
"""

import pytest

from nodelens.conv.accounting import LayerAccount, account
from nodelens.conv.network import LayerSpec, assemble


def single(shape: tuple[int, ...], word: str, **settings: object) -> LayerAccount:
    network = assemble({"input": shape}, [LayerSpec(word, settings)])
    return account(network).layers[0]


IMAGE = (200, 200, 3)
TEN = {"filters": 10, "kernel_size": 5}

ROWS = [
    (IMAGE, "Conv2D", TEN, (196, 196, 10), 760, 28_812_000),
    (IMAGE, "Conv2D", TEN | {"use_bias": False}, (196, 196, 10), 750, 28_812_000),
    (IMAGE, "Conv2D", TEN | {"padding": "same"}, (200, 200, 10), 760, 30_000_000),
    (IMAGE, "Conv2D", TEN | {"strides": 2}, (98, 98, 10), 760, 7_203_000),
    (IMAGE, "Conv2D", TEN | {"strides": 2, "padding": "same"}, (100, 100, 10), 760, 7_500_000),
    (IMAGE, "Conv2D", TEN | {"kernel_size": [3, 5]}, (198, 196, 10), 460, 17_463_600),
    (IMAGE, "Conv2D", TEN | {"kernel_size": "3x5"}, (198, 196, 10), 460, 17_463_600),
    (IMAGE, "Conv2D", TEN | {"dilation": 2}, (192, 192, 10), 760, 27_648_000),
    (IMAGE, "Conv2D", TEN | {"filters": 12, "groups": 3}, (196, 196, 12), 312, 11_524_800),
    (IMAGE, "DepthwiseConv2D", {"kernel_size": 5}, (196, 196, 3), 78, 2_881_200),
    (
        IMAGE,
        "DepthwiseConv2D",
        {"kernel_size": 5, "depth_multiplier": 2},
        (196, 196, 6),
        156,
        5_762_400,
    ),
    (IMAGE, "SeparableConv2D", TEN, (196, 196, 10), 115, 4_033_680),
    (IMAGE, "SeparableConv2D", TEN | {"depth_multiplier": 2}, (196, 196, 10), 220, 8_067_360),
    (IMAGE, "Conv2DTranspose", TEN, (204, 204, 10), 760, 30_000_000),
    (IMAGE, "Conv2DTranspose", TEN | {"strides": 2}, (403, 403, 10), 760, 30_000_000),
    (
        IMAGE,
        "Conv2DTranspose",
        TEN | {"strides": 2, "padding": "same"},
        (400, 400, 10),
        760,
        30_000_000,
    ),
    (
        IMAGE,
        "Conv2DTranspose",
        {"filters": 10, "kernel_size": 2, "strides": 3},
        (600, 600, 10),
        130,
        4_800_000,
    ),
    ((200, 3), "Conv1D", TEN, (196, 10), 160, 29_400),
    ((200, 3), "Conv1D", TEN | {"padding": "causal"}, (200, 10), 160, 30_000),
    (
        (16, 112, 112, 3),
        "Conv3D",
        {"filters": 10, "kernel_size": 3},
        (14, 110, 110, 10),
        820,
        137_214_000,
    ),
    (IMAGE, "MaxPooling2D", {"kernel_size": 3, "strides": 2}, (99, 99, 3), 0, 0),
    (
        IMAGE,
        "MaxPooling2D",
        {"kernel_size": 3, "strides": 2, "padding": "same"},
        (100, 100, 3),
        0,
        0,
    ),
]


@pytest.mark.parametrize(("shape", "word", "settings", "output", "params", "macs"), ROWS)
def test_a_layer_has_its_known_shape_parameters_and_multiplications(
    shape, word, settings, output, params, macs
):
    layer = single(shape, word, **settings)
    assert (layer.output_shape, layer.params.total, layer.macs) == (output, params, macs)


def test_the_example_counts_two_flops_a_mac_and_one_a_bias():
    # 57,624,000 for the multiplications and additions, 384,160 for the bias.
    assert single(IMAGE, "Conv2D", **TEN).flops == 57_624_000 + 384_160


def test_the_example_splits_its_parameters_into_kernel_and_bias():
    params = single(IMAGE, "Conv2D", **TEN).params
    assert (params.kernel, params.bias, params.trainable, params.non_trainable) == (750, 10, 760, 0)
