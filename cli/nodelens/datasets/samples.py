"""Samples x with an answer y each, which a network learns to classify or to compute."""

from dataclasses import dataclass, replace

import numpy as np

from nodelens.errors import UsageError


@dataclass(frozen=True)
class Samples:
    """Samples and their answers.

    Attributes:
        x: Shape [samples, features] or [samples, height, width, channels]; float32 or uint8.
        y: Labels, int32, shape [samples], or values, float32, shape [samples, outputs].
        classes: The names of the classes, in the order of their labels; empty if y are values.
    """

    x: np.ndarray
    y: np.ndarray
    classes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.x)

    @property
    def labelled(self) -> bool:
        """True if y are labels."""
        return bool(self.classes)

    def at(self, rows: np.ndarray) -> "Samples":
        """Returns the samples at some rows."""
        return replace(self, x=self.x[rows], y=self.y[rows])


@dataclass(frozen=True)
class SampleData:
    """Samples to learn from.

    Attributes:
        samples: The samples, without those of the test part.
        test: A test part that came with the data; None if it has none of its own.
        title: The data in words, for titles and reports.
        source: Its origin.
    """

    samples: Samples
    test: Samples | None
    title: str
    source: str

    def content(self) -> bytes:
        """Returns all numbers, for hashing."""
        parts = [self.samples] + ([self.test] if self.test is not None else [])
        arrays = [array for part in parts for array in (part.x, part.y)]
        return b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)


def make_samples(
    x: np.ndarray, y: np.ndarray, source: str, classes: tuple[str, ...] = ()
) -> Samples:
    """Checks arrays and makes samples of them.

    Args:
        x: Shape [samples], [samples, features], [samples, height, width] or [samples, height,
            width, channels].
        y: Shape [samples] with whole numbers from 0 (labels), or [samples] or [samples, outputs]
            with other numbers (values).
        source: Their origin, for messages.
        classes: The names of the classes, if they have any.

    Raises:
        UsageError: If they do not fit together; the message says what does not.
    """
    if x.dtype == object or not (np.issubdtype(x.dtype, np.number) or x.dtype == bool):
        raise UsageError(f"{source}: x is no array of numbers; all samples need the same shape")
    if x.ndim not in (1, 2, 3, 4):
        raise UsageError(
            f"{source}: x of the shape {list(x.shape)}; [samples, features] or "
            "[samples, height, width, channels] was expected"
        )
    if len(x) != len(y) or len(x) == 0:
        raise UsageError(f"{source}: {len(x):,} samples x and {len(y):,} answers y do not match")
    x = x[:, None] if x.ndim == 1 else x[..., None] if x.ndim == 3 else x
    x = x if x.dtype == np.uint8 else x.astype(np.float32)
    if not np.isfinite(x).all():
        raise UsageError(f"{source}: x has values that are missing or not finite")
    if y.dtype == bool or np.issubdtype(y.dtype, np.integer):
        return Samples(x, _labels(y, source, classes), classes or _numbered(y))
    if not np.issubdtype(y.dtype, np.floating) or y.ndim not in (1, 2):
        raise UsageError(
            f"{source}: y of the type {y.dtype} and the shape {list(y.shape)}; whole numbers "
            "[samples] (labels) or numbers [samples] or [samples, outputs] (values) were expected"
        )
    if not np.isfinite(y).all():
        raise UsageError(f"{source}: y has values that are missing or not finite")
    return Samples(x, y.reshape(len(y), -1).astype(np.float32), ())


def _numbered(y: np.ndarray) -> tuple[str, ...]:
    return tuple(str(label) for label in range(int(y.max()) + 1))


def _labels(y: np.ndarray, source: str, classes: tuple[str, ...]) -> np.ndarray:
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim != 1:
        raise UsageError(
            f"{source}: labels of the shape {list(y.shape)}; one whole number a sample was expected"
        )
    lowest, highest = int(y.min()), int(y.max())
    if classes and not 0 <= lowest <= highest < len(classes):
        raise UsageError(
            f"{source}: labels from {lowest} to {highest}, out of the range of the "
            f"{len(classes)} classes, 0 to {len(classes) - 1}"
        )
    if lowest < 0 or highest >= len(y) or (not classes and len(np.unique(y)) <= highest):
        raise UsageError(
            f"{source}: labels from {lowest} to {highest}, of which {len(np.unique(y))} occur; "
            "0 to K − 1 were expected, each of them used",
            hint="number them again: y = np.unique(y, return_inverse=True)[1]; if y are values "
            "to fit, not labels, store them as floats",
        )
    if len(np.unique(y)) < 2:
        raise UsageError(f"{source}: all samples are of one class; there is nothing to learn")
    return y.astype(np.int32)
