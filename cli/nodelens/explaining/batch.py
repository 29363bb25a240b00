"""Explaining many pictures: read ahead, computed in batches, written behind.

The model has the machine to itself while threads decode the pictures of the next batch and write
the maps of the last one. No more than three batches of photos are held, however many there are.
"""

import os
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from nodelens.errors import NodelensError, StoppedError
from nodelens.explaining.explainer import Explainer
from nodelens.explaining.judging.sanity import with_sanity
from nodelens.explaining.out_of_memory import OutOfMemoryError
from nodelens.explaining.output.document import image_document
from nodelens.explaining.output.manifest import MANIFEST, find_done, write_manifest
from nodelens.explaining.output.save import FILES, map_files, save_explanation, save_judging
from nodelens.explaining.pictures.animation import explain_frames
from nodelens.explaining.pictures.files import PIXEL_LIMIT, refuse_unreadable
from nodelens.explaining.pictures.opening import open_picture
from nodelens.explaining.preparation import Prepared
from nodelens.explaining.result import Explanation
from nodelens.explaining.settings import GradcamSettings
from nodelens.figures.contact_sheet import COMPARISON, sheet_png, strip_of
from nodelens.figures.overlay import ALPHA
from nodelens.runtime.files import whole_directory, write_bytes

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Explained:
    """One picture that was explained.

    Attributes:
        path: The file.
        directory: Where the files of its maps and the manifest are.
        document: What was found out, as the picture's part of the JSON document.
        again: Whether all of this had been found out before.
        view: What `Batch.view` made of it.
    """

    path: Path
    directory: Path
    document: dict[str, Any]
    again: bool = False
    view: Any = None


@dataclass(frozen=True)
class Failed:
    """One picture that was not.

    Attributes:
        path: The file.
        error: Why not.
    """

    path: Path
    error: NodelensError


@dataclass(frozen=True)
class Batch:
    """How many pictures are explained.

    Attributes:
        size: The most pictures that the model sees at once.
        max_pixels: Larger pictures are refused.
        frames: Whether all frames of an animation are explained, and not its first only.
        files: Which of `FILES` are written.
        picture_format: Of the pictures that are written, see `PICTURE_OPTIONS`.
        alpha: Opacity of the heat map over the photo.
        force: Whether what is there is replaced; otherwise what is done is not done again.
        record: What it takes to repeat the run, for the manifests.
        view: Called with the document and the pixels of each picture where threads read and write,
            for what is drawn of many pictures together.
        tell: Told in words when the memory is too small for a batch.
    """

    record: Mapping[str, Any]
    size: int = GradcamSettings.model_fields["batch_size"].default
    max_pixels: int = PIXEL_LIMIT
    frames: bool = True
    files: Collection[str] = FILES
    picture_format: str = "png"
    alpha: float = ALPHA
    force: bool = False
    view: Callable[[dict[str, Any], np.ndarray], Any] | None = None
    tell: Callable[[str], None] = print


def explain_files(
    explainer: Explainer, plan: Mapping[Path, Path], batch: Batch
) -> Iterator[Explained | Failed]:
    """Explains pictures; one that cannot be explained does not stop the others.

    Args:
        explainer: The model and what is asked of it.
        plan: For each picture its directory, see `plan_files`.
        batch: How.

    Yields:
        For each picture in turn, what became of it.
    """
    size = even_size(len(plan), batch.size)
    pool = ThreadPoolExecutor(os.cpu_count())

    def prepare(item: tuple[Path, Path]) -> Prepared | Explained | Failed:
        return _prepare(explainer, *item, batch)

    def write(explanation: Explanation) -> Explained | Failed:
        return _write(explanation, plan[explanation.photo.path], batch)

    try:
        behind: list[Future[Explained | Failed] | Explained | Failed] = []
        for items in _batches(_ahead(pool, prepare, plan.items(), size), size):
            prepared = [item for item in items if isinstance(item, Prepared)]
            explanations, size = _explain(explainer, prepared, size, batch.tell)
            complete = (explain_frames(explainer, each, size) for each in explanations)
            writing = [pool.submit(write, explanation) for explanation in complete]
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
    """The size of batches that are full, or nearly: 17 pictures are 9 and 8, not 16 and 1.

    Args:
        count: How many pictures there are.
        most: The largest size.

    Returns:
        The size; 1 if there are none.
    """
    batches = max(1, -(-count // most))
    return max(1, -(-count // batches))


def _prepare(
    explainer: Explainer, path: Path, directory: Path, batch: Batch
) -> Prepared | Explained | Failed:
    """Decodes a picture, unless it has been explained before."""
    try:
        refuse_unreadable(path)
        if not batch.force and (done := find_done(directory, path, batch.record)):
            photo = open_picture(path, pixel_limit=batch.max_pixels) if batch.view else None
            view = batch.view(done, photo.pixels) if batch.view and photo else None
            return Explained(path, directory, done, again=True, view=view)
        photo = open_picture(path, pixel_limit=batch.max_pixels, frames=batch.frames)
        return explainer.prepare(photo)
    except NodelensError as error:
        return Failed(path, error)


def _explain(
    explainer: Explainer, prepared: Sequence[Prepared], size: int, tell: Callable[[str], None]
) -> tuple[list[Explanation], int]:
    """Explains a batch, in smaller parts if the memory is short; returns their size as well."""
    while True:
        parts = [prepared[start : start + size] for start in range(0, len(prepared), size)]
        try:
            found = [each for part in parts for each in explainer.explain_batch(part, size)]
            if explainer.settings.sanity:
                found = [with_sanity(explainer, each) for each in found]
            return found, size
        except OutOfMemoryError:
            if size == 1:
                raise
            size = -(-size // 2)
            tell(f"the memory is too small for this batch: going on with {size} at once")


def _write(explanation: Explanation, directory: Path, batch: Batch) -> Explained | Failed:
    """Writes the files of a picture, all of them or none."""
    path = explanation.photo.path
    try:
        with whole_directory(directory, last=MANIFEST) as unfinished:
            written = save_explanation(
                explanation,
                unfinished,
                kinds=batch.files,
                picture_format=batch.picture_format,
                alpha=batch.alpha,
            )
            if len(written) > 1 and "overlay" in batch.files:
                strip = strip_of(image_document(explanation, written), explanation.photo.pixels)
                write_bytes(unfinished / COMPARISON, sheet_png([strip]))
            figures = save_judging(explanation, unfinished)
            write_manifest(unfinished, explanation, written, figures, batch.record)
    except NodelensError as error:
        return Failed(path, error)
    files = [
        map_files(heat_map, directory, batch.files, batch.picture_format)
        for heat_map in explanation.maps
    ]
    figures = {kind: directory / file.name for kind, file in figures.items()}
    document = image_document(explanation, files, figures)
    view = batch.view(document, explanation.photo.pixels) if batch.view else None
    return Explained(path, directory, document, view=view)


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
    """Groups items so that `size` pictures of each group are to be explained."""
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
