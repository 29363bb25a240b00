"""The names of the directories in which pictures are explained."""

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from nodelens.explaining.explainer import Explainer
from nodelens.explaining.pictures.files import distinct_stems
from nodelens.explaining.question import PixelSettings

LONGEST_NAME = 100


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


def share_of(plan: Mapping[Path, Path], number: int, count: int) -> dict[Path, Path]:
    """The pictures that one of several machines explains; together they explain all, each once.

    Args:
        plan: For each picture its directory, the same on all machines.
        number: Of this machine, from 1.
        count: Of machines.

    Returns:
        Every `count`-th picture with its directory.
    """
    return dict(list(plan.items())[number - 1 :: count])


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
    words += [question.smooth] if question.smooth else []
    words += ["metrics"] if question.metrics else []
    words += ["sanity"] if question.sanity else []
    words += [f"region-{'.'.join(map(str, question.region))}"] if question.region else []
    words += ["boxes"] if question.boxes else []
    words += [
        f"{name}-{value}"
        for name, value in vars(question.pixels).items()
        if question.has_settings and value != getattr(PixelSettings(), name)
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
