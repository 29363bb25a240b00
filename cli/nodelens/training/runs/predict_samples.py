"""Predictions of a network on samples, as files."""

import csv
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nodelens.errors import UsageError
from nodelens.runtime.files import make_directory, refuse_overwriting, write_bytes, write_text
from nodelens.training.runs.load_samples import SampleRun


@dataclass(frozen=True)
class SamplePrediction:
    """What a network makes of samples.

    Attributes:
        classes: The names of the classes; empty if values were computed.
        outputs: Probabilities, or values, shape [samples, outputs].
        answers: The true labels or values, if they are known.
    """

    classes: tuple[str, ...]
    outputs: np.ndarray
    answers: np.ndarray | None

    @property
    def labels(self) -> np.ndarray:
        """The most probable class of each sample."""
        return np.argmax(self.outputs, axis=1)

    def to_csv(self) -> str:
        """A table with a row for each sample."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        if self.classes:
            writer.writerow(["sample", "class", *(f"p({name})" for name in self.classes)])
        else:
            names = [f"y{index + 1}" for index in range(self.outputs.shape[1])]
            writer.writerow(["sample", *names])
        for number, row in enumerate(self.outputs, start=1):
            name = [self.classes[int(np.argmax(row))]] if self.classes else []
            writer.writerow([number, *name, *(f"{value:.6g}" for value in row)])
        return text.getvalue()

    def document(self, files: dict[str, Path]) -> dict[str, Any]:
        """The JSON document of `predict-ode`."""
        found: dict[str, Any] = {"samples": len(self.outputs)}
        if self.classes:
            counts = np.bincount(self.labels, minlength=len(self.classes))
            found["classes"] = dict(zip(self.classes, counts.tolist(), strict=True))
        if self.answers is not None and self.classes:
            found["accuracy"] = float(np.mean(self.labels == self.answers))
        elif self.answers is not None:
            found["mean_absolute_error"] = float(np.mean(np.abs(self.outputs - self.answers)))
        return {**found, "files": {name: str(path) for name, path in files.items()}}


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
    try:
        found = np.load(file, allow_pickle=False)
        if isinstance(found, np.lib.npyio.NpzFile):
            found = found["x"]
        return np.asarray(found, np.float32)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror or error}") from error
    except KeyError as error:
        raise UsageError(f"{file} has no array `x`") from error
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        raise UsageError(f"{file} is no NPZ or NPY file of numbers: {error}") from error


def write_samples(found: SamplePrediction, directory: Path, *, force: bool) -> dict[str, Path]:
    """Writes predictions as CSV and NPZ.

    Raises:
        UsageError: If a file is there already and `force` is not set.
    """
    files = {kind: directory / f"prediction.{kind}" for kind in ("csv", "npz")}
    make_directory(directory)
    refuse_overwriting(list(files.values()), force=force)
    write_text(files["csv"], found.to_csv())
    arrays = {"outputs": found.outputs}
    if found.classes:
        arrays |= {"labels": found.labels, "classes": np.array(found.classes)}
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    write_bytes(files["npz"], buffer.getvalue())
    return files
