"""What `gradcam` does with its pictures, and what it says of them."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from nodelens.errors import ExitCode

if TYPE_CHECKING:
    from nodelens.explain.classifier import Classifier
    from nodelens.explain.explainer import Explainer
    from nodelens.report.output import Output
    from nodelens.settings.gradcam import GradcamSettings

MANY_RUNS = ("scorecam", "smoothgrad", "integrated-gradients", "occlusion")


def print_layers(output: "Output", classifier: "Classifier") -> None:
    """Prints the layers of the model."""
    from nodelens.explain.document import layer_document, model_document
    from nodelens.explain.layers import list_layers
    from nodelens.report.gradcam_summary import layers_table

    rows = [layer_document(row) for row in list_layers(classifier.model, classifier.input_size)]
    output.result({"layers": rows, "model": model_document(classifier)}, layers_table(rows))


def print_plan(
    output: "Output",
    settings: "GradcamSettings",
    explainer: "Explainer",
    paths: list[Path],
) -> ExitCode:
    """Tells what would be done, after everything that can be checked has been."""
    from nodelens.explain.document import model_document
    from nodelens.explain.run import plan_files

    directories = plan_files(explainer, paths, Path(settings.output.directory))
    output.result(
        {
            "dry_run": True,
            "images": [{"path": p, "directory": d} for p, d in directories.items()],
            "model": model_document(explainer.classifier),
        },
        *(f"{path} would be explained in {directory}/" for path, directory in directories.items()),
    )
    return ExitCode.DONE


def explain_pictures(
    output: "Output",
    settings: "GradcamSettings",
    explainer: "Explainer",
    paths: list[Path],
    device: str,
    *,
    force: bool,
) -> ExitCode:
    """Explains the pictures, and tells what was found while the others wait."""
    from nodelens.explain.document import image_document, metrics_document, model_document
    from nodelens.explain.run import Failed, explain_files
    from nodelens.report.figures.gradcam_page import gradcam_page, image_section
    from nodelens.report.gradcam_metrics import metrics_table
    from nodelens.report.gradcam_summary import image_summary
    from nodelens.report.output import print_error
    from nodelens.runtime.files import write_text
    from nodelens.runtime.provenance import provenance

    record: dict[str, Any] = {
        "model": model_document(explainer.classifier),
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
        explainer,
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
