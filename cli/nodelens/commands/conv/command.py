"""`node conv-params`: what a convolution, or a whole network of them, costs and sees."""

import gc
from pathlib import Path
from typing import Annotated, Any

import typer

from nodelens.commands.options import (
    FLAG,
    PRINTING,
    RUNNING,
    Call,
    ConfigOption,
    DebugOption,
    DeviceOption,
    ForceOption,
    JsonOption,
    OutOption,
    QuietOption,
    SetOption,
    ShowConfigOption,
    VerboseOption,
)
from nodelens.errors import ExitCode

LAYER = "One layer"
NETWORK = "A network"
QUESTIONS = "Questions"

SizesArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="SIZES...",
        help="The input's shape without the batch: height width channels (or length channels, "
        "depth height width channels); ? is an unknown size.",
        show_default=False,
    ),
]


def _option(*names: str, panel: str, text: str, metavar: str | None = None) -> Any:
    return typer.Option(*names, help=text, metavar=metavar, rich_help_panel=panel)


Filters = Annotated[
    int | None, _option("--filters", "-f", panel=LAYER, text="Number of filters.", metavar="F")
]
Kernel = Annotated[
    str | None, _option("--kernel-size", "-k", panel=LAYER, text="5, 3,5 or 3x5.", metavar="K")
]
Strides = Annotated[
    str | None, _option("--strides", "-s", panel=LAYER, text="2, 1,2 or 1x2.", metavar="S")
]
Padding = Annotated[
    str | None,
    _option("--padding", "-p", panel=LAYER, text="Zeros around.", metavar="valid|same|causal"),
]
Dilation = Annotated[
    str | None, _option("--dilation", panel=LAYER, text="Distance of weights.", metavar="D")
]
Groups = Annotated[
    int | None, _option("--groups", panel=LAYER, text="Groups of channels.", metavar="G")
]
Multiplier = Annotated[
    int | None,
    _option(
        "--depth-multiplier", panel=LAYER, text="For depthwise and separable layers.", metavar="M"
    ),
]
OutputPadding = Annotated[
    str | None, _option("--output-padding", panel=LAYER, text="For transposed layers.", metavar="P")
]
Bias = Annotated[
    bool | None, _option("--bias/--no-bias", panel=LAYER, text="With a bias.", metavar=FLAG)
]
Activation = Annotated[
    str | None, _option("--activation", panel=LAYER, text="Told, not counted.", metavar="NAME")
]
Type = Annotated[
    str | None,
    _option(
        "--type",
        panel=LAYER,
        text="Conv2D (default), DepthwiseConv2D, SeparableConv2D, Conv2DTranspose, MaxPooling2D, "
        "…: a class of keras.layers, or short: depthwise, separable, transposed, maxpool.",
        metavar="TYPE",
    ),
]
Layers = Annotated[
    list[str] | None,
    _option(
        "--layer",
        panel=NETWORK,
        text="A layer in one line, such as 'conv2d 64 k3 same' or 'maxpool 2'; repeatable.",
        metavar="LINE",
    ),
]
Model = Annotated[
    str | None,
    _option(
        "--model",
        panel=NETWORK,
        text="A network of keras.applications (vgg19, resnet50, …), without its weights, or a "
        "saved .keras file.",
        metavar="NAME|FILE",
    ),
]
LayerName = Annotated[
    str | None,
    _option("--layer-name", panel=NETWORK, text="Tell only this layer.", metavar="NAME"),
]
UpTo = Annotated[
    str | None, _option("--up-to", panel=NETWORK, text="Count only up to it.", metavar="NAME")
]
DataFormat = Annotated[
    str | None,
    _option(
        "--data-format",
        panel=NETWORK,
        text="Where the channels stand.",
        metavar="channels_last|channels_first",
    ),
]
Dtype = Annotated[
    str | None,
    _option(
        "--dtype",
        panel=NETWORK,
        text="Number format for memory: float32, float64, bfloat16, float16, int8.",
        metavar="DTYPE",
    ),
]
BatchSize = Annotated[
    int | None,
    _option("--batch-size", panel=NETWORK, text="Samples at once, for memory.", metavar="N"),
]
ExpectParams = Annotated[
    str | None,
    _option(
        "--expect-params", panel=QUESTIONS, text="Exit 3 if it has not N parameters.", metavar="N"
    ),
]
ExpectOutput = Annotated[
    str | None,
    _option(
        "--expect-output",
        panel=QUESTIONS,
        text="Exit 3 if the output is not 196,196,10.",
        metavar="SHAPE",
    ),
]
MaxParams = Annotated[
    str | None,
    _option("--max-params", panel=QUESTIONS, text="Exit 3 if there are more: 5M.", metavar="N"),
]
MaxMacs = Annotated[
    str | None,
    _option("--max-macs", panel=QUESTIONS, text="Exit 3 if there are more: 1G.", metavar="N"),
]
MaxActivation = Annotated[
    str | None,
    _option(
        "--max-activation",
        panel=QUESTIONS,
        text="Exit 3 if all outputs take more: 100MB.",
        metavar="BYTES",
    ),
]
Compare = Annotated[
    str | None,
    _option("--compare", panel=QUESTIONS, text="List the differences to it.", metavar="FILE"),
]
TargetOutput = Annotated[
    str | None,
    _option(
        "--target-output",
        panel=QUESTIONS,
        text="Which kernels, strides and paddings lead to these sizes: 56,56.",
        metavar="SIZES",
    ),
]
Budget = Annotated[
    str | None,
    _option(
        "--budget",
        panel=QUESTIONS,
        text="How many filters this many parameters pay: 1M.",
        metavar="N",
    ),
]
Verify = Annotated[
    bool,
    _option(
        "--verify",
        panel=QUESTIONS,
        text="Build it in Keras and compare; exit 3 if not equal.",
        metavar=FLAG,
    ),
]
Explain = Annotated[
    bool, _option("--explain", panel=PRINTING, text="Tell it in words.", metavar=FLAG)
]
Csv = Annotated[bool, _option("--csv", panel=PRINTING, text="Print CSV.", metavar=FLAG)]
Markdown = Annotated[
    bool, _option("--markdown", panel=PRINTING, text="Print a Markdown table.", metavar=FLAG)
]
Figure = Annotated[
    Path | None,
    _option(
        "--figure",
        panel=RUNNING,
        text="Draw a layer to scale, or the receptive field of a network, into a PNG.",
        metavar="FILE",
    ),
]
UnusedSeed = Annotated[
    int | None,
    _option(
        "--seed",
        panel=RUNNING,
        text="Taken as everywhere, and without effect: nothing is random here.",
        metavar="N",
    ),
]


