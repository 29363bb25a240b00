"""The names of the directories in which pictures are explained."""

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from nodelens.explaining.explainer import Explainer
from nodelens.explaining.methods.registry import METHODS
from nodelens.explaining.pictures.files import distinct_stems
from nodelens.explaining.settings import PixelSettings

LONGEST_NAME = 100


def plan_files(explainer: Explainer, paths: Sequence[Path], root: Path) -> dict[Path, Path]:
    """Chooses the directory of every picture: named after the picture and the settings.

    Other settings for the same picture give another directory, the same settings the same.

    Args:
        explainer: The model and the settings.
        paths: The pictures.
        root: The directory of these directories.

    Returns:
        For each picture its directory.
    """
    words = question_words(explainer)
    return {
        path: root / directory_name(stem, words) for path, stem in distinct_stems(paths).items()
    }


def share_of(plan: Mapping[Path, Path], number: int, count: int) -> dict[Path, Path]:
    """Selects the pictures of one of several machines; together they explain all, each once.

    Args:
        plan: For each picture its directory, the same on all machines.
        number: The number of this machine, from 1.
        count: The number of machines.

    Returns:
        Every `count`-th picture with its directory.
    """
    return dict(list(plan.items())[number - 1 :: count])


def question_words(explainer: Explainer) -> str:
    """Makes the words that tell these settings from any others: layers, and what is not usual."""
    settings, names = explainer.settings, explainer.classifier.class_names
    classes = explainer.classes
    words = [] if explainer.classifier.name == "vgg19" else [explainer.classifier.name]
    everywhere = "all" in settings.layers
    words += ["all"] if everywhere else [".".join(row.name for row in explainer.layers)]
    words += [f"{index}-{names[index]}" for index in classes.explained]
    words += [f"top{settings.top_k}"] if settings.top_k > 1 else []
    words += [] if list(settings.methods) == ["gradcam"] else [".".join(settings.methods)]
    words += [] if settings.target == "logit" else [settings.target]
    words += [] if classes.against is None else [f"against-{names[classes.against]}"]
    words += ["counterfactual"] if settings.counterfactual else []
    words += ["signed"] if settings.signed else []
    words += [settings.smooth] if settings.smooth else []
    words += ["metrics"] if settings.metrics else []
    words += ["sanity"] if settings.sanity else []
    words += [f"region-{'.'.join(map(str, settings.region))}"] if settings.region else []
    words += ["boxes"] if settings.boxes else []
    usual = {**dict(PixelSettings()), "seed": 0}
    words += [
        f"{name}-{value}"
        for name, value in {**dict(settings.pixels), "seed": settings.seed}.items()
        if any(METHODS[method].has_settings for method in settings.methods) and value != usual[name]
    ]
    return "-".join(word for word in words if word)


def directory_name(stem: str, question: str) -> str:
    """Makes a name that is safe on every file system; a long one is cut and ends in a checksum.

    Args:
        stem: The name of the picture.
        question: The words of the settings.
    """
    name = re.sub(r"[^\w.+-]+", "_", f"{stem}-{question}")
    if len(name) <= LONGEST_NAME:
        return name
    return f"{name[: LONGEST_NAME - 9]}-{sha256(name.encode()).hexdigest()[:8]}"
