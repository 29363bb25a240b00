"""Which model a user asks for; what is wrong with it is seen before any library is loaded."""

from dataclasses import dataclass
from pathlib import Path

from nodelens.errors import UsageError
from nodelens.explaining.model.applications import find_application, refuse_unknown_model
from nodelens.explaining.model.classes import ClassNames, imagenet_classes, read_labels
from nodelens.explaining.model.weights_files import refuse_unknown_weights

SUFFIXES = (".keras", ".h5", ".hdf5")


@dataclass(frozen=True)
class ModelRequest:
    """What a user asks for.

    Attributes:
        name: A network of `keras.applications`, or the path of a `.keras` or `.h5` file.
        weights: For a network: `imagenet` are the official ones, downloaded if Keras' cache lacks
            them; `embedded` travel with the package (VGG19 only); `auto` takes the official ones
            if they are complete in the cache, else the embedded; `random` are untrained; else the
            path of an HDF5 file.
        download: Whether `auto` may download the official ones.
        preprocess: A family of preprocessing, or `auto`.
        input_size: Height and width, of a model that takes any.
        output: Which output is explained, of a model with several.
        labels: A text file with the names of the classes, one a line.
        imports: Python files that define the custom classes of the model.
        trust: Whether code that is stored in the file of the model may run.
    """

    name: str = "vgg19"
    weights: str = "auto"
    download: bool = False
    preprocess: str = "auto"
    input_size: tuple[int, int] | None = None
    output: str | None = None
    labels: Path | None = None
    imports: tuple[Path, ...] = ()
    trust: bool = False

    def refuse_if_unknown(self) -> None:
        """Refuses names that are unknown and files that are not there.

        Raises:
            UsageError: The model or the weights are neither known by name nor a file.
        """
        refuse_unknown_model(self.name)
        if find_application(self.name) is None:
            refuse_no_model(Path(self.name))
        else:
            refuse_unknown_weights(self.weights)

    def known_classes(self) -> ClassNames | None:
        """The names of the classes, as far as they are known without the model.

        Returns:
            The names of the file of labels, or of ImageNet for a network; None for a user's model.
        """
        if self.labels is not None:
            return read_labels(self.labels)
        return None if find_application(self.name) is None else imagenet_classes()


def refuse_no_model(path: Path) -> None:
    """Refuses what cannot be a model, by looking at its name only.

    Args:
        path: The file.

    Raises:
        UsageError: It is missing, or of a kind that holds no layers.
    """
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
