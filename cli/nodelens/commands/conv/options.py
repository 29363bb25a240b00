"""The options of `node conv-params`."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from nodelens.commands.flag import PRINTING, RUNNING, Flag, option, several, switch
from nodelens.commands.options import (
    CONFIG,
    DEVICE,
    FORCE,
    HELP_SETTING,
    OUT,
    SET,
    SHOW_CONFIG,
    SettingsCall,
)

LAYER = "One layer"
NETWORK = "A network"
QUESTIONS = "Questions"
ONE_LAYER = "layers.0."
"""The beginning of the keys that set up a single layer."""


def _shape(text: str) -> list[str]:
    """Reads the sizes of a shape, with commas or an x between them."""
    return text.replace("x", ",").split(",")


def _of_layer(kind: type, *names: str, sets: str, metavar: str, help: str) -> Flag[Any]:
    """Makes the row of an option that sets up a single layer."""
    return option(kind, *names, sets=f"{ONE_LAYER}{sets}", panel=LAYER, metavar=metavar, help=help)


class ConvParamsCall(SettingsCall, command="conv-params"):
    """A call of `node conv-params`."""

    sizes = several(
        str,
        sets="input",
        origin="the sizes",
        metavar="SIZES...",
        help="The input's shape without the batch: height width channels (or length channels, "
        "depth height width channels); ? is an unknown size.",
    )
    filters = _of_layer(
        int, "--filters", "-f", sets="filters", metavar="F", help="Number of filters."
    )
    kernel_size = _of_layer(
        str, "--kernel-size", "-k", sets="kernel_size", metavar="K", help="5, 3,5 or 3x5."
    )
    strides = _of_layer(str, "--strides", "-s", sets="strides", metavar="S", help="2, 1,2 or 1x2.")
    padding = _of_layer(
        str,
        "--padding",
        "-p",
        sets="padding",
        metavar="valid|same|causal",
        help="Padding around the input.",
    )
    dilation = _of_layer(
        str,
        "--dilation",
        sets="dilation",
        metavar="D",
        help="Distance between the weights of a kernel.",
    )
    groups = _of_layer(
        int, "--groups", sets="groups", metavar="G", help="Number of groups of channels."
    )
    depth_multiplier = _of_layer(
        int,
        "--depth-multiplier",
        sets="depth_multiplier",
        metavar="M",
        help="For depthwise and separable layers.",
    )
    output_padding = _of_layer(
        str, "--output-padding", sets="output_padding", metavar="P", help="For transposed layers."
    )
    use_bias = _of_layer(bool, "--bias/--no-bias", sets="use_bias", metavar="", help="With a bias.")
    activation = _of_layer(
        str, "--activation", sets="activation", metavar="NAME", help="Reported, not counted."
    )
    type = _of_layer(
        str,
        "--type",
        sets="type",
        metavar="TYPE",
        help="Conv2D (default), DepthwiseConv2D, SeparableConv2D, Conv2DTranspose, MaxPooling2D, "
        "…: a class of keras.layers, or short: depthwise, separable, transposed, maxpool.",
    )
    layers = several(
        str,
        "--layer",
        sets="layers",
        panel=NETWORK,
        metavar="LINE",
        help="A layer in one line, such as 'conv2d 64 k3 same' or 'maxpool 2'; repeatable.",
    )
    model = option(
        str,
        "--model",
        sets="model",
        panel=NETWORK,
        metavar="NAME|FILE",
        help="A network of keras.applications (vgg19, resnet50, …), without its weights, or a "
        "saved .keras file.",
    )
    layer_name = option(
        str, "--layer-name", panel=NETWORK, metavar="NAME", help="Report only this layer."
    )
    up_to = option(
        str, "--up-to", panel=NETWORK, metavar="NAME", help="Count only up to this layer."
    )
    data_format = option(
        str,
        "--data-format",
        sets="data_format",
        panel=NETWORK,
        metavar="channels_last|channels_first",
        help="Position of the channels.",
    )
    dtype = option(
        str,
        "--dtype",
        sets="dtype",
        panel=NETWORK,
        metavar="DTYPE",
        help="Number format for memory: float32, float64, bfloat16, float16, int8.",
    )
    batch_size = option(
        int,
        "--batch-size",
        sets="batch_size",
        panel=NETWORK,
        metavar="N",
        help="Samples in a batch, for memory.",
    )
    expect_params = option(
        str,
        "--expect-params",
        sets="expect.params",
        panel=QUESTIONS,
        metavar="N",
        help="Exit 3 unless it has N parameters.",
    )
    expect_output = option(
        str,
        "--expect-output",
        sets="expect.output",
        panel=QUESTIONS,
        metavar="SHAPE",
        parse=_shape,
        help="Exit 3 unless the output has this shape, such as 196,196,10.",
    )
    max_params = option(
        str,
        "--max-params",
        sets="expect.max_params",
        panel=QUESTIONS,
        metavar="N",
        help="Exit 3 if there are more parameters, such as 5M.",
    )
    max_macs = option(
        str,
        "--max-macs",
        sets="expect.max_macs",
        panel=QUESTIONS,
        metavar="N",
        help="Exit 3 if there are more MACs, such as 1G.",
    )
    max_activation = option(
        str,
        "--max-activation",
        sets="expect.max_activation",
        panel=QUESTIONS,
        metavar="BYTES",
        help="Exit 3 if all outputs take more memory, such as 100MB.",
    )
    compare = option(
        str,
        "--compare",
        panel=QUESTIONS,
        metavar="FILE",
        help="List the differences from this configuration.",
    )
    target_output = option(
        str,
        "--target-output",
        panel=QUESTIONS,
        metavar="SIZES",
        help="List the kernels, strides and paddings that lead to these sizes, such as 56,56.",
    )
    budget = option(
        str,
        "--budget",
        panel=QUESTIONS,
        metavar="N",
        help="Find the number of filters for this many parameters, such as 1M.",
    )
    verify = switch(
        "--verify",
        panel=QUESTIONS,
        help="Build the layers in Keras and compare; exit 3 unless all is equal.",
    )
    config, overrides = CONFIG, SET
    show_config, help_setting = SHOW_CONFIG, HELP_SETTING
    explain = switch("--explain", panel=PRINTING, help="Explain the result in words.")
    csv = switch("--csv", panel=PRINTING, help="Print CSV.")
    markdown = switch("--markdown", panel=PRINTING, help="Print a Markdown table.")
    figure = option(
        Path,
        "--figure",
        panel=RUNNING,
        metavar="FILE",
        help="Draw a layer to scale, or the receptive field of a network, into a PNG.",
    )
    out, force = OUT, FORCE
    seed = option(
        int,
        "--seed",
        panel=RUNNING,
        metavar="N",
        help="Accepted without effect: nothing is random here.",
    )
    device = replace(DEVICE, sets=None)
