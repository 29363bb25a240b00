"""The options of `gradcam` that no other subcommand has."""

from pathlib import Path
from typing import Annotated

import typer

from nodelens.commands.options import RUNNING, SETTINGS

ImagesArgument = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="IMAGE...",
        help="Pictures, directories of them, patterns, or - for a list on stdin.",
        show_default=False,
    ),
]
LayerOption = Annotated[
    list[str] | None,
    typer.Option(
        "--layer",
        "-l",
        metavar="NAME",
        help="Layer to look at, such as block5_conv4; repeatable.",
        rich_help_panel=SETTINGS,
    ),
]
ClassOption = Annotated[
    list[str] | None,
    typer.Option(
        "--class",
        metavar="INDEX|NAME",
        help="Class to explain instead of the predicted one; repeatable.",
        rich_help_panel=SETTINGS,
    ),
]
TopKOption = Annotated[
    int | None,
    typer.Option(
        "--top-k",
        min=1,
        metavar="K",
        help="Explain the K best classes.",
        rich_help_panel=SETTINGS,
    ),
]
MethodOption = Annotated[
    list[str] | None,
    typer.Option(
        "--method",
        metavar="NAME,...",
        help="gradcam, gradcam++, hirescam, xgradcam, layercam, eigencam, eigengradcam, "
        "ablationcam, scorecam (slow), smooth-gradcam++, random; at the pixels: saliency, "
        "smoothgrad, integrated-gradients, occlusion, guided-backprop, guided-gradcam, fullgrad; "
        "repeatable.",
        rich_help_panel=SETTINGS,
    ),
]
TargetOption = Annotated[
    str | None,
    typer.Option(
        "--target",
        metavar="logit|prob|margin",
        help="The score that is explained.",
        rich_help_panel=SETTINGS,
    ),
]
AgainstOption = Annotated[
    str | None,
    typer.Option(
        "--against",
        metavar="INDEX|NAME",
        help="With --target margin: the class to compare with.",
        rich_help_panel=SETTINGS,
    ),
]
CounterfactualOption = Annotated[
    bool | None,
    typer.Option(
        "--counterfactual",
        help="Show what speaks against the class instead.",
        show_default=False,
        rich_help_panel=SETTINGS,
    ),
]
SignedOption = Annotated[
    bool | None,
    typer.Option(
        "--signed",
        help="Show both what speaks for and against it.",
        show_default=False,
        rich_help_panel=SETTINGS,
    ),
]
SmoothOption = Annotated[
    str | None,
    typer.Option(
        "--smooth",
        metavar="aug|eigen",
        help="Smooth the maps of layers: mean over changed pictures, or first component.",
        rich_help_panel=SETTINGS,
    ),
]
MetricsOption = Annotated[
    bool | None,
    typer.Option(
        "--evaluate",
        "--metrics",
        help="Measure how faithful the maps are; compare with random.",
        show_default=False,
        rich_help_panel=SETTINGS,
    ),
]
SanityOption = Annotated[
    bool | None,
    typer.Option(
        "--sanity",
        help="Shuffle the weights layer by layer: do the maps change?",
        show_default=False,
        rich_help_panel=SETTINGS,
    ),
]
RegionOption = Annotated[
    str | None,
    typer.Option(
        "--region",
        metavar="x0,y0,x1,y1",
        help="Tell which share of a map lies in this box of the photo, in pixels.",
        rich_help_panel=SETTINGS,
    ),
]
BoxesOption = Annotated[
    Path | None,
    typer.Option(
        "--boxes",
        metavar="FILE",
        help="CSV with a box a line (path,x0,y0,x1,y1), for the pointing game.",
        rich_help_panel=SETTINGS,
    ),
]
ModelOption = Annotated[
    str | None,
    typer.Option(
        "--model",
        "-m",
        metavar="NAME|FILE",
        help="A network of keras.applications, or a .keras or .h5 file.",
        rich_help_panel=SETTINGS,
    ),
]
PreprocessOption = Annotated[
    str | None,
    typer.Option(
        "--preprocess",
        metavar="NAME",
        help="How the model's pictures are scaled: auto, caffe, tf, torch, unit, none.",
        rich_help_panel=SETTINGS,
    ),
]
OutputOption = Annotated[
    str | None,
    typer.Option(
        "--output",
        metavar="NAME",
        help="Which output is explained, of a model with several.",
        rich_help_panel=SETTINGS,
    ),
]
LabelsOption = Annotated[
    Path | None,
    typer.Option(
        "--labels",
        metavar="FILE",
        help="Names of the model's classes, one a line.",
        rich_help_panel=SETTINGS,
    ),
]
ImportOption = Annotated[
    list[str] | None,
    typer.Option(
        "--import",
        metavar="FILE.py",
        help="Python file with custom classes of the model; it is run.",
        rich_help_panel=SETTINGS,
    ),
]
TrustOption = Annotated[
    bool | None,
    typer.Option(
        "--trust-model",
        help="Let code in the model's file run.",
        show_default=False,
        rich_help_panel=SETTINGS,
    ),
]
WeightsOption = Annotated[
    str | None,
    typer.Option(
        "--weights",
        metavar="NAME|FILE",
        help="auto, imagenet (575 MB, downloaded if not cached), embedded, random, or a file.",
        rich_help_panel=SETTINGS,
    ),
]
DownloadOption = Annotated[
    bool | None,
    typer.Option(
        "--download",
        help="Let auto download the ImageNet weights.",
        show_default=False,
        rich_help_panel=SETTINGS,
    ),
]
HtmlOption = Annotated[
    Path | None,
    typer.Option(
        "--html",
        metavar="FILE",
        help="Also write one page with all results, to send around.",
        rich_help_panel=SETTINGS,
    ),
]
FilesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--files",
        metavar="KIND,...",
        help="What is written of every map: overlay, heatmap, raw, figure (all unless given), "
        "signed (raw before the ReLU).",
        rich_help_panel=SETTINGS,
    ),
]
FormatOption = Annotated[
    str | None,
    typer.Option(
        "--format", metavar="png|jpg|webp", help="Of the pictures.", rich_help_panel=SETTINGS
    ),
]
BatchSizeOption = Annotated[
    int | None,
    typer.Option(
        "--batch-size",
        min=1,
        metavar="N",
        help="The most pictures that the model sees at once.",
        rich_help_panel=RUNNING,
    ),
]
ShardOption = Annotated[
    str | None,
    typer.Option(
        "--shard",
        metavar="I/N",
        help="Explain this share of the pictures only: n machines share a directory.",
        rich_help_panel=RUNNING,
    ),
]
FailFastOption = Annotated[
    bool | None,
    typer.Option(
        "--fail-fast",
        help="Stop at the first picture that cannot be explained.",
        show_default=False,
        rich_help_panel=RUNNING,
    ),
]
ListLayersOption = Annotated[
    bool,
    typer.Option("--list-layers", help="Print the layers of the model, and stop."),
]


def numbers(given: str | None) -> list[int | str] | None:
    """The numbers of an option that takes several, divided by commas; other words as they are."""
    if given is None:
        return None
    return [int(part) if part.strip().isdigit() else part for part in given.split(",")]


def words(given: list[str] | None) -> list[str] | None:
    """The words of an option that is repeatable and takes several at once, divided by commas."""
    return [word.strip() for word in ",".join(given).split(",")] if given else None
