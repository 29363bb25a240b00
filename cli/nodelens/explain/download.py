"""Downloading the official weights: only ever when the user asks for it."""

import keras

from nodelens.errors import EnvironmentLacksError
from nodelens.explain.weights_files import (
    OFFICIAL_MD5,
    OFFICIAL_NAME,
    WeightsFile,
    keras_cache,
    official_file,
)

URL = f"https://storage.googleapis.com/tensorflow/keras-applications/vgg19/{OFFICIAL_NAME}"


def download_official() -> WeightsFile:
    """Downloads the official weights of VGG19 into Keras' cache, with Keras' own downloader.

    Keras shows its progress on stdout.

    Returns:
        The complete file.

    Raises:
        EnvironmentLacksError: It cannot be had.
    """
    try:
        keras.utils.get_file(
            OFFICIAL_NAME,
            URL,
            file_hash=OFFICIAL_MD5,
            hash_algorithm="md5",
            cache_dir=keras_cache(),
            cache_subdir="models",
        )
    except Exception as error:  # Keras raises a bare Exception when the network fails
        raise _not_available(str(error)) from error
    file = official_file()
    if file.state != "complete":
        raise _not_available(f"{file.path} is {file.state} after the download")
    return file


def _not_available(reason: str) -> EnvironmentLacksError:
    return EnvironmentLacksError(
        f"the official ImageNet weights of VGG19 (575 MB) cannot be downloaded: {reason}",
        hint="use the weights that travel with the package (--weights embedded), or fetch "
        f"{URL} where there is a network and put it at {keras_cache() / 'models' / OFFICIAL_NAME}",
    )
