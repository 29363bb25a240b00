"""The settings put to a model: the classes by their indices, and contradictions."""

from dataclasses import dataclass
from pathlib import Path

from nodelens.errors import UsageError
from nodelens.explaining.methods.registry import METHODS, layer_methods
from nodelens.explaining.model.classes import ClassNames
from nodelens.explaining.pictures.boxes import Box, read_boxes
from nodelens.explaining.settings import GradcamSettings


@dataclass(frozen=True)
class Classes:
    """The classes that settings name, as indices of a model's classes.

    Attributes:
        explained: The classes to explain; none stands for the best ones of each picture.
        against: The other class of the margin; None stands for the best other one.
    """

    explained: tuple[int, ...] = ()
    against: int | None = None


def find_classes(settings: GradcamSettings, names: ClassNames) -> Classes:
    """Finds the classes that settings name among those of a model.

    Raises:
        UsageError: There is no such class.
    """
    return Classes(
        tuple(names.find(str(wanted)) for wanted in settings.classes),
        None if settings.against is None else names.find(str(settings.against)),
    )


def read_question_boxes(settings: GradcamSettings) -> dict[str, tuple[Box, ...]]:
    """Reads the boxes of single photos, as `read_boxes` does; none unless there is such a file."""
    return read_boxes(Path(settings.boxes)) if settings.boxes else {}


def refuse_contradictions(settings: GradcamSettings, classes: Classes, count: int) -> None:
    """Refuses what cannot be asked of a model with so many classes.

    Raises:
        UsageError: Two settings contradict each other or the model.
    """
    methods = [METHODS[name] for name in settings.methods]
    if settings.top_k > count:
        raise UsageError(
            f"the {settings.top_k} best classes were asked for, and the model knows {count}"
        )
    if settings.layers and not layer_methods(settings.methods):
        raise UsageError(
            f"{', '.join(settings.methods)} looks at the pixels of the picture, "
            "and a layer was given",
            hint="leave out `layers`, or add one of a layer to `methods`, such as gradcam",
        )
    if settings.counterfactual:
        if without := sorted(method.name for method in methods if not method.counterfactual):
            raise UsageError(
                f"{', '.join(without)} has no counterfactual: "
                "no gradient of a layer alone makes its map",
                hint="`signed` shows what speaks against the class as well",
            )
        if settings.metrics:
            raise UsageError(
                "a counterfactual map cannot be evaluated: the measures ask whether what it marks "
                "speaks for the class",
                hint="leave out `metrics`, or explain another class",
            )
    rough = sorted(method.name for method in methods if settings.smooth not in method.smooth)
    if settings.smooth and rough:
        raise UsageError(
            f"{', '.join(rough)} cannot be smoothed by {settings.smooth}: that is for "
            "methods that add up the channels of a layer",
            hint="leave out `smooth`, or choose other `methods`, such as gradcam and hirescam",
        )
    if classes.against is not None and settings.target != "margin":
        raise UsageError(
            f"a class to compare with was given, and the target is {settings.target}",
            hint="set `target` to margin",
        )
    if classes.against is not None and classes.against in classes.explained:
        raise UsageError(f"the class {classes.against} cannot be compared with itself")
