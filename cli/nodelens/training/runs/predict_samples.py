"""Predictions of a run that has learned from samples."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from nodelens.datasets.numpy_files import ONLY, open_arrays
from nodelens.errors import UsageError
from nodelens.training.runs.load_samples import SampleRun
from nodelens.training.runs.numbers import as_csv


@dataclass(frozen=True)
class SamplePrediction:
    """The outputs of a network for samples.

    Attributes:
        classes: The names of the classes; empty if values were computed.
        outputs: Probabilities, or values, shape [samples, outputs].
        answers: The true labels or values; None where they are not known.
    """

    classes: tuple[str, ...]
    outputs: np.ndarray
    answers: np.ndarray | None

    name: ClassVar[str] = "prediction"

    @property
    def labels(self) -> np.ndarray:
        """The most probable class of each sample."""
        return np.argmax(self.outputs, axis=1)

    @property
    def counts(self) -> dict[str, int]:
        """The number of samples that were classified as each class."""
        counts = np.bincount(self.labels, minlength=len(self.classes))
        return dict(zip(self.classes, counts.tolist(), strict=True))

    @property
    def accuracy(self) -> float | None:
        """The fraction classified correctly; None where that is not known."""
        if self.answers is None or not self.classes:
            return None
        return float(np.mean(self.labels == self.answers))

    @property
    def mean_absolute_error(self) -> float | None:
        """The error of the values; None where it is not known."""
        if self.answers is None or self.classes:
            return None
        return float(np.mean(np.abs(self.outputs - self.answers)))

    def to_csv(self) -> str:
        """Returns a CSV table with a row for each sample."""
        rows = enumerate(self.outputs.tolist(), start=1)
        if not self.classes:
            names = [f"y{index + 1}" for index in range(self.outputs.shape[1])]
            return as_csv(["sample", *names], ([n, *row] for n, row in rows), digits=6)
        labelled = zip(rows, self.labels, strict=True)
        return as_csv(
            ["sample", "class", *(f"p({name})" for name in self.classes)],
            ([number, self.classes[label], *row] for (number, row), label in labelled),
            digits=6,
        )

    def arrays(self) -> dict[str, np.ndarray]:
        """Returns the arrays of an NPZ file."""
        labels = {"labels": self.labels, "classes": np.array(self.classes)} if self.classes else {}
        return {"outputs": self.outputs, **labels}


def predict_samples(run: SampleRun, file: Path | None) -> SamplePrediction:
    """Predicts samples of a file, or the test part of the run's own data.

    Args:
        run: The run.
        file: An NPY file of samples, or an NPZ file with the array `x`.

    Raises:
        UsageError: If the file holds no samples of this shape.
    """
    answers = None
    if file is None:
        x, answers = run.unseen.x, run.unseen.y
    else:
        x = _read(file)
    outputs = run.predict(x)
    if run.classes:
        shifted = np.exp(outputs - outputs.max(axis=1, keepdims=True))
        outputs = shifted / shifted.sum(axis=1, keepdims=True)
    return SamplePrediction(run.classes, outputs, answers)


def _read(file: Path) -> np.ndarray:
    hint = "write samples with `numpy.savez(file, x=samples)` or `numpy.save(file, samples)`"
    arrays = open_arrays(file, kind="NPZ or NPY", hint=hint)
    x = arrays.get(ONLY, arrays.get("x"))
    if x is None:
        raise UsageError(f"{file} has no array `x`", hint=hint)
    if x.dtype.kind not in "bfiu":
        raise UsageError(f"{file}: x is of {x.dtype}; real numbers were expected")
    return x.astype(np.float32)
