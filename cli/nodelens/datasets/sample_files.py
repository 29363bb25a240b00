"""Samples from files: NPZ archives, folders of pictures, MNIST."""

import contextlib
import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from nodelens.datasets.numpy_files import open_arrays
from nodelens.datasets.samples import SampleData, Samples, make_samples
from nodelens.errors import EnvironmentLacksError, UsageError

SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm"}


def read_samples(path: Path) -> SampleData:
    """Reads an NPZ file with the arrays `x` and `y`.

    Also `x_train` and `y_train` instead; `x_test` and `y_test` for a test part; `classes` for the
    names of the classes.

    Raises:
        UsageError: If it is no such file.
    """
    hint = "samples of different shapes cannot be one array; resize them first"
    found = open_arrays(path, kind="NPZ", hint=hint)
    named = {"x": found.get("x", found.get("x_train")), "y": found.get("y", found.get("y_train"))}
    if named["x"] is None or named["y"] is None:
        raise UsageError(
            f"{path} holds {', '.join(found) or 'nothing'}; the arrays `x` and `y` were expected",
            hint="np.savez('samples.npz', x=x, y=y); trajectories (`times`, `states`) are "
            "data.kind=npz",
        )
    classes = tuple(str(name) for name in found.get("classes", ()))
    samples = make_samples(named["x"], named["y"], str(path), classes)
    test = None
    if "x_test" in found and "y_test" in found:
        test = make_samples(found["x_test"], found["y_test"], f"{path}, test part", samples.classes)
        if test.x.shape[1:] != samples.x.shape[1:] or test.y.shape[1:] != samples.y.shape[1:]:
            raise UsageError(
                f"{path}: samples have the shape {list(samples.x.shape[1:])}, those of the test "
                f"part {list(test.x.shape[1:])}"
            )
    return SampleData(samples, test, path.stem.replace("_", " "), str(path))


def read_images(path: Path) -> SampleData:
    """Reads images with labels: an NPZ file, or a folder with a folder for each class.

    Raises:
        UsageError: If pictures cannot be read or have different sizes; the message names them.
    """
    if path.is_file():
        data = read_samples(path)
        if data.samples.x.ndim != 4 or not data.samples.labelled:
            raise UsageError(
                f"{path}: x of the shape {list(data.samples.x.shape)}; images [samples, height, "
                "width] or [samples, height, width, channels] with labels y were expected",
                hint="vectors or values to fit are data.kind=samples",
            )
        return data
    if not path.is_dir():
        raise UsageError(f"{path} is neither a folder of class folders nor an NPZ file")
    folders = sorted(each for each in path.iterdir() if each.is_dir() and each.name[0] != ".")
    if len(folders) < 2:
        raise UsageError(
            f"{path} has {len(folders)} folders; one for each of two or more classes was expected",
            hint="put the pictures of each class into a folder called after it",
        )
    pictures: list[np.ndarray] = []
    labels: list[int] = []
    files: list[Path] = []
    for label, folder in enumerate(folders):
        inside = sorted(f for f in folder.iterdir() if f.suffix.lower() in SUFFIXES)
        if not inside:
            raise UsageError(
                f"the class folder {folder} has no picture",
                hint=f"remove it, or fill it with pictures ({', '.join(sorted(SUFFIXES))})",
            )
        files += inside
        labels += [label] * len(inside)
        pictures += [_picture(file) for file in inside]
    if any(picture.ndim == 3 for picture in pictures):
        pictures = [p if p.ndim == 3 else np.stack([p] * 3, axis=-1) for p in pictures]
    sizes = {picture.shape[:2] for picture in pictures}
    if len(sizes) > 1:
        odd = next(i for i, p in enumerate(pictures) if p.shape != pictures[0].shape)
        (height, width), (others, across) = pictures[0].shape[:2], pictures[odd].shape[:2]
        raise UsageError(
            f"pictures of {len(sizes)} different sizes: {files[0]} has {width} x {height} pixels, "
            f"{files[odd]} {across} x {others}",
            hint="resize them to one size first",
        )
    names = tuple(folder.name for folder in folders)
    samples = make_samples(np.stack(pictures), np.array(labels), str(path), names)
    return SampleData(samples, None, path.name.replace("_", " "), str(path))


def _picture(file: Path) -> np.ndarray:
    """A picture, uint8: [height, width] if it is grey, else [height, width, 3]."""
    try:
        with Image.open(file) as image:
            grey = image.mode in ("1", "L", "LA")
            return np.asarray(image.convert("L" if grey else "RGB"))
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise UsageError(
            f"the picture {file} cannot be read: {error}", hint="remove it, or save it again"
        ) from error


def read_mnist(path: Path | None) -> SampleData:
    """Reads MNIST: a copy of Keras' `mnist.npz`, else the cached or downloaded one.

    Args:
        path: The copy.

    Raises:
        UsageError: If the copy is no such file.
        EnvironmentLacksError: If there is neither a copy nor a cached one nor a network.
    """
    if path is not None:
        data = read_samples(path)
        if data.samples.x.ndim != 4 or not data.samples.labelled:
            raise UsageError(
                f"{path} is no copy of mnist.npz: x_train has the shape "
                f"{list(data.samples.x.shape)}"
            )
        return SampleData(data.samples, data.test, "MNIST", str(path))
    (x, y), (x_test, y_test) = _fetch_mnist()
    samples: Samples = make_samples(x, y, "MNIST")
    return SampleData(samples, make_samples(x_test, y_test, "MNIST"), "MNIST", "keras.datasets")


def _fetch_mnist() -> Any:
    import keras

    try:
        # Keras reports a download on stdout, which belongs to the result.
        with contextlib.redirect_stdout(io.StringIO()):
            return keras.datasets.mnist.load_data()
    except Exception as error:
        reason = str(error).strip().splitlines()[-1]
        raise EnvironmentLacksError(
            f"MNIST is not at hand, and it could not be fetched: {reason}",
            hint="set data.path to a copy of mnist.npz, or put it into ~/.keras/datasets, or "
            "connect to the network once",
        ) from error
