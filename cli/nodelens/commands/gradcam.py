"""`node gradcam`: explain what an image classifier saw in a picture."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nodelens.commands.gradcam_options import (
    AgainstOption,
    ClassOption,
    CounterfactualOption,
    DownloadOption,
    HtmlOption,
    ImagesArgument,
    ImportOption,
    LabelsOption,
    LayerOption,
    ListLayersOption,
    MethodOption,
    MetricsOption,
    ModelOption,
    PreprocessOption,
    SignedOption,
    TargetOption,
    TopKOption,
    TrustOption,
    WeightsOption,
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
from nodelens.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from nodelens.explain.classes import ClassNames
    from nodelens.explain.classifier import Classifier
    from nodelens.explain.explainer import Explainer
    from nodelens.explain.request import ModelRequest
    from nodelens.report.output import Output
    from nodelens.settings.gradcam import GradcamSettings

MANY_RUNS = ("scorecam", "smoothgrad", "integrated-gradients", "occlusion")


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
    metrics: MetricsOption = None,
    html: HtmlOption = None,
    model: ModelOption = None,
    weights: WeightsOption = None,
    download: DownloadOption = None,
    preprocess: PreprocessOption = None,
    labels: LabelsOption = None,
    import_: ImportOption = None,
    trust_model: TrustOption = None,
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
            "output.html": ("--html", None if html is None else str(html)),
            "model.name": ("--model", model),
            "model.weights": ("--weights", weights),
            "model.download": ("--download", download),
            "model.preprocess": ("--preprocess", preprocess),
            "model.labels": ("--labels", None if labels is None else str(labels)),
            "model.imports": ("--import", import_ or None),
            "model.trust": ("--trust-model", trust_model),
            "layers": ("--layer", layer or None),
            "classes": ("--class", class_ or None),
            "top_k": ("--top-k", top_k),
            "methods": ("--method", method and [m.strip() for m in ",".join(method).split(",")]),
            "target": ("--target", target),
            "against": ("--against", against),
            "counterfactual": ("--counterfactual", counterfactual),
            "signed": ("--signed", signed),
            "metrics": ("--metrics", metrics),
        },
        json=json,
        quiet=quiet,
        verbose=verbose,
    )
    from nodelens.settings.gradcam import GradcamSettings

    output, resolved = call.output(), call.settings(GradcamSettings)
    if show_config_:
        show_config(output, resolved)
        return ExitCode.DONE
    settings = resolved.settings
    if list_layers:
        _request(settings).refuse_if_unknown()
        _print_layers(output, _load(output, settings)[0])
        return ExitCode.DONE
    # What is wrong with the call is told before TensorFlow takes its seconds to start.
    paths = _checked(images or [])
    _refuse_unwritable_page(settings, force=force)
    request = _request(settings)
    request.refuse_if_unknown()
    if names := request.known_classes():
        _class_indices(settings, names)
    classifier, device_name = _load(output, settings)
    classes = _class_indices(settings, classifier.class_names)
    if dry_run:
        return _plan(output, settings, classifier, paths, classes)
    return _explain(output, settings, classifier, paths, classes, device_name, force=force)


def _checked(paths: list[Path]) -> list[Path]:
    """Refuses a call of which no picture can be read; a batch goes on with those that can."""
    from nodelens.explain.image_files import find_pictures, refuse_unreadable

    if not paths:
        raise UsageError("no picture was given", hint="name one: gradcam sample_images/cat.jpg")
    paths = find_pictures(paths)
    errors = []
    for path in paths:
        try:
            refuse_unreadable(path)
        except UsageError as error:
            errors.append(error)
    if len(errors) < len(paths):
        return paths
    if len(errors) == 1:
        raise errors[0]
    listed = "\n".join(f"  {error.message}" for error in errors)
    raise UsageError(f"none of the {len(paths)} pictures can be read:\n{listed}")


def _refuse_unwritable_page(settings: "GradcamSettings", *, force: bool) -> None:
    from nodelens.runtime.files import refuse_overwriting

    if settings.output.html is None:
        return
    page = Path(settings.output.html)
    if page.is_dir():
        raise UsageError(f"{page} is a directory", hint=f"name a file: --html {page}/report.html")
    if not page.parent.is_dir():
        raise UsageError(f"there is no directory {page.parent} for the page {page.name}")
    refuse_overwriting([page], force=force)


def _request(settings: "GradcamSettings") -> "ModelRequest":
    from nodelens.explain.request import ModelRequest

    model = settings.model
    return ModelRequest(
        name=model.name,
        weights=model.weights,
        download=model.download,
        preprocess=model.preprocess,
        input_size=model.input_size,
        output=model.output,
        labels=None if model.labels is None else Path(model.labels),
        imports=tuple(Path(file) for file in model.imports),
        trust=model.trust,
    )


def _class_indices(settings: "GradcamSettings", names: "ClassNames") -> list[int]:
    return [names.find(str(wanted)) for wanted in settings.classes]


def _load(output: "Output", settings: "GradcamSettings") -> "tuple[Classifier, str]":
    """Starts TensorFlow and loads the model; tells on what and with which weights it runs."""
    from nodelens.runtime.tensorflow import start_tensorflow

    device = start_tensorflow(settings.device, settings.seed, verbose=output.verbose).description
    output.note(f"device: {device}")

    from nodelens.explain.loading import load_classifier

    with _stdout_to_stderr(output):
        classifier = load_classifier(_request(settings), announce=output.note)
    if classifier.weights.warning:
        output.warn(classifier.weights.warning)
    output.note(f"weights: {classifier.weights.description}")
    return classifier, device


@contextmanager
def _stdout_to_stderr(output: "Output") -> Iterator[None]:
    """Keras reports the progress of a download on stdout, which belongs to the result."""
    with (
        Path(os.devnull).open("w") as nowhere,
        redirect_stdout(nowhere if output.quiet else sys.stderr),
    ):
        yield


def _print_layers(output: "Output", classifier: "Classifier") -> None:
    from nodelens.explain.document import layer_document, model_document
    from nodelens.explain.layers import list_layers
    from nodelens.report.gradcam_summary import layers_table

    rows = [layer_document(row) for row in list_layers(classifier.model, classifier.input_size)]
    output.result({"layers": rows, "model": model_document(classifier)}, layers_table(rows))


def _explainer(
    settings: "GradcamSettings", classifier: "Classifier", classes: list[int]
) -> "Explainer":
    from nodelens.explain.explainer import Explainer
    from nodelens.explain.question import PixelSettings, Question

    against = None if settings.against is None else str(settings.against)
    return Explainer(
        classifier,
        Question(
            layers=settings.layers,
            classes=classes,
            best=settings.top_k,
            methods=settings.methods,
            target=settings.target,
            against=None if against is None else classifier.class_names.find(against),
            counterfactual=settings.counterfactual,
            signed=settings.signed,
            metrics=settings.metrics,
            metric_steps=settings.metric_steps,
            pixels=PixelSettings(**settings.pixels.model_dump(), seed=settings.seed),
        ),
    )


def _plan(
    output: "Output",
    settings: "GradcamSettings",
    classifier: "Classifier",
    paths: list[Path],
    classes: list[int],
) -> ExitCode:
    """Tells what would be done, after everything that can be checked has been."""
    from nodelens.explain.document import model_document
    from nodelens.explain.run import plan_files

    explainer = _explainer(settings, classifier, classes)
    directories = plan_files(explainer, paths, Path(settings.output.directory))
    output.result(
        {
            "dry_run": True,
            "images": [{"path": p, "directory": d} for p, d in directories.items()],
            "model": model_document(classifier),
        },
        *(f"{path} would be explained in {directory}/" for path, directory in directories.items()),
    )
    return ExitCode.DONE


def _explain(
    output: "Output",
    settings: "GradcamSettings",
    classifier: "Classifier",
    paths: list[Path],
    classes: list[int],
    device: str,
    *,
    force: bool,
) -> ExitCode:
    from nodelens.explain.document import image_document, metrics_document, model_document
    from nodelens.explain.run import Failed, explain_files
    from nodelens.report.figures.gradcam_page import gradcam_page, image_section
    from nodelens.report.gradcam_metrics import metrics_table
    from nodelens.report.gradcam_summary import image_summary
    from nodelens.report.output import print_error
    from nodelens.runtime.files import write_text
    from nodelens.runtime.provenance import provenance

    record: dict[str, Any] = {
        "model": model_document(classifier),
        "settings": settings.model_dump(mode="json"),
        **provenance(seed=settings.seed, device=device, data_sha256=None),
    }
    if slow := [method for method in settings.methods if method in MANY_RUNS]:
        output.note(f"{', '.join(slow)}: the model runs many times, up to minutes on a CPU")
    if settings.metrics:
        runs = 2 * settings.metric_steps + 4
        output.note(f"metrics: the model runs {runs} times for each map")
    images: list[dict[str, Any]] = []
    failed: list[dict[str, str]] = []
    sections: list[str] = []
    outcomes = explain_files(
        _explainer(settings, classifier, classes),
        paths,
        Path(settings.output.directory),
        record=record,
        alpha=settings.output.alpha,
        max_pixels=settings.max_pixels,
        force=force,
    )
    for outcome in outcomes:
        if isinstance(outcome, Failed):
            if len(paths) == 1:
                raise outcome.error
            print_error(outcome.error.message, outcome.error.hint)
            failed.append({"path": str(outcome.path), "error": outcome.error.message})
            continue
        document = image_document(outcome.explanation, outcome.files)
        images.append(document)
        if settings.output.html:
            sections.append(image_section(document, outcome.explanation.photo.pixels))
        for heat_map in outcome.explanation.maps:
            if heat_map.empty:
                output.warn(
                    f"{document['path']}: at {heat_map.layer} nothing speaks for "
                    f"{heat_map.target.name}; try another layer"
                )
        if not output.json:
            output.result({}, *image_summary(document, outcome.directory))
    metrics = metrics_document(images)
    if settings.output.html:
        page = gradcam_page(sections, failed, metrics, record)
        write_text(Path(settings.output.html), page)
        output.note(f"page: {settings.output.html}")
    if output.json:
        output.result({"images": images, "failed": failed, "metrics": metrics, **record})
    elif metrics:
        output.result({}, metrics_table(metrics))
    return ExitCode.USAGE if failed else ExitCode.DONE
