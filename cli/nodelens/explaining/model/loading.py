"""Loading a model, by name or from a file, as a classifier that is ready to be explained."""

import re
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np

from nodelens.errors import UsageError
from nodelens.explaining.model.applications import Application, find_application
from nodelens.explaining.model.classes import ClassNames, imagenet_classes
from nodelens.explaining.model.classifier import Classifier, Weights
from nodelens.explaining.model.download import download_official, not_available
from nodelens.explaining.model.embedded import load_embedded_vgg19
from nodelens.explaining.model.grids import picture_shape
from nodelens.explaining.model.heads import count_classes
from nodelens.explaining.model.layers import input_channels
from nodelens.explaining.model.preprocessing import preprocessor
from nodelens.explaining.model.request import known_classes, refuse_unknown
from nodelens.explaining.model.user_model import (
    import_custom_classes,
    load_user_model,
    scales_its_input,
)
from nodelens.explaining.model.vgg19 import DEFAULT_LAYER, build_vgg19
from nodelens.explaining.model.weights_files import (
    WeightsFile,
    digest,
    embedded_file,
    official_file,
)
from nodelens.explaining.settings import ModelSettings

USUAL_SIZE = (224, 224)

_MISFIT = re.compile(
    r"total of (\d+) objects .*? object <(\w+) name=([^,>]+).*?"
    r"variable\.shape=(\([^)]*\)), Received: value\.shape=(\([^)]*\))"
)


def load_classifier(
    request: ModelSettings,
    *,
    class_names: ClassNames | None = None,
    announce: Callable[[str], None] = lambda _: None,
) -> Classifier:
    """Loads a model; a sentence is announced before anything is downloaded.

    The class names are given where they do not follow from the request.

    Raises:
        UsageError: A name is unknown, or a file is missing, damaged or does not fit.
        EnvironmentLacksError: The official weights can be had neither from the cache nor the net.
    """
    refuse_unknown(request)
    application = find_application(request.name)
    if application is None:
        return _user_classifier(request, class_names)
    model, weights = _application(application, request, announce)
    family = application.preprocess if request.preprocess == "auto" else request.preprocess
    return Classifier(
        name=application.name,
        model=model,
        weights=weights,
        input_size=_input_size(model, request),
        preprocess_name=family,
        preprocess=preprocessor(family),
        class_names=class_names or known_classes(request) or imagenet_classes(),
        default_layer=DEFAULT_LAYER if application.name == "vgg19" else "auto",
    )


def _application(
    application: Application, request: ModelSettings, announce: Callable[[str], None]
) -> tuple[keras.Model, Weights]:
    kind, title = request.weights, application.function
    if kind == "embedded":
        if application.name != "vgg19":
            raise UsageError(
                f"there are no embedded weights of {application.name}, only of vgg19",
                hint="set `model.weights` to imagenet",
            )
        return _embedded()
    if kind == "random":
        description = f"random, untrained ({title}): the map means nothing"
        return _built(application, "glorot_uniform"), Weights("random", description, None)
    if kind not in {"auto", "imagenet"}:
        return _from_file(application, Path(kind))
    file = official_file(application)
    if file.state != "complete" and (kind == "imagenet" or request.download):
        announce(f"downloading the ImageNet weights of {application.name} to {file.path}")
        file = download_official(application)
    if file.state == "complete":
        return _official(application, file)
    if application.name != "vgg19":
        raise not_available(application, "are not in Keras' cache")
    model, embedded = _embedded()
    if file.state == "damaged":
        warning = f"{file.path} is damaged or incomplete, and is not used"
        embedded = replace(embedded, warning=warning)
    return model, embedded


def _built(application: Application, initializer: str = "zeros") -> keras.Model:
    if application.name == "vgg19":
        return build_vgg19("dense", initializer=initializer)
    return getattr(keras.applications, application.function)(weights=None)


def _embedded() -> tuple[keras.Model, Weights]:
    file = embedded_file()
    description = "embedded in nodelens (VGG19 with a distilled head, not Keras' ImageNet weights)"
    return load_embedded_vgg19(file), Weights("embedded", description, file.sha256)


