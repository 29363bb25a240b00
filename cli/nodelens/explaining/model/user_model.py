"""Loading a model of the user's from a file, which is not trusted unless the user says so."""

import importlib.util
import sys
from pathlib import Path

import keras

from nodelens.errors import UsageError


def load_user_model(path: Path, *, trust: bool = False) -> keras.Model:
    """Loads a whole model from a `.keras` or HDF5 file, and does not compile it.

    Code that is stored in the file (such as a `Lambda` layer) runs only with `trust`.

    Raises:
        UsageError: The file is none of these, is damaged, needs code that is not there, or holds
            code that is not trusted.
    """
    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=not trust)
    except (ValueError, TypeError, KeyError, OSError, ModuleNotFoundError) as error:
        raise _not_loaded(path, " ".join(str(error).split())) from error
    if not isinstance(model, keras.Model):
        raise UsageError(f"{path}: expected a model, received a {type(model).__name__}")
    return model


def import_custom_classes(path: Path) -> None:
    """Runs a Python file that registers the custom classes of a model.

    Classes in it are found by Keras if they are decorated with
    `keras.saving.register_keras_serializable`, or by their name.

    Raises:
        UsageError: It cannot be run.
    """
    specification = importlib.util.spec_from_file_location(path.stem, path)
    if not path.is_file() or specification is None or specification.loader is None:
        raise UsageError(f"{path}: expected a Python file")
    module = importlib.util.module_from_spec(specification)
    sys.modules[path.stem] = module
    try:
        specification.loader.exec_module(module)
    except Exception as error:  # whatever the user's own code raises
        raise UsageError(f"{path}: running it failed: {type(error).__name__}: {error}") from error
    for name, value in vars(module).items():
        if isinstance(value, type) and issubclass(value, keras.layers.Layer):
            keras.saving.get_custom_objects().setdefault(name, value)


def scales_its_input(model: keras.Model) -> bool:
    """Checks whether one of the first eight layers is a `Rescaling` or `Normalization`."""
    first = list(model._flatten_layers(include_self=False))[:8]
    return any(
        isinstance(layer, (keras.layers.Rescaling, keras.layers.Normalization)) for layer in first
    )


def _not_loaded(path: Path, reason: str) -> UsageError:
    hint = "the file may be damaged, or from another version of Keras"
    if "safe_mode" in reason or "Lambda" in reason or "lambda" in reason:
        hint = "the file holds code; if you trust where it comes from, set `model.trust`"
    elif "registered" in reason or "custom" in reason.lower() or "Unknown" in reason:
        hint = "give the Python file that defines the custom classes in `model.imports`"
    return UsageError(f"{path}: the model cannot be loaded: {reason[:300]}", hint=hint)
