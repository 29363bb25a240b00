"""What `gradcam` makes ready before a picture is explained: files, model, question."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nodelens.explaining.explainer import Explainer
    from nodelens.explaining.model.classes import ClassNames
    from nodelens.explaining.model.classifier import Classifier
    from nodelens.explaining.model.request import ModelRequest
    from nodelens.explaining.settings import GradcamSettings
    from nodelens.report.output import Output


def model_request(settings: "GradcamSettings") -> "ModelRequest":
    """The model that the settings name."""
    from nodelens.explaining.model.request import ModelRequest

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


def class_indices(settings: "GradcamSettings", names: "ClassNames") -> list[int]:
    """The classes that the settings name, as indices."""
    return [names.find(str(wanted)) for wanted in settings.classes]


def load(output: "Output", settings: "GradcamSettings") -> "tuple[Classifier, str]":
    """Starts TensorFlow and loads the model; tells on what and with which weights it runs."""
    from nodelens.runtime.tensorflow import start_tensorflow

    device = start_tensorflow(settings.device, settings.seed, verbose=output.verbose).description
    output.note(f"device: {device}")

    from nodelens.explaining.model.loading import load_classifier

    with _stdout_to_stderr(output):
        classifier = load_classifier(model_request(settings), announce=output.note)
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


def explainer_of(settings: "GradcamSettings", classifier: "Classifier") -> "Explainer":
    """The question that the settings ask, put to a model."""
    from nodelens.explaining.explainer import Explainer
    from nodelens.explaining.pictures.boxes import read_boxes
    from nodelens.explaining.question import PixelSettings, Question

    against = None if settings.against is None else str(settings.against)
    return Explainer(
        classifier,
        Question(
            layers=settings.layers,
            classes=class_indices(settings, classifier.class_names),
            best=settings.top_k,
            methods=settings.methods,
            target=settings.target,
            against=None if against is None else classifier.class_names.find(against),
            counterfactual=settings.counterfactual,
            signed=settings.signed,
            smooth=settings.smooth,
            metrics=settings.metrics,
            metric_steps=settings.metric_steps,
            sanity=settings.sanity,
            region=settings.region,
            boxes=read_boxes(Path(settings.boxes)) if settings.boxes else {},
            pixels=PixelSettings(**settings.pixels.model_dump(), seed=settings.seed),
        ),
    )
