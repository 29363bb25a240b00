"""Downloading official weights, only when the user asks for it."""

import keras

from nodelens.errors import EnvironmentLacksError
from nodelens.explaining.model.applications import Application
from nodelens.explaining.model.weights_files import WeightsFile, official_file
from nodelens.runtime.machine import keras_home


def download_official(application: Application) -> WeightsFile:
    """Downloads the ImageNet weights of a network into Keras' cache, with Keras' own downloader.

    Keras shows its progress on stdout.

    Raises:
        EnvironmentLacksError: They are not available.
    """
    try:
        keras.utils.get_file(
            application.file,
            application.url,
            file_hash=application.checksum or None,
            hash_algorithm=application.algorithm,
            cache_dir=keras_home(),
            cache_subdir="models",
        )
    except Exception as error:  # Keras raises a bare Exception when the network fails
        raise not_available(application, f"cannot be downloaded: {error}") from error
    file = official_file(application)
    if file.state != "complete":
        raise not_available(application, f"are {file.state} after the download")
    return file


def not_available(application: Application, what: str) -> EnvironmentLacksError:
    """Makes the error of weights that are not available, with all remedies.

    The sentence ends in `what`, such as `are damaged`.
    """
    place = keras_home() / "models" / application.file
    use = "`model.weights` to embedded" if application.name == "vgg19" else "`model.name` to vgg19"
    return EnvironmentLacksError(
        f"the official ImageNet weights of {application.name} {what}",
        hint=f"set {use}, whose weights are part of nodelens; or let them be downloaded with "
        f"`model.download`; or fetch {application.url} and put it at {place}",
    )
