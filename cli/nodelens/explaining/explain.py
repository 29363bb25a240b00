"""Explaining pictures from Python: one call."""

import hashlib
from collections.abc import Sequence
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import Any

import keras
import numpy as np
from PIL import Image
from pydantic import ValidationError

from nodelens.errors import UsageError
from nodelens.explaining.batch import even_size
from nodelens.explaining.complete import explain_frames, with_sanity
from nodelens.explaining.explainer import Explainer
from nodelens.explaining.explanation import Explanation
from nodelens.explaining.model.classes import ClassNames, read_labels
from nodelens.explaining.model.classifier import Classifier, Weights
from nodelens.explaining.model.loading import load_classifier, wrap_model
from nodelens.explaining.pictures.opening import open_picture
from nodelens.explaining.pictures.photo import Photo
from nodelens.explaining.settings import GradcamSettings, ModelSettings
from nodelens.registry import suggestion
from nodelens.settings.explain_errors import faults_of

Picture = str | Path | np.ndarray | Image.Image

_OF_COMMAND = {"name", "model", "device", "shard", "fail_fast"}
_OF_MODEL = [name for name in ModelSettings.model_fields if name != "name"]
_SINGULAR = {"layer": "layers", "method": "methods"}
_SEVERAL = ("layers", "methods", "classes")
_FIELDS = {**GradcamSettings.model_fields, **ModelSettings.model_fields}
SETTINGS = {
    **{name: _FIELDS[name].default for name in (*_OF_MODEL, *_FIELDS) if name not in _OF_COMMAND},
    "frames": "first",
}
"""The settings that `explain` takes, and what they are unless given."""


def explain(
    model: keras.Model | str | Path, images: Picture | Sequence[Picture], **settings: Any
) -> Explanation | list[Explanation]:
    """Explains what a classifier saw in pictures, as `node gradcam` does.

    The computation is compiled once a call: give all pictures of one model in one call.

        explanation = nodelens.explain("vgg19", "cat.jpg", layers="block5_conv4")
        explanation.predictions[0].name, explanation.maps[0].values
        explanation.save("cat")

    Args:
        model: A Keras model; or the name of a network of `keras.applications`; or the path of a
            `.keras` or `.h5` file. It is not changed.
        images: A picture or a list of pictures: paths, PIL images, or `uint8` arrays, RGB
            `(height, width, 3)` or grey `(height, width)`.
        **settings: The settings of `node gradcam` by their names in its configuration file, as
            `GradcamSettings` describes them (`layers`, `classes`, `methods`, `target`, `metrics`,
            `pixels={"samples": 64}` and so on), and those of its group `model` (`weights`,
            `preprocess`, `input_size`, `output`, ...). `layers`, `methods` and `classes` may be one
            or several; `layer` and `method` are other names of them. `labels` is a file or the
            names of the classes themselves. `frames` is `first` unless given.

    Returns:
        The explanation of the picture, or a list of them if `images` is a list.

    Raises:
        UsageError: The model, a setting, a layer, a class or a picture is not what it should be.
        EnvironmentLacksError: The weights can be had neither from the cache nor the net.
    """
    names = _names(settings.pop("labels", None))
    checked = _checked(model, settings)
    explainer = Explainer(_classifier(model, checked.model, names), checked)
    single = isinstance(images, Picture)
    pictures = [images] if isinstance(images, Picture) else list(images)
    photos = [explainer.prepare(_photo(picture, checked)) for picture in pictures]
    size = even_size(len(photos), checked.batch_size)
    found = [
        _complete(explainer, explanation, size)
        for start in range(0, len(photos), size)
        for explanation in explainer.explain_batch(photos[start : start + size], size)
    ]
    return found[0] if single else found


def _signature() -> Signature:
    """Makes the signature with the settings by name, for those who ask for help."""
    positional = list(signature(explain).parameters.values())[:2]
    named = [Parameter(name, Parameter.KEYWORD_ONLY, default=SETTINGS[name]) for name in SETTINGS]
    return Signature([*positional, *named])


explain.__signature__ = _signature()  # type: ignore[attr-defined]


def _complete(explainer: Explainer, explanation: Explanation, size: int) -> Explanation:
    if explainer.settings.sanity:
        explanation = with_sanity(explainer, explanation)
    return explain_frames(explainer, explanation, size)


def _checked(model: keras.Model | str | Path, given: dict[str, Any]) -> GradcamSettings:
    """Validates the settings that keywords give."""
    values: dict[str, Any] = {"frames": SETTINGS["frames"]}
    of_model = {"name": model.name if isinstance(model, keras.Model) else str(model)}
    for key, value in given.items():
        name = _SINGULAR.get(key, key)
        if name not in SETTINGS:
            raise TypeError(f"explain() has no argument {key!r}{suggestion(key, SETTINGS)}")
        plain = _plain(value)
        if name in _SEVERAL and isinstance(plain, (str, int)):
            plain = [plain]
        (of_model if name in _OF_MODEL else values)[name] = plain
    values["model"] = of_model
    try:
        return GradcamSettings.model_validate(values)
    except ValidationError as error:
        faults = faults_of(error, GradcamSettings, values, {}, "explain")
        text = "; ".join(f"{fault.key}: {fault.message}" for fault in faults)
        raise UsageError(text.replace("model.", "")) from error


def _plain(value: Any) -> Any:
    """Makes plain values of paths and of NumPy's numbers."""
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, Path) else value


def _names(labels: str | Path | Sequence[str] | None) -> ClassNames | None:
    if isinstance(labels, (str, Path)):
        return read_labels(Path(labels))
    return None if labels is None else ClassNames(tuple(labels))


def _classifier(
    model: keras.Model | str | Path, settings: ModelSettings, names: ClassNames | None
) -> Classifier:
    if isinstance(model, keras.Model):
        weights = Weights("memory", f"those of the model {model.name}", None)
        return wrap_model(model, settings, weights, names)
    return load_classifier(settings, class_names=names)


def _photo(picture: Picture, settings: GradcamSettings) -> Photo:
    if isinstance(picture, (str, Path)):
        frames = settings.frames == "all"
        return open_picture(Path(picture), pixel_limit=settings.max_pixels, frames=frames)
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
