"""Explaining pictures from Python: one call."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import keras
import numpy as np
from PIL import Image

from nodelens.errors import UsageError
from nodelens.explaining.batch import even_size
from nodelens.explaining.explainer import Explainer
from nodelens.explaining.judging.sanity import with_sanity
from nodelens.explaining.model.classes import ClassNames
from nodelens.explaining.model.classifier import Classifier, Weights
from nodelens.explaining.model.loading import load_classifier, wrap_model
from nodelens.explaining.model.request import ModelRequest
from nodelens.explaining.pictures.images import Photo, load_photo
from nodelens.explaining.question import Question
from nodelens.explaining.result import Explanation

BATCH = 16
"""The most pictures that the model sees at once."""

Picture = str | Path | np.ndarray | Image.Image


def explain(
    model: keras.Model | str | Path,
    images: Picture | Sequence[Picture],
    *,
    layer: str | Sequence[str] = (),
    target: Literal["logit", "prob", "margin"] = "logit",
    method: str | Sequence[str] = "gradcam",
    classes: int | str | Sequence[int | str] = (),
    top_k: int = 1,
    against: int | str | None = None,
    counterfactual: bool = False,
    signed: bool = False,
    smooth: Literal["aug", "eigen"] | None = None,
    metrics: bool = False,
    sanity: bool = False,
    region: tuple[int, int, int, int] | None = None,
    weights: str = "auto",
    preprocess: str = "auto",
    labels: Sequence[str] | None = None,
    output: str | None = None,
) -> Explanation | list[Explanation]:
    """Explains what a classifier saw in pictures, as `node gradcam` does.

    The computation is compiled once a call: give all pictures of one model in one call.

        explanation = nodelens.explain("vgg19", "cat.jpg", layer="block5_conv4")
        explanation.predictions[0].name, explanation.maps[0].values
        explanation.save("cat")

    Args:
        model: A Keras model; or the name of a network of `keras.applications`; or the path of a
            `.keras` or `.h5` file. It is not changed.
        images: A picture or a list of pictures: paths, PIL images, or `uint8` arrays, RGB
            `(height, width, 3)` or grey `(height, width)`.
        layer: Names of layers; none stands for the last one with spatial axes, "all" for a strip
            through the network.
        target: The score that is explained: the `logit`, the probability (`prob`), or the `margin`
            of the logit over that of another class.
        method: Names of methods, such as "gradcam" (Selvaraju et al. 2017) or "layercam".
        classes: Indices or names of classes; none stands for the best ones of each picture.
        top_k: How many of the best classes are explained where none are named.
        against: The other class of the margin; None stands for the best other one.
        counterfactual: Whether the gradient is negated, to show what speaks against the class.
        signed: Whether what speaks against the class is shown as well.
        smooth: Whether maps of layers are averaged over changed copies of the picture (`aug`), or
            reduced to what the channels share (`eigen`).
        metrics: Whether it is measured how faithful the maps are, beside random maps.
        sanity: Whether the maps are made again with shuffled weights, in a copy of the model.
        region: A box `(x0, y0, x1, y1)` in pixels of each picture, with which maps are compared.
        weights: Of a network by name: `auto`, `imagenet`, `embedded`, `random`, or a file.
        preprocess: How pixels are scaled for a model of your own: `unit` (0 to 1), `tf` (-1 to 1),
            `caffe`, `torch`, or `none` (0 to 255); `auto` stands for what the network, or a
            `Rescaling` layer of the model, says.
        labels: The names of the classes of a model of your own.
        output: Which output is explained, of a model with several.

    Returns:
        The explanation of the picture, or a list of them if `images` is a list.

    Raises:
        UsageError: The model, a layer, a class or a picture is not what it should be.
        EnvironmentLacksError: The weights can be had neither from the cache nor the net.
    """
    classifier = _classifier(model, weights, preprocess, labels, output)
    names = classifier.class_names
    explainer = Explainer(
        classifier,
        Question(
            layers=_several(layer),
            classes=[names.find(str(wanted)) for wanted in _several(classes)],
            best=top_k,
            methods=_several(method),
            target=target,
            against=None if against is None else names.find(str(against)),
            counterfactual=counterfactual,
            signed=signed,
            smooth=smooth,
            metrics=metrics,
            sanity=sanity,
            region=region,
        ),
    )
    if isinstance(images, (str, Path, np.ndarray, Image.Image)):
        return _complete(explainer, explainer.explain(_photo(images)))
    photos = [explainer.prepare(_photo(image)) for image in images]
    size = even_size(len(photos), BATCH)
    batches = [photos[start : start + size] for start in range(0, len(photos), size)]
    found = (each for batch in batches for each in explainer.explain_batch(batch, size))
    return [_complete(explainer, each) for each in found]


def _complete(explainer: Explainer, explanation: Explanation) -> Explanation:
    return with_sanity(explainer, explanation) if explainer.question.sanity else explanation


def _several(one_or_many: Any) -> list[Any]:
    return [one_or_many] if isinstance(one_or_many, (str, int)) else list(one_or_many)


def _classifier(
    model: keras.Model | str | Path,
    weights: str,
    preprocess: str,
    labels: Sequence[str] | None,
    output: str | None,
) -> Classifier:
    names = None if labels is None else ClassNames(tuple(labels))
    if isinstance(model, keras.Model):
        request = ModelRequest(name=model.name, preprocess=preprocess, output=output)
        weights_in_use = Weights("memory", f"those of the model {model.name}", None)
        return wrap_model(model, request, weights_in_use, names)
    request = ModelRequest(str(model), weights=weights, preprocess=preprocess, output=output)
    return load_classifier(request, class_names=names)


def _photo(picture: Picture) -> Photo:
    if isinstance(picture, (str, Path)):
        return load_photo(Path(picture))
    if isinstance(picture, Image.Image):
        picture = np.asarray(picture.convert("RGB"))
    if (
        picture.dtype != np.uint8
        or picture.ndim not in (2, 3)
        or picture.shape[2:] not in {(), (3,)}
    ):
        raise UsageError(
            "expected a picture as a uint8 array (height, width, 3) or (height, width), received "
            f"{picture.dtype} of shape {picture.shape}",
            hint="values from 0 to 1 become such a picture by (255 * values).astype('uint8')",
        )
    if picture.ndim == 2:
        picture = np.repeat(picture[..., None], 3, axis=-1)
    pixels = np.ascontiguousarray(picture)
    return Photo(Path("array"), hashlib.sha256(pixels.tobytes()).hexdigest(), pixels)
