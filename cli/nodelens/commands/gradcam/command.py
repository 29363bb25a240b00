"""`node gradcam`: explain what an image classifier saw in a picture."""

from pathlib import Path

from nodelens.commands.gradcam.options import (
    AgainstOption,
    BatchSizeOption,
    BoxesOption,
    ClassOption,
    CounterfactualOption,
    DownloadOption,
    FailFastOption,
    FilesOption,
    FormatOption,
    HtmlOption,
    ImagesArgument,
    ImportOption,
    LabelsOption,
    LayerOption,
    ListLayersOption,
    MethodOption,
    MetricsOption,
    ModelOption,
    OutputOption,
    PreprocessOption,
    RegionOption,
    SanityOption,
    ShardOption,
    SignedOption,
    SmoothOption,
    TargetOption,
    TopKOption,
    TrustOption,
    WeightsOption,
    numbers,
    words,
)
from nodelens.commands.options import (
    Call,
    ConfigOption,
    DebugOption,
    DeviceOption,
    DryRunOption,
    ForceOption,
    JsonOption,
    OutOption,
    QuietOption,
    SeedOption,
    SetOption,
    ShowConfigOption,
    VerboseOption,
    show_config,
)
from nodelens.errors import ExitCode


def gradcam(
    images: ImagesArgument = None,
    layer: LayerOption = None,
    class_: ClassOption = None,
    top_k: TopKOption = None,
    method: MethodOption = None,
    target: TargetOption = None,
    against: AgainstOption = None,
    counterfactual: CounterfactualOption = None,
    signed: SignedOption = None,
    smooth: SmoothOption = None,
    metrics: MetricsOption = None,
    sanity: SanityOption = None,
    region: RegionOption = None,
    boxes: BoxesOption = None,
    files: FilesOption = None,
    format_: FormatOption = None,
    html: HtmlOption = None,
    model: ModelOption = None,
    weights: WeightsOption = None,
    download: DownloadOption = None,
    preprocess: PreprocessOption = None,
    output_: OutputOption = None,
    labels: LabelsOption = None,
    import_: ImportOption = None,
    trust_model: TrustOption = None,
    batch_size: BatchSizeOption = None,
    shard: ShardOption = None,
    fail_fast: FailFastOption = None,
    list_layers: ListLayersOption = False,
    config: ConfigOption = None,
    set_: SetOption = None,
    show_config_: ShowConfigOption = False,
    seed: SeedOption = None,
    device: DeviceOption = None,
    out: OutOption = None,
    force: ForceOption = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
    debug: DebugOption = False,
) -> ExitCode:
    """Show what a classifier looked at when it named a picture, with Grad-CAM.

    Every picture gets a directory with an overlay, a heat map, the raw map,
    a figure and a manifest. The classifier is VGG19 unless --model says
    otherwise. Where the ImageNet weights of Keras are not cached, trained
    weights of VGG19 that travel with nodelens are used.
    """
    call = Call(
        "gradcam",
        config=config,
        overrides=set_,
        flags={
            "seed": ("--seed", seed),
            "device": ("--device", device),
            "output.directory": ("--out", None if out is None else str(out)),
            "output.files": ("--files", words(files)),
            "output.format": ("--format", format_),
            "output.html": ("--html", None if html is None else str(html)),
            "model.name": ("--model", model),
            "model.weights": ("--weights", weights),
            "model.download": ("--download", download),
            "model.preprocess": ("--preprocess", preprocess),
            "model.output": ("--output", output_),
            "model.labels": ("--labels", None if labels is None else str(labels)),
            "model.imports": ("--import", import_ or None),
            "model.trust": ("--trust-model", trust_model),
            "layers": ("--layer", layer or None),
            "classes": ("--class", class_ or None),
            "top_k": ("--top-k", top_k),
            "methods": ("--method", words(method)),
            "target": ("--target", target),
            "against": ("--against", against),
            "counterfactual": ("--counterfactual", counterfactual),
            "signed": ("--signed", signed),
            "smooth": ("--smooth", smooth),
            "metrics": ("--evaluate", metrics),
            "sanity": ("--sanity", sanity),
            "region": ("--region", numbers(region)),
            "boxes": ("--boxes", None if boxes is None else str(boxes)),
            "batch_size": ("--batch-size", batch_size),
            "shard": ("--shard", shard),
            "fail_fast": ("--fail-fast", fail_fast),
        },
        json=json,
        quiet=quiet,
        verbose=verbose,
    )
    from nodelens.commands.gradcam.pages import refuse_unwritable_pages
    from nodelens.commands.gradcam.run import explain_pictures, print_layers, print_plan
    from nodelens.commands.gradcam.setup import (
        class_indices,
        explainer_of,
        load,
        model_request,
    )
    from nodelens.explaining.pictures.boxes import read_boxes
    from nodelens.explaining.pictures.files import find_pictures, refuse_if_none_readable
    from nodelens.explaining.settings import GradcamSettings

    output, resolved = call.output(), call.settings(GradcamSettings)
    if show_config_:
        show_config(output, resolved)
        return ExitCode.DONE
    settings = resolved.settings
    if list_layers:
        model_request(settings).refuse_if_unknown()
        print_layers(output, load(output, settings)[0])
        return ExitCode.DONE
    # What is wrong with the call is told before TensorFlow takes its seconds to start.
    paths = find_pictures(images or [])
    refuse_if_none_readable(paths)
    refuse_unwritable_pages(settings, force=force)
    if settings.boxes:
        read_boxes(Path(settings.boxes))
    request = model_request(settings)
    request.refuse_if_unknown()
    if names := request.known_classes():
        class_indices(settings, names)
    classifier, device_name = load(output, settings)
    explainer = explainer_of(settings, classifier)
    if dry_run:
        return print_plan(output, settings, explainer, paths)
    return explain_pictures(output, settings, explainer, paths, device_name, force=force)
