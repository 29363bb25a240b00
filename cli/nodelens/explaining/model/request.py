"""Checks of the model that is asked for, made before any heavy library is loaded."""

from pathlib import Path

from nodelens.errors import UsageError
from nodelens.explaining.model.applications import find_application, refuse_unknown_model
from nodelens.explaining.model.classes import ClassNames, imagenet_classes, read_labels
from nodelens.explaining.model.weights_files import refuse_unknown_weights
from nodelens.explaining.settings import ModelSettings

SUFFIXES = (".keras", ".h5", ".hdf5")


def refuse_unknown(model: ModelSettings) -> None:
    """Refuses names that are unknown and files that are not there.

    Raises:
        UsageError: The model or the weights are neither known by name nor a file.
    """
    refuse_unknown_model(model.name)
    if find_application(model.name) is None:
        _refuse_no_model(Path(model.name))
    else:
        refuse_unknown_weights(model.weights)


def known_classes(model: ModelSettings) -> ClassNames | None:
    """Finds the names of the classes, as far as they are known without the model.

    They are those of the file of labels, or of ImageNet for a network; None for a user's model.
    """
    if model.labels is not None:
        return read_labels(Path(model.labels))
    return None if find_application(model.name) is None else imagenet_classes()


def _refuse_no_model(path: Path) -> None:
    """Refuses what cannot be a model, by its name only."""
    if path.is_dir():
        raise UsageError(
            f"{path}: a SavedModel directory holds a compiled function and no layers to look at",
            hint="save the model anew as one file: model.save('name.keras')",
        )
    if not path.is_file():
        raise UsageError(f"there is no model named {str(path)!r}, and no such file")
    if path.name.endswith(".weights.h5"):
        raise UsageError(
            f"{path}: expected a whole model, received weights alone",
            hint="save the model with model.save('name.keras')",
        )
    if path.suffix not in SUFFIXES:
        raise UsageError(
            f"{path}: expected a model in a .keras or .h5 file, received the suffix {path.suffix!r}"
        )
