"""Explaining many pictures, one after the other, each into a directory of its own."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from nodelens.errors import NodelensError
from nodelens.explain.document import image_document
from nodelens.explain.explainer import Explainer
from nodelens.explain.explanation import Explanation
from nodelens.explain.image_files import distinct_stems
from nodelens.explain.images import load_photo
from nodelens.explain.question import PixelSettings
from nodelens.explain.save import MapFiles, save_explanation
from nodelens.report.output import to_json
from nodelens.runtime.files import claim_directory, write_text

MANIFEST = "manifest.json"
LONGEST_NAME = 100


@dataclass(frozen=True)
class Explained:
    """One picture that was explained.

    Attributes:
        explanation: What was found out.
        files: The files of each map.
        directory: Where they are, together with the manifest.
    """

    explanation: Explanation
    files: tuple[MapFiles, ...]
    directory: Path


@dataclass(frozen=True)
class Failed:
    """One picture that was not.

    Attributes:
        path: The file.
        error: Why not.
    """

    path: Path
    error: NodelensError


def explain_files(
    explainer: Explainer,
    paths: Sequence[Path],
    root: Path,
    *,
    record: Mapping[str, Any],
    alpha: float,
    max_pixels: int,
    force: bool,
) -> Iterator[Explained | Failed]:
    """Explains pictures; one that cannot be explained does not stop the others.

    Args:
        explainer: The model and what is asked of it.
        paths: The pictures.
        root: Below it every picture gets a directory, see `plan_files`.
        record: What it takes to repeat the run, for the manifests.
        alpha: Opacity of the heat map over the photo.
        max_pixels: Larger pictures are refused.
        force: Whether files are overwritten.

    Yields:
        For each picture in turn, what became of it.
    """
    for path, directory in plan_files(explainer, paths, root).items():
        try:
            photo = load_photo(path, pixel_limit=max_pixels)
            claim_directory(directory, force=force)
            explanation = explainer.explain(photo)
            files = save_explanation(explanation, directory, alpha=alpha, force=force)
        except NodelensError as error:
            yield Failed(path, error)
            continue
        # Written last: where there is a manifest, everything that it names is there.
        write_text(directory / MANIFEST, _manifest(explanation, files, record))
        yield Explained(explanation, files, directory)


def plan_files(explainer: Explainer, paths: Sequence[Path], root: Path) -> dict[Path, Path]:
    """Chooses the directory of every picture: named after the picture and what is asked of it.

    Another question about the same picture gets another directory, the same question the same.

    Args:
        explainer: What is asked.
        paths: The pictures.
        root: Where the directories are.

    Returns:
        For each picture its directory.
    """
    words = question_words(explainer)
    return {
        path: root / directory_name(stem, words) for path, stem in distinct_stems(paths).items()
    }


def question_words(explainer: Explainer) -> str:
    """What is asked, in words that tell it from any other question.

    Args:
        explainer: The model and the question.

    Returns:
        The layers, and whatever is not as usual.
    """
    question, names = explainer.question, explainer.classifier.class_names
    words = [] if explainer.classifier.name == "vgg19" else [explainer.classifier.name]
    everywhere = "all" in question.layers
    words += ["all"] if everywhere else [".".join(row.name for row in explainer.layers)]
    words += [f"{index}-{names[index]}" for index in question.classes]
    words += [f"top{question.best}"] if question.best > 1 else []
    words += [] if list(question.methods) == ["gradcam"] else [".".join(question.methods)]
    words += [] if question.target == "logit" else [question.target]
    words += [] if question.against is None else [f"against-{names[question.against]}"]
    words += ["counterfactual"] if question.counterfactual else []
    words += ["signed"] if question.signed else []
    words += ["metrics"] if question.metrics else []
    words += [
        f"{name}-{value}"
        for name, value in vars(question.pixels).items()
        if question.pixel_methods and value != getattr(PixelSettings(), name)
    ]
    return "-".join(word for word in words if word)


def directory_name(stem: str, question: str) -> str:
    """The name of the directory of one picture.

    Args:
        stem: The name of the picture.
        question: What is asked.

    Returns:
        A name that is safe on every file system; a very long one is cut and ends in a checksum.
    """
    name = re.sub(r"[^\w.+-]+", "_", f"{stem}-{question}")
    if len(name) <= LONGEST_NAME:
        return name
    return f"{name[: LONGEST_NAME - 9]}-{sha256(name.encode()).hexdigest()[:8]}"


def _manifest(
    explanation: Explanation, files: Sequence[MapFiles], record: Mapping[str, Any]
) -> str:
    """The JSON document of the command for this one picture, with paths beside the manifest."""
    document = image_document(explanation, [each.names() for each in files])
    return to_json({"schema": 1, "command": "gradcam", "images": [document], **record})
