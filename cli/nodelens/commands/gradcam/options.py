"""The options of `node gradcam`."""

from pathlib import Path

from nodelens.commands.flag import RUNNING, option, several, switch, words
from nodelens.commands.options import (
    CONFIG,
    DEVICE,
    DRY_RUN,
    FORCE,
    HELP_SETTING,
    OUT_SETTING,
    SEED,
    SET,
    SHOW_CONFIG,
    SettingsCall,
)
from nodelens.explaining.methods.registry import methods_help


def _box(given: str) -> list[int | str]:
    """Reads numbers between commas; what is none is left to the validation of the settings."""
    return [int(part) if part.strip().isdigit() else part for part in given.split(",")]


class GradcamCall(SettingsCall, command="gradcam"):
    """A call of `node gradcam`."""

    images = several(
        Path,
        metavar="IMAGE...",
        help="Pictures, directories of them, patterns, or - for a list on stdin.",
    )
    layers = several(
        str,
        "--layer",
        "-l",
        sets="layers",
        metavar="NAME",
        help="Layer to look at, such as block5_conv4; repeatable.",
    )
    classes = several(
        str,
        "--class",
        sets="classes",
        metavar="INDEX|NAME",
        help="Class to explain instead of the predicted one; repeatable.",
    )
    top_k = option(
        int, "--top-k", sets="top_k", min=1, metavar="K", help="Explain the K best classes."
    )
    methods = several(
        str,
        "--method",
        sets="methods",
        parse=words,
        metavar="NAME,...",
        help=f"{methods_help()}; repeatable.",
    )
    target = option(
        str, "--target", sets="target", metavar="logit|prob|margin", help="Score to explain."
    )
    against = option(
        str,
        "--against",
        sets="against",
        metavar="INDEX|NAME",
        help="With --target margin: the class to compare with.",
    )
    counterfactual = switch(
        "--counterfactual",
        sets="counterfactual",
        help="Show what speaks against the class instead.",
    )
    signed = switch(
        "--signed", sets="signed", help="Show both what speaks for and against the class."
    )
    smooth = option(
        str,
        "--smooth",
        sets="smooth",
        metavar="aug|eigen",
        help="Smooth the maps of layers: mean over changed pictures, or first component.",
    )
    metrics = switch(
        "--evaluate",
        "--metrics",
        sets="metrics",
        help="Measure how faithful the maps are, compared with random ones.",
    )
    sanity = switch(
        "--sanity",
        sets="sanity",
        help="Shuffle the weights layer by layer, to see whether the maps change.",
    )
    region = option(
        str,
        "--region",
        sets="region",
        parse=_box,
        metavar="x0,y0,x1,y1",
        help="Report the share of each map in this box of the photo, in pixels.",
    )
    boxes = option(
        Path,
        "--boxes",
        sets="boxes",
        metavar="FILE",
        help="CSV file with one box per line (path,x0,y0,x1,y1), for the pointing game.",
    )
    files = several(
        str,
        "--files",
        sets="output.files",
        parse=words,
        metavar="KIND,...",
        help="Files to write for each map: overlay, heatmap, raw, figure (by default these four), "
        "signed (raw before the ReLU).",
    )
    format = option(
        str,
        "--format",
        sets="output.format",
        metavar="png|jpg|webp",
        help="Format of the pictures.",
    )
    html = option(
        Path,
        "--html",
        sets="output.html",
        metavar="FILE",
        help="Also write one HTML page with all results.",
    )
    model = option(
        str,
        "--model",
        "-m",
        sets="model.name",
        metavar="NAME|FILE",
        help="A network of keras.applications, or a .keras or .h5 file.",
    )
    weights = option(
        str,
        "--weights",
        sets="model.weights",
        metavar="NAME|FILE",
        help="auto, imagenet (575 MB, downloaded if not cached), embedded, random, or a file.",
    )
    download = switch(
        "--download", sets="model.download", help="Allow auto to download the ImageNet weights."
    )
    preprocess = option(
        str,
        "--preprocess",
        sets="model.preprocess",
        metavar="NAME",
        help="Scaling of the model's input: auto, caffe, tf, torch, unit, none.",
    )
    model_output = option(
        str,
        "--output",
        sets="model.output",
        metavar="NAME",
        help="Output to explain, for a model with several.",
    )
    labels = option(
        Path,
        "--labels",
        sets="model.labels",
        metavar="FILE",
        help="File with the names of the model's classes, one per line.",
    )
    imports = several(
        str,
        "--import",
        sets="model.imports",
        metavar="FILE.py",
        help="Python file with custom classes of the model; it is run.",
    )
    trust_model = switch(
        "--trust-model", sets="model.trust", help="Allow code in the model's file to run."
    )
    batch_size = option(
        int,
        "--batch-size",
        sets="batch_size",
        panel=RUNNING,
        min=1,
        metavar="N",
        help="Largest number of pictures given to the model at once.",
    )
    shard = option(
        str,
        "--shard",
        sets="shard",
        panel=RUNNING,
        metavar="I/N",
        help="Explain only part I of N of the pictures, so that N machines divide them.",
    )
    fail_fast = switch(
        "--fail-fast",
        sets="fail_fast",
        panel=RUNNING,
        help="Stop at the first picture that cannot be explained.",
    )
    list_layers = switch("--list-layers", help="Print the layers of the model, and stop.")
    config, overrides = CONFIG, SET
    show_config, help_setting = SHOW_CONFIG, HELP_SETTING
    seed, device, out = SEED, DEVICE, OUT_SETTING
    force, dry_run = FORCE, DRY_RUN