def conv_params(
    sizes: SizesArgument = None,
    filters: Filters = None,
    kernel_size: Kernel = None,
    strides: Strides = None,
    padding: Padding = None,
    dilation: Dilation = None,
    groups: Groups = None,
    depth_multiplier: Multiplier = None,
    output_padding: OutputPadding = None,
    bias: Bias = None,
    activation: Activation = None,
    type_: Type = None,
    layer: Layers = None,
    model: Model = None,
    layer_name: LayerName = None,
    up_to: UpTo = None,
    data_format: DataFormat = None,
    dtype: Dtype = None,
    batch_size: BatchSize = None,
    expect_params: ExpectParams = None,
    expect_output: ExpectOutput = None,
    max_params: MaxParams = None,
    max_macs: MaxMacs = None,
    max_activation: MaxActivation = None,
    compare: Compare = None,
    target_output: TargetOutput = None,
    budget: Budget = None,
    verify: Verify = False,
    config: ConfigOption = None,
    set_: SetOption = None,
    show_config: ShowConfigOption = False,
    explain: Explain = False,
    csv: Csv = False,
    markdown: Markdown = False,
    figure: Figure = None,
    out: OutOption = None,
    force: ForceOption = False,
    seed: UnusedSeed = None,
    device: DeviceOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
    debug: DebugOption = False,
) -> ExitCode:
    """Count parameters, operations, memory and receptive fields of convolutions.

    A MAC is one multiplication with its addition; the bias is not counted. FLOPs are 2·MACs plus
    one addition for each output value with a bias. Activations, pooling, normalisation and merging
    are not counted. Operations are for one sample. Memory: each layer's output once, for the
    batch, and each weight once.
    """
    from nodelens.commands.conv.answer import answer
    from nodelens.commands.conv.network import Wishes

    one_layer = {
        "type": ("--type", type_),
        "filters": ("--filters", filters),
        "kernel_size": ("--kernel-size", kernel_size),
        "strides": ("--strides", strides),
        "padding": ("--padding", padding),
        "dilation": ("--dilation", dilation),
        "groups": ("--groups", groups),
        "depth_multiplier": ("--depth-multiplier", depth_multiplier),
        "output_padding": ("--output-padding", output_padding),
        "use_bias": ("--bias/--no-bias", bias),
        "activation": ("--activation", activation),
    }
    shape = None if expect_output is None else expect_output.replace("x", ",").split(",")
    call = Call(
        "conv-params",
        config=config,
        overrides=set_,
        flags={
            "input": ("the sizes", sizes or None),
            "layers": ("--layer", layer or None),
            "model": ("--model", model),
            "data_format": ("--data-format", data_format),
            "dtype": ("--dtype", dtype),
            "batch_size": ("--batch-size", batch_size),
            "expect.params": ("--expect-params", expect_params),
            "expect.output": ("--expect-output", shape),
            "expect.max_params": ("--max-params", max_params),
            "expect.max_macs": ("--max-macs", max_macs),
            "expect.max_activation": ("--max-activation", max_activation),
        },
        json=json,
        quiet=quiet,
        verbose=verbose,
    )
    wishes = Wishes(
        one_layer={key: given for key, given in one_layer.items() if given[1] is not None},
        layer_name=layer_name,
        up_to=up_to,
        compare=compare,
        target_output=target_output,
        budget=budget,
        verify=verify,
        show_config=show_config,
        explain=explain,
        csv=csv,
        markdown=markdown,
        figure=figure,
        out=out,
        force=force,
        device=device or "auto",
    )
    # Deep networks make hundreds of thousands of small objects, all of them in use: looking for
    # garbage among them would take a fifth of the time.
    gc.disable()
    try:
        return answer(call, wishes)
    finally:
        gc.enable()
