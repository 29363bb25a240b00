"""A classifier ready to be explained: the model, and all that must be known to feed and read it."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np

from nodelens.errors import UsageError
from nodelens.explain.classes import ClassNames, imagenet_classes
from nodelens.explain.download import download_official
from nodelens.explain.embedded import load_embedded_vgg19
from nodelens.explain.vgg19 import DEFAULT_LAYER, INPUT_SIZE, build_vgg19
from nodelens.explain.weights_files import (
    WeightsFile,
    digest,
    embedded_file,
    official_file,
    refuse_unknown_weights,
)


@dataclass(frozen=True)
class Weights:
    """Which weights a model runs with.

    Attributes:
        kind: `imagenet`, `embedded`, `random` or `file`.
        description: What a person reads, for example under a figure.
        sha256: Of the file they come from; None for random ones.
        warning: What the user should know about how they were chosen.
    """

    kind: str
    description: str
    sha256: str | None
    warning: str | None = None


@dataclass(frozen=True)
class Classifier:
    """A model and what is needed to put a photo in and to read the scores that come out.

    Attributes:
        name: What the user calls it.
        model: The Keras model; it is never changed.
        weights: Where its weights come from.
        input_size: Height and width of its input.
        preprocess_name: The family of its preprocessing.
        preprocess: From `uint8` RGB images `(n, h, w, 3)` to what the model takes, float32.
        class_names: The names of its outputs.
        default_layer: The layer that is explained when none is named.
    """

    name: str
    model: keras.Model
    weights: Weights
    input_size: tuple[int, int]
    preprocess_name: str
    preprocess: Callable[[np.ndarray], np.ndarray]
    class_names: ClassNames
    default_layer: str


def _say_nothing(message: str) -> None:
    pass


def load_vgg19(
    weights: str = "auto",
    *,
    download: bool = False,
    announce: Callable[[str], None] = _say_nothing,
) -> Classifier:
    """Loads VGG19.

    Args:
        weights: `imagenet` are the official ones, downloaded if Keras' cache lacks them; `embedded`
            travel with the package; `auto` takes the official ones if they are complete in the
            cache, else the embedded; `random` are untrained; else the path of an HDF5 file.
        download: Whether `auto` may download the official ones.
        announce: Told in words before anything is downloaded.

    Returns:
        The classifier.

    Raises:
        UsageError: The file of weights is missing or does not fit.
        EnvironmentLacksError: The official weights can be had neither from the cache nor the net.
    """
    refuse_unknown_weights(weights)
    model, described = _load(weights, download, announce)
    return Classifier(
        name="vgg19",
        model=model,
        weights=described,
        input_size=INPUT_SIZE,
        preprocess_name="caffe",
        preprocess=_preprocess_caffe,
        class_names=imagenet_classes(),
        default_layer=DEFAULT_LAYER,
    )


def _load(
    weights: str, download: bool, announce: Callable[[str], None]
) -> tuple[keras.Model, Weights]:
    if weights in {"auto", "imagenet"}:
        file = official_file()
        if file.state != "complete" and (weights == "imagenet" or download):
            announce(f"downloading the official weights of VGG19 (575 MB) to {file.path}")
            file = download_official()
        if file.state == "complete":
            return _official(file)
        model, embedded = _embedded()
        if file.state == "damaged":
            warning = f"{file.path} is damaged or incomplete, and is not used"
            embedded = replace(embedded, warning=warning)
        return model, embedded
    if weights == "embedded":
        return _embedded()
    if weights == "random":
        model = build_vgg19("dense", initializer="glorot_uniform")
        return model, Weights("random", "random, untrained: the map means nothing", None)
    return _from_file(Path(weights))


def _preprocess_caffe(images: np.ndarray) -> np.ndarray:
    # Keras writes into a float array that it is given; a copy keeps the caller's.
    return keras.applications.vgg19.preprocess_input(images.astype(np.float32, copy=True))


def _embedded() -> tuple[keras.Model, Weights]:
    file = embedded_file()
    description = "embedded in nodelens (VGG19 with a distilled head, not Keras' ImageNet weights)"
    return load_embedded_vgg19(file), Weights("embedded", description, file.sha256)


def _official(file: WeightsFile) -> tuple[keras.Model, Weights]:
    model = build_vgg19("dense")
    model.load_weights(file.path)
    return model, Weights(
        "imagenet", "the official ImageNet weights of Keras for VGG19", file.sha256
    )


def _from_file(path: Path) -> tuple[keras.Model, Weights]:
    model = build_vgg19("dense")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Keras warns of is looked for below
            model.load_weights(path)
    except (ValueError, KeyError, OSError) as error:
        raise _do_not_fit(path, " ".join(str(error).split())[:300]) from error
    # Keras skips layers that a file does not know; they still hold the zeros they were built with.
    skipped = [layer.name for layer in model.layers if layer.weights and not np.any(layer.kernel)]
    if skipped:
        raise _do_not_fit(path, f"the file holds nothing for {', '.join(skipped)}")
    return model, Weights("file", f"VGG19 with the file {path.name}", digest(path, "sha256"))


def _do_not_fit(path: Path, reason: str) -> UsageError:
    return UsageError(
        f"{path}: the weights do not fit VGG19: {reason}",
        hint="expected what `keras.applications.VGG19().save_weights(…)` writes",
    )
