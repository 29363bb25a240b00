"""The start of TensorFlow and the loading of the model that `gradcam` explains."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nodelens.explaining.model.classifier import Classifier
    from nodelens.explaining.settings import GradcamSettings
    from nodelens.report.output import Output


def load(output: "Output", settings: "GradcamSettings") -> "tuple[Classifier, str]":
    """Starts TensorFlow and loads the model; notes the device and the weights."""
    from nodelens.runtime.tensorflow import start_tensorflow

    device = start_tensorflow(settings.device, settings.seed, verbose=output.verbose).description
    output.note(f"device: {device}")

    from nodelens.explaining.model.loading import load_classifier

    with _stdout_to_stderr(output):
        classifier = load_classifier(settings.model, announce=output.note)
    if classifier.weights.warning:
        output.warn(classifier.weights.warning)
    output.note(f"weights: {classifier.weights.description}")
    return classifier, device


@contextmanager
def _stdout_to_stderr(output: "Output") -> Iterator[None]:
    """Redirects what Keras prints of a download: stdout belongs to the result."""
    with (
        Path(os.devnull).open("w") as nowhere,
        redirect_stdout(nowhere if output.quiet else sys.stderr),
    ):
        yield
