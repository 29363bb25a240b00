"""The work of `gradcam` on its pictures, and the output of the results."""

from dataclasses import replace
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
"""The number of pictures above which a note says what can be left out."""
FEW = 8
"""The most pictures that are described at length; of more, each gets one line."""


def print_layers(output: "Output", classifier: "Classifier") -> None:
    """Prints the layers of the model."""
    from nodelens.explaining.model.layers import list_layers
    from nodelens.explaining.output.document import layer_document, model_document
    from nodelens.report.gradcam.summary import layers_table

    rows = list_layers(classifier.model, classifier.input_size)
    document = {"layers": list(map(layer_document, rows)), "model": model_document(classifier)}
    output.result(document, layers_table(rows))


def print_plan(
    output: "Output",
    settings: "GradcamSettings",
    explainer: "Explainer",
    paths: list[Path],
) -> ExitCode:
    """Prints what would be done, after everything that can be checked has been."""
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
    """Returns the pictures that this call explains, each with its directory."""
    from nodelens.explaining.naming import plan_files, share_of

    plan = plan_files(explainer, paths, Path(settings.output.directory))
    number, count = map(int, (settings.shard or "1/1").split("/"))
    return share_of(plan, number, count)


def _digests(settings: "GradcamSettings") -> dict[str, str]:
    """Hashes the files that the settings name, so that another content is another question."""
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
    """Explains the pictures, and prints what was found while the others wait."""
    from nodelens.commands.gradcam.pages import pages_of
    from nodelens.explaining.averages import compare_methods
    from nodelens.explaining.batch import Batch, Explained, Failed, explain_files
    from nodelens.explaining.output.document import (
        image_document,
        metrics_document,
        model_document,
    )
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
    explained: list[Explained] = []
    failed: list[Failed] = []
    plan = _plan(settings, explainer, paths)
    pages = pages_of(settings, len(plan))
    batch = Batch(
        record,
        force=call.force,
        view=pages.view if pages.sheet or pages.html else None,
        smaller=lambda size: output.warn(
            f"the memory is too small for this batch: going on with {size} at once"
        ),
    )
    _note_costs(output, settings, len(plan))
    summary = image_summary if len(plan) <= FEW else image_line
    with shown_pace(output, len(plan)) as seen:
        for outcome in explain_files(explainer, plan, batch):
            if isinstance(outcome, Failed):
                if len(plan) == 1 or settings.fail_fast:
                    raise outcome.error
                print_error(*call.explained(outcome.error))
                failed.append(outcome)
                seen("failed")
                continue
            picture = outcome.picture
            seen("before" if outcome.again else "explained")
            if outcome.view:
                pages.add(outcome.view)
            if output.json or settings.metrics or settings.region or settings.boxes:
                explained.append(replace(outcome, view=None))
            for heat_map in picture.maps:
                if heat_map.empty:
                    output.warn(
                        f"{picture.path}: at {heat_map.layer} nothing speaks for "
                        f"{heat_map.target.name}; try another layer"
                    )
            if not output.json:
                output.result({}, *summary(picture, outcome.directory))
    rows = compare_methods([each.picture for each in explained])
    errors = [each.error.message for each in failed]
    for page in pages.finish(explainer.classifier, errors, rows, record):
        output.note(f"all together: {page}")
    if output.json:
        images = [
            {**image_document(each.picture), "explained_before": each.again} for each in explained
        ]
        failures = [{"path": str(each.path), "error": each.error.message} for each in failed]
        metrics = metrics_document(rows)
        output.result({"images": images, "failed": failures, "metrics": metrics, **record})
    elif rows:
        output.result({}, metrics_table(rows))
    return ExitCode.USAGE if failed else ExitCode.DONE


def _note_costs(output: "Output", settings: "GradcamSettings", pictures: int) -> None:
    """Notes what takes long, before it does."""
    from nodelens.explaining.judging.registry import DRAWS, runs_needed
    from nodelens.explaining.methods.registry import METHODS

    if slow := [name for name in settings.methods if METHODS[name].many_runs]:
        output.note(f"{', '.join(slow)}: the model runs many times, up to minutes on a CPU")
    if settings.metrics:
        runs = runs_needed(settings)
        output.note(
            f"evaluate: the model runs {runs} times for each map, and {DRAWS * runs} times for "
            "each random control"
        )
    if settings.sanity:
        output.note("sanity: every map is made again after each layer that is shuffled")
    if pictures > MANY and "figure" in settings.output.files:
        output.note("figures take their time: --files overlay,heatmap,raw leaves them out")
