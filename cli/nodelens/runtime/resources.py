"""The example configurations and sample images that travel with the package."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def configs() -> Path:
    """Returns the folder of the example configurations, one folder a subcommand."""
    return _folder("configs")


def sample_images() -> Path:
    """Returns the folder of the sample images."""
    return _folder("sample_images")


def _folder(name: str) -> Path:
    # In a wheel the folders lie inside the package; in a checkout they stand beside the sources.
    installed = _PACKAGE / f"_{name}"
    return installed if installed.is_dir() else _PACKAGE.parents[1] / name
