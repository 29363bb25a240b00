"""Explaining many pictures: read ahead, computed in batches, written behind.

The model has the machine to itself while threads decode the pictures of the next batch and write
the maps of the last one. No more than three batches of photos are held, however many there are.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from nodelens.errors import NodelensError, StoppedError
from nodelens.explaining.complete import explain_frames, with_sanity
from nodelens.explaining.explainer import Explainer
from nodelens.explaining.explanation import Explanation
from nodelens.explaining.out_of_memory import OutOfMemoryError
from nodelens.explaining.output.manifest import MANIFEST, find_done, write_manifest
from nodelens.explaining.output.save import save_explanation, save_judging
from nodelens.explaining.output.strips import strip_of
from nodelens.explaining.pictures.files import refuse_unreadable
from nodelens.explaining.pictures.opening import open_picture
from nodelens.explaining.preparation import Prepared
from nodelens.explaining.result import PictureResult
from nodelens.figures.contact_sheet import COMPARISON, sheet_png
from nodelens.runtime.files import whole_directory, write_bytes

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Explained:
    """One picture that was explained.

    Attributes:
        path: The file.
        directory: The directory of the files of its maps and of the manifest.
        picture: What was found out, and its files.
        again: True if all of this had been found out before.
        view: The result of `Batch.view`.
    """

    path: Path
    directory: Path
    picture: PictureResult
    again: bool = False
    view: Any = None


@dataclass(frozen=True)
class Failed:
    """One picture that could not be explained.

    Attributes:
        path: The file.
        error: The reason.
    """

    path: Path
    error: NodelensError


@dataclass(frozen=True)
class Batch:
    """The circumstances under which pictures are explained; the rest is in the settings.

    Attributes:
        record: What it takes to repeat the run, for the manifests.
        force: True if what is there is replaced; otherwise what is done is not done again.
        view: Called with the result and the pixels of each picture where threads read and write,
            for what is drawn of many pictures together.
        smaller: Called with the new size where the memory is too small for a batch.
    """

    record: Mapping[str, Any]
    force: bool = False
    view: Callable[[PictureResult, np.ndarray], Any] | None = None
    smaller: Callable[[int], object] = lambda size: None


def explain_files(
    explainer: Explainer, plan: Mapping[Path, Path], batch: Batch
) -> Iterator[Explained | Failed]:
    """Explains pictures; one that cannot be explained does not stop the others.

    Args:
        explainer: The model and the settings.
        plan: For each picture its directory, see `plan_files`.
        batch: The circumstances.

    Yields:
        For each picture in turn, what became of it.
    """
    size = BatchSize(even_size(len(plan), explainer.settings.batch_size), batch.smaller)
    pool = ThreadPoolExecutor(os.cpu_count())

    def prepare(item: tuple[Path, Path]) -> Prepared | Explained | Failed:
        return _prepare(explainer, *item, batch)

    def write(explanation: Explanation) -> Explained | Failed:
        return _write(explainer, explanation, plan[explanation.photo.path], batch)

    try:
        behind: list[Future[Explained | Failed] | Explained | Failed] = []
        most = size.now
        for items in _batches(_ahead(pool, prepare, plan.items(), most), most):
            prepared = [item for item in items if isinstance(item, Prepared)]
            writing = [pool.submit(write, each) for each in _explain(explainer, prepared, size)]
            yield from map(_result, behind)
            rest = iter(writing)
            behind = [next(rest) if isinstance(item, Prepared) else item for item in items]
        yield from map(_result, behind)
    except StoppedError as stop:
        hint = "the same command goes on where this one stopped"
        raise StoppedError(stop.exit_code, stop.message, hint=hint) from stop
    finally:
        # What is being written is finished; what has not begun is left for another time.
        pool.shutdown(cancel_futures=True)


def even_size(count: int, most: int) -> int:
    """Returns the size of batches that are full, or nearly: 17 pictures are 9 and 8, not 16 and 1.

    Args:
        count: The number of pictures.
        most: The largest size.

    Returns:
        The size; 1 if there are none.
    """
    batches = max(1, -(-count // most))
    return max(1, -(-count // batches))


class BatchSize:
    """The number of pictures that the model sees at once, halved where the memory is too small.

    Args:
        size: The first size.
        smaller: Called with every new size.
    """

    def __init__(self, size: int, smaller: Callable[[int], object]) -> None:
        self.now, self._smaller = size, smaller

    def run(self, compute: Callable[[int], T]) -> T:
        """Computes something with the size that the memory allows.

        Args:
            compute: The computation, given the size.

        Returns:
            Its result.

        Raises:
            OutOfMemoryError: The memory is too small for a single picture.
        """
        while True:
            try:
                return compute(self.now)
            except OutOfMemoryError:
                if self.now == 1:
                    raise
                self.now = -(-self.now // 2)
                self._smaller(self.now)


def _prepare(
    explainer: Explainer, path: Path, directory: Path, batch: Batch
) -> Prepared | Explained | Failed:
    """Decodes a picture, unless it has been explained before."""
    limit, frames = explainer.settings.max_pixels, explainer.settings.frames == "all"
    try:
        refuse_unreadable(path)
        if not batch.force and (done := find_done(directory, path, batch.record)):
            view = None
            if batch.view:
                view = batch.view(done, open_picture(path, pixel_limit=limit).pixels)
            return Explained(path, directory, done, again=True, view=view)
        return explainer.prepare(open_picture(path, pixel_limit=limit, frames=frames))
    except NodelensError as error:
        return Failed(path, error)


def _explain(
    explainer: Explainer, prepared: Sequence[Prepared], size: BatchSize
) -> Iterator[Explanation]:
    """Explains a batch, in smaller parts if the memory is short."""

    def in_parts(most: int) -> list[Explanation]:
        parts = [prepared[start : start + most] for start in range(0, len(prepared), most)]
        return [each for part in parts for each in explainer.explain_batch(part, most)]

    for each in size.run(in_parts):
        explanation = with_sanity(explainer, each) if explainer.settings.sanity else each
        yield size.run(partial(explain_frames, explainer, explanation))


def _write(
    explainer: Explainer, explanation: Explanation, directory: Path, batch: Batch
) -> Explained | Failed:
    """Writes the files of a picture, all of them or none."""
    photo, output = explanation.photo, explainer.settings.output
    try:
        with whole_directory(directory, last=MANIFEST) as unfinished:
            files = save_explanation(explanation, unfinished, output)
            figures = save_judging(explanation, unfinished)
            picture = explanation.without_pixels(files, figures)
            if len(files) > 1 and "overlay" in output.files:
                strip = strip_of(picture, photo.pixels)
                write_bytes(unfinished / COMPARISON, sheet_png([strip]))
            write_manifest(unfinished, picture, batch.record)
    except NodelensError as error:
        return Failed(photo.path, error)
    picture = picture.within(directory)
    view = batch.view(picture, photo.pixels) if batch.view else None
    return Explained(photo.path, directory, picture, view=view)


def _ahead(
    pool: ThreadPoolExecutor, function: Callable[[T], R], items: Iterable[T], count: int
) -> Iterator[R]:
    """Calls a function on items in turn, up to `count` of them before they are asked for."""
    waiting: deque[Future[R]] = deque()
    for item in items:
        waiting.append(pool.submit(function, item))
        if len(waiting) > count:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _batches(
    items: Iterable[Prepared | Explained | Failed], size: int
) -> Iterator[list[Prepared | Explained | Failed]]:
    """Groups items so that `size` pictures of each group have still to be explained."""
    group: list[Prepared | Explained | Failed] = []
    to_explain = 0
    for item in items:
        if not group and not isinstance(item, Prepared):
            yield [item]
            continue
        group.append(item)
        to_explain += isinstance(item, Prepared)
        if to_explain == size:
            yield group
            group, to_explain = [], 0
    if group:
        yield group


def _result(item: Future[Explained | Failed] | Explained | Failed) -> Explained | Failed:
    return item.result() if isinstance(item, Future) else item
