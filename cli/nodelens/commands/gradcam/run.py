"""What `gradcam` does with its pictures, and what it says of them."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from nodelens.errors import ExitCode

if TYPE_CHECKING:
    from nodelens.commands.gradcam.options import GradcamCall
    from nodelens.explaining.explainer import Explainer
    from nodelens.explaining.model.classifier import Classifier
    from nodelens.explaining.settings import GradcamSettings
    from nodelens.report.output import Output

MANY = 100
"""For more pictures than this it is worth telling what can be left out."""
FEW = 8
"""So many pictures are told of at length; of more, each gets one line."""


def print_layers(output: "Output", classifier: "Classifier") -> None:
    """Prints the layers of the model."""
    from nodelens.explaining.model.layers import list_layers
    from nodelens.explaining.output.document import layer_document, model_document
    from nodelens.report.gradcam.summary import layers_table

    rows = [layer_document(row) for row in list_layers(classifier.model, classifier.input_size)]
    output.result({"layers": rows, "model": model_document(classifier)}, layers_table(rows))


def print_plan(
    output: "Output",
    settings: "GradcamSettings",
    explainer: "Explainer",
    paths: list[Path],
) -> ExitCode:
    """Tells what would be done, after everything that can be checked has been."""
    from nodelens.explaining.output.document import model_document

    plan = _plan(settings, explainer, paths)
    output.result(
        {
            "dry_run": True,
            "images": [{"path": p, "directory": d} for p, d in plan.items()],
            "model": model_document(explainer.classifier),
        },
        *(f"{path} would be explained in {directory}/" for path, directory in plan.items()),
    )
    return ExitCode.DONE


def _plan(
    settings: "GradcamSettings", explainer: "Explainer", paths: list[Path]
) -> dict[Path, Path]:
    """The pictures that this call explains, each with its directory."""
    from nodelens.explaining.output.naming import plan_files, share_of

    plan = plan_files(explainer, paths, Path(settings.output.directory))
    number, count = map(int, (settings.shard or "1/1").split("/"))
    return share_of(plan, number, count)


def _digests(settings: "GradcamSettings") -> dict[str, str]:
    """Of the files that the settings name, so that another content is another question."""
    from nodelens.explaining.model.weights_files import digest

    named = [settings.boxes, settings.model.labels, *settings.model.imports]
    return {name: digest(Path(name), "sha256") for name in named if name}


def explain_pictures(
    call: "GradcamCall",
    output: "Output",
    settings: "GradcamSettings",
    explainer: "Explainer",
    paths: list[Path],
    device: str,
) -> ExitCode:
    """Explains the pictures, and tells what was found while the others wait."""
    from nodelens.commands.gradcam.pages import pages_of
    from nodelens.explaining.batch import Batch, Failed, explain_files
    from nodelens.explaining.judging.averages import metrics_document
    from nodelens.explaining.methods.registry import METHODS
    from nodelens.explaining.output.document import model_document
    from nodelens.report.gradcam.metrics import metrics_table
    from nodelens.report.gradcam.progress import shown_pace
    from nodelens.report.gradcam.summary import image_line, image_summary
    from nodelens.report.output import print_error
    from nodelens.runtime.provenance import provenance

    record: dict[str, Any] = {
        "model": model_document(explainer.classifier),
        "settings": settings.model_dump(mode="json"),
        "files_sha256": _digests(settings),
        **provenance(seed=settings.seed, device=device, data_sha256=None),
    }
    if slow := [name for name in settings.methods if METHODS[name].many_runs]:
        output.note(f"{', '.join(slow)}: the model runs many times, up to minutes on a CPU")
    if settings.metrics:
        runs = 2 * settings.metric_steps + 14
        output.note(
            f"evaluate: the model runs {runs} times for each map, and {3 * runs} times for each "
            "random control"
        )
    if settings.sanity:
        output.note("sanity: every map is made again after each layer that is shuffled")
    images: list[dict[str, Any]] = []
    failed: list[dict[str, str]] = []
    plan = _plan(settings, explainer, paths)
    pages = pages_of(settings, len(plan))
    batch = Batch(
        record,
        size=settings.batch_size,
        max_pixels=settings.max_pixels,
        frames=settings.frames == "all",
        files=settings.output.files,
        picture_format=settings.output.format,
        alpha=settings.output.alpha,
        force=call.force,
        view=pages.view if pages.sheet or pages.html else None,
        tell=output.warn,
    )
    if len(plan) > MANY and "figure" in settings.output.files:
        output.note("figures take their time: --files overlay,heatmap,raw leaves them out")
    summary = image_summary if len(plan) <= FEW else image_line
    with shown_pace(output, len(plan)) as tell:
        for outcome in explain_files(explainer, plan, batch):
            if isinstance(outcome, Failed):
                if len(plan) == 1 or settings.fail_fast:
                    raise outcome.error
                print_error(*call.explained(outcome.error))
                failed.append({"path": str(outcome.path), "error": outcome.error.message})
                tell("failed")
                continue
            document = outcome.document
            tell("before" if outcome.again else "explained")
            if output.json or settings.metrics or settings.region or settings.boxes:
                images.append({**document, "explained_before": outcome.again})
            if outcome.view:
                pages.add(outcome.view)
            for heat_map in document["maps"]:
                if heat_map["empty"]:
                    output.warn(
                        f"{document['path']}: at {heat_map['layer']} nothing speaks for "
                        f"{heat_map['class_name']}; try another layer"
                    )
            if not output.json:
                output.result({}, *summary(document, outcome.directory))
    metrics = metrics_document(images)
    for page in pages.finish(failed, metrics, record):
        output.note(f"all together: {page}")
    if output.json:
        output.result({"images": images, "failed": failed, "metrics": metrics, **record})
    elif metrics:
        output.result({}, metrics_table(metrics))
    return ExitCode.USAGE if failed else ExitCode.DONE
