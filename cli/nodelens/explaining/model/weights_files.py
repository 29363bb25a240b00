"""The files of weights that are known by name, their places and their state."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from nodelens.errors import UsageError
from nodelens.explaining.model.applications import Application, applications
from nodelens.runtime.machine import keras_home

NAMES = ("auto", "imagenet", "embedded", "random")
EMBEDDED_SHA256 = "59ccf870b60bcd312469835eeaac1e58de4d907a3258eaaec1d19faff71a58c2"

State = Literal["complete", "absent", "damaged"]


@dataclass(frozen=True)
class WeightsFile:
    """A file of weights that has a name.

    Attributes:
        name: The name as a setting, and that of the network.
        path: The place where it is, or would be.
        state: `complete`, `absent`, or `damaged` (also: not completely downloaded).
        sha256: The checksum of what is there; None if nothing is.
    """

    name: str
    path: Path
    state: State
    sha256: str | None


def refuse_unknown_weights(weights: str) -> None:
    """Refuses weights that are neither known by name nor a file that could hold some.

    Raises:
        UsageError: They are neither.
    """
    path = Path(weights)
    if weights in NAMES:
        return
    if not path.is_file():
        raise UsageError(
            f"there are no weights named {weights!r}, and no such file",
            hint=f"expected {', '.join(NAMES)}, or the path of an HDF5 file",
        )
    if path.suffix not in {".h5", ".hdf5"}:
        raise UsageError(
            f"{path}: expected weights in an HDF5 file, received the suffix {path.suffix!r}",
            hint="save them with `model.save_weights('name.weights.h5')`",
        )


def known_weights() -> list[WeightsFile]:
    """Looks for the files that are known by name.

    They are the official weights of VGG19, those of other networks that are in Keras' cache, and
    the weights that are part of the package.
    """
    official = [official_file(application) for application in applications().values()]
    shown = [f for f in official if f.state != "absent" or f.name.endswith(" vgg19")]
    return [*shown, embedded_file()]


def embedded_file() -> WeightsFile:
    """Finds the weights that are part of the package."""
    path = Path(__file__).parent / "weights" / "vgg19-embedded-int8.npz"
    if not path.is_file():
        return WeightsFile("embedded vgg19", path, "absent", None)
    sha256 = digest(path, "sha256")
    state: State = "complete" if sha256 == EMBEDDED_SHA256 else "damaged"
    return WeightsFile("embedded vgg19", path, state, sha256)


def official_file(application: Application) -> WeightsFile:
    """Finds the ImageNet weights that Keras publishes for a network, in Keras' cache.

    Where Keras knows no checksum, what is there counts as complete.
    """
    name = f"imagenet {application.name}"
    path = keras_home() / "models" / application.file
    if not path.is_file():
        return WeightsFile(name, path, "absent", None)
    algorithms = ("sha256", application.algorithm)
    with ThreadPoolExecutor(max_workers=2) as pool:  # hashing releases the GIL
        sha256, found = pool.map(lambda algorithm: digest(path, algorithm), algorithms)
    whole = not application.checksum or found == application.checksum
    return WeightsFile(name, path, "complete" if whole else "damaged", sha256)


def digest(path: Path, algorithm: str) -> str:
    """Computes a checksum of a file, in hexadecimal digits; `algorithm` is a name of `hashlib`."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()
