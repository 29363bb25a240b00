"""Networks that need Keras: those of keras.applications, and layers not known here."""

import inspect
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from nodelens.conv.arguments import nearest
from nodelens.conv.errors import ConvolutionError, MissingLibraryError
from nodelens.conv.keras_config import Reading
from nodelens.conv.keras_model import read_model


def read_application(name: str) -> Reading:
    """Reads a network of keras.applications, built without its weights.

    Args:
        name: Its name in any case, for example `vgg19` or `ResNet50`.

    Raises:
        ConvolutionError: There is no such network.
    """
    import keras

    builders = {
        word.lower(): builder
        for word, builder in vars(keras.applications).items()
        if inspect.isfunction(builder)
    }
    builder = builders.get(name.lower())
    if builder is None:
        raise ConvolutionError(
            f"keras.applications has no network {name!r}",
            hint=nearest(name, sorted(builders)) or f"it has {', '.join(sorted(builders))}",
        )
    return read_model(without_values(lambda: builder(weights=None)))


def without_values(build: Callable[[], Any]) -> Any:
    """Builds a Keras model whose variables have shapes but no values.

    VGG19 takes no half gigabyte, and its random numbers no second. Keras would draw them at the end
    of the next `StatelessScope` of this thread, so it is done in another one.

    Args:
        build: Returns the model.
    """
    import keras

    def built() -> Any:
        with keras.StatelessScope(initialize_variables=False):
            return build()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(built).result()


def read_saved(path: Path) -> Reading:
    """Reads a saved model, a `.keras` or `.h5` file, with Keras.

    Raises:
        ConvolutionError: Keras cannot load it.
        MissingLibraryError: It takes a library that is not installed.
    """
    import keras

    try:
        model = keras.saving.load_model(path, compile=False)
    except ImportError as error:
        raise MissingLibraryError(f"{path} cannot be loaded: {error}") from error
    except (ValueError, TypeError, OSError) as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ConvolutionError(
            f"Keras cannot load {path}: {first}",
            hint="a model with layers of your own has to be counted in Python, where they are "
            "registered, with nodelens.conv.keras_config.read_config",
        ) from error
    return read_model(model)