def _official(application: Application, file: WeightsFile) -> tuple[keras.Model, Weights]:
    model = _built(application)
    try:
        model.load_weights(file.path)
    except (ValueError, KeyError, OSError) as error:
        raise not_available(application, f"are damaged: {error}") from error
    description = f"the official ImageNet weights of Keras for {application.function}"
    return model, Weights("imagenet", description, file.sha256)


def _from_file(application: Application, path: Path) -> tuple[keras.Model, Weights]:
    model = _built(application)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Keras warns of is looked for below
            model.load_weights(path)
    except (ValueError, KeyError, OSError) as error:
        raise _do_not_fit(application, path, _reason(str(error))) from error
    if application.name == "vgg19":
        # Keras skips layers that a file does not know; they still hold the zeros they began with.
        skipped = [x.name for x in model.layers if x.weights and not np.any(x.kernel)]
        if skipped:
            reason = f"the file holds nothing for {', '.join(skipped)}"
            raise _do_not_fit(application, path, reason)
    description = f"{application.function} with the file {path.name}"
    return model, Weights("file", description, digest(path, "sha256"))


def _reason(words: str) -> str:
    """Shortens what Keras says of weights that do not fit: the layer and the shapes."""
    text = " ".join(words.split())
    found = _MISFIT.search(text)
    if found is None:
        return text[:300]
    count, kind, layer, expected, received = found.groups()
    others = f" ({int(count) - 1} more do not fit)" if int(count) > 1 else ""
    return f"{kind} {layer} has the shape {expected}, the file {received}{others}"


def _do_not_fit(application: Application, path: Path, reason: str) -> UsageError:
    function = application.function
    return UsageError(
        f"{path}: the weights do not fit {function}: {reason}",
        hint=f"expected what `keras.applications.{function}().save_weights(…)` writes",
    )


def _user_classifier(request: ModelSettings, class_names: ClassNames | None) -> Classifier:
    path = Path(request.name)
    for file in request.imports:
        import_custom_classes(Path(file))
    model = load_user_model(path, trust=request.trust)
    weights = Weights("file", f"the model {path.name}", digest(path, "sha256"))
    return wrap_model(model, request, weights, class_names or known_classes(request))


def wrap_model(
    model: keras.Model,
    request: ModelSettings,
    weights: Weights,
    class_names: ClassNames | None = None,
) -> Classifier:
    """Makes a classifier of a model of the user's; without class names they are numbered.

    Raises:
        UsageError: It is no model of one picture, or the settings do not fit it.
    """
    size = _input_size(model, request)
    channels = input_channels(model)
    family = _family(model, request)
    count = count_classes(model, (*size, channels), request.output)
    names = class_names or ClassNames(tuple(f"class_{index}" for index in range(count)))
    if len(names) != count:
        raise UsageError(
            f"{request.labels or 'labels'}: {len(names)} names, and the model has {count} classes",
            hint="expected one name for each class, in the order of the outputs",
        )
    return Classifier(
        name=Path(request.name).name,
        model=model,
        weights=weights,
        input_size=size,
        preprocess_name=family,
        preprocess=preprocessor(family, channels),
        class_names=names,
        default_layer="auto",
        output=request.output,
    )


def _family(model: keras.Model, request: ModelSettings) -> str:
    if request.preprocess != "auto":
        return request.preprocess
    if scales_its_input(model):
        return "none"
    raise UsageError(
        f"{request.name}: nothing in the model says how its pictures are to be scaled",
        hint="say in `model.preprocess` how it was trained: unit (0 to 1), tf (-1 to 1), caffe, "
        "torch, or none (0 to 255)",
    )


def _input_size(model: keras.Model, request: ModelSettings) -> tuple[int, int]:
    shape = getattr(model, "input_shape", None)
    if isinstance(shape, (list, dict)) and len(shape) != 1:
        raise UsageError(
            f"{request.name}: expected a model of one picture, it has {len(shape)} inputs: "
            f"{', '.join(tensor.name for tensor in model.inputs)}",
            hint="save a model of the picture alone around it, in which the others are constants",
        )
    if isinstance(shape, list):
        shape = shape[0]
    if shape is not None and len(shape) != 4:
        raise UsageError(
            f"{request.name}: expected a model of pictures (n, height, width, channels), "
            f"its input has the shape {shape}"
        )
    height, width, _ = picture_shape(model) or (None, None, None)
    chosen = request.input_size or USUAL_SIZE
    return height or chosen[0], width or chosen[1]
