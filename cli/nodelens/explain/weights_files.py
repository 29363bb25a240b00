"""The files of weights that are known by name: where they are kept, whether they are whole."""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from nodelens.errors import UsageError

NAMES = ("auto", "imagenet", "embedded", "random")
EMBEDDED_SHA256 = "59ccf870b60bcd312469835eeaac1e58de4d907a3258eaaec1d19faff71a58c2"
OFFICIAL_NAME = "vgg19_weights_tf_dim_ordering_tf_kernels.h5"
OFFICIAL_MD5 = "cbe5617147190e668d6c5d5026f83318"
"""The checksum that Keras itself expects of the file; Keras publishes no SHA-256."""


State = Literal["complete", "absent", "damaged"]


@dataclass(frozen=True)
class WeightsFile:
    """A file of weights that has a name.

    Attributes:
        name: What `--weights` calls it.
        path: Where it is, or would be.
        state: `complete`, `absent`, or `damaged` (also: not completely downloaded).
        sha256: Of what is there; None if nothing is.
    """

    name: str
    path: Path
    state: State
    sha256: str | None


def refuse_unknown_weights(weights: str) -> None:
    """Refuses weights that are neither known by name nor a file that could hold some.

    Args:
        weights: A name, or the path of a file.

    Raises:
        UsageError: It is neither.
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
    """Looks for all of them.

    Returns:
        The official weights of Keras first, then those that travel with the package.
    """
    return [official_file(), embedded_file()]


def embedded_file() -> WeightsFile:
    """The weights that travel with the package."""
    path = Path(__file__).parent / "weights" / "vgg19-embedded-int8.npz"
    if not path.is_file():
        return WeightsFile("embedded", path, "absent", None)
    sha256 = digest(path, "sha256")
    state: State = "complete" if sha256 == EMBEDDED_SHA256 else "damaged"
    return WeightsFile("embedded", path, state, sha256)


def official_file() -> WeightsFile:
    """The ImageNet weights of VGG19 that Keras publishes, in Keras' cache."""
    path = keras_cache() / "models" / OFFICIAL_NAME
    if not path.is_file():
        return WeightsFile("imagenet", path, "absent", None)
    with ThreadPoolExecutor(max_workers=2) as pool:  # hashing releases the GIL
        md5, sha256 = pool.map(lambda algorithm: digest(path, algorithm), ("md5", "sha256"))
    state: State = "complete" if md5 == OFFICIAL_MD5 else "damaged"
    return WeightsFile("imagenet", path, state, sha256)


def keras_cache() -> Path:
    """The directory under which Keras keeps what it downloads, by Keras' own rule."""
    if "KERAS_HOME" in os.environ:
        return Path(os.environ["KERAS_HOME"]).expanduser()
    home = Path.home()
    return (home if os.access(home, os.W_OK) else Path("/tmp")) / ".keras"


def digest(path: Path, algorithm: str) -> str:
    """The checksum of a file.

    Args:
        path: The file.
        algorithm: A name that `hashlib` knows.

    Returns:
        Hexadecimal digits.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()
