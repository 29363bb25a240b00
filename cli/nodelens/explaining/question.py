"""What is asked about a photo."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from nodelens.errors import UsageError
from nodelens.explaining.pictures.boxes import Box, boxes_of

Baseline = Literal["black", "mean", "blur"]

PIXEL_METHOD_NAMES = (
    "saliency",
    "smoothgrad",
    "integrated-gradients",
    "occlusion",
    "guided-backprop",
    "fullgrad",
)
"""Methods that look at the pixels of the model's input and need no layer."""

_NO_COUNTERFACTUAL = {
    *PIXEL_METHOD_NAMES,
    "guided-gradcam",
    "ablationcam",
    "scorecam",
    "smooth-gradcam++",
    "eigencam",
    "random",
}
_NO_SMOOTHING = {*PIXEL_METHOD_NAMES, "guided-gradcam"}
_PRINCIPAL = {"eigencam", "eigengradcam"}


@dataclass(frozen=True)
class PixelSettings:
    """How the methods that look at pixels proceed.

    Attributes:
        baseline: The picture with nothing to see, for integrated gradients and under the windows of
            occlusion: black, the mean colour, or blurred.
        steps: Nodes of the quadrature of integrated gradients.
        samples: Noisy copies of SmoothGrad and Smooth Grad-CAM++.
        noise: Their standard deviation, as a share of the range of the picture's values.
        window: Side of the windows of occlusion, in pixels of the model's input; None stands for a
            seventh of the shorter side.
        stride: From one window to the next; None stands for half a window.
        seed: Of the noise.
    """

    baseline: Baseline = "black"
    steps: int = 32
    samples: int = 32
    noise: float = 0.15
    window: int | None = None
    stride: int | None = None
    seed: int = 0


@dataclass(frozen=True)
class Question:
    """Which layers, which classes, by which method.

    Attributes:
        layers: Names of layers; none stands for the default layer of the classifier.
        classes: Indices of classes; none stands for the best ones of each photo.
        best: How many of the best classes are explained where none are named.
        methods: Names of methods in `METHODS`, `RERUN_METHODS` and `PIXEL_METHODS`, or
            `guided-gradcam`.
        target: The score that is explained: the `logit`, the probability (`prob`), or the `margin`
            of the logit over that of another class.
        against: The other class of the margin; None stands for the best other one.
        counterfactual: Whether the gradient is negated.
        signed: Whether what speaks against the class is shown as well.
        smooth: How the maps of layers are smoothed: `aug`, the mean over changed copies of the
            picture; `eigen`, the first principal component of what the channels add.
        pixels: How the methods that look at pixels proceed.
        metrics: Whether it is measured how faithful the maps are.
        metric_steps: Points of the curves of deletion and insertion.
        sanity: Whether the maps are compared with those of shuffled weights.
        region: A box in every photo, with which maps are compared.
        boxes: Boxes of single photos, by their paths or names.
    """

    layers: Sequence[str] = ()
    classes: Sequence[int] = ()
    best: int = 1
    methods: Sequence[str] = ("gradcam",)
    target: Literal["logit", "prob", "margin"] = "logit"
    against: int | None = None
    counterfactual: bool = False
    signed: bool = False
    smooth: Literal["aug", "eigen"] | None = None
    pixels: PixelSettings = PixelSettings()
    metrics: bool = False
    metric_steps: int = 32
    sanity: bool = False
    region: Box | None = None
    boxes: Mapping[str, tuple[Box, ...]] = field(default_factory=dict)

    def boxes_of(self, photo: Path) -> tuple[Box, ...]:
        """The boxes with which the maps of a photo are compared.

        Args:
            photo: Its path.

        Returns:
            The region of all photos, and those of this one.
        """
        return (*([self.region] if self.region else []), *boxes_of(photo, self.boxes))

    @property
    def layer_methods(self) -> list[str]:
        """The methods that look at a layer."""
        return [method for method in self.methods if method not in PIXEL_METHOD_NAMES]

    @property
    def pixel_methods(self) -> list[str]:
        """The methods that need none."""
        return [method for method in self.methods if method in PIXEL_METHOD_NAMES]

    @property
    def has_settings(self) -> bool:
        """Whether the settings of the pixel methods matter."""
        return bool(self.pixel_methods) or "smooth-gradcam++" in self.methods

    def refuse_if_contradictory(self, classes: int) -> None:
        """Refuses what cannot be asked of a model.

        Args:
            classes: How many classes the model tells apart.

        Raises:
            UsageError: Two parts of the question contradict each other or the model.
        """
        if self.best > classes:
            raise UsageError(
                f"the {self.best} best classes were asked for, and the model knows {classes}"
            )
        if self.layers and not self.layer_methods:
            raise UsageError(
                f"{', '.join(self.pixel_methods)} looks at the pixels of the picture, "
                "and a layer was given",
                hint="leave out --layer, or add a method that looks at one: --method gradcam,...",
            )
        without = _NO_COUNTERFACTUAL & set(self.methods)
        if self.counterfactual and without:
            raise UsageError(
                f"{', '.join(sorted(without))} has no counterfactual: "
                "no gradient of a layer alone makes its map",
                hint="use --signed, which shows what speaks against the class as well",
            )
        if self.counterfactual and self.metrics:
            raise UsageError(
                "a counterfactual map cannot be evaluated: the measures ask whether what it marks "
                "speaks for the class",
                hint="leave out --evaluate, or explain another class with --class",
            )
        unfit = _NO_SMOOTHING | (_PRINCIPAL if self.smooth == "eigen" else set())
        if self.smooth and (rough := unfit & set(self.methods)):
            raise UsageError(
                f"{', '.join(sorted(rough))} cannot be smoothed by {self.smooth}: that is for "
                "methods that add up the channels of a layer",
                hint="leave out --smooth, or ask for other methods: --method gradcam,hirescam",
            )
        if self.against is not None and self.target != "margin":
            raise UsageError(
                f"a class to compare with was given, and the target is {self.target}",
                hint="add --target margin",
            )
        if self.against is not None and self.against in self.classes:
            raise UsageError(f"the class {self.against} cannot be compared with itself")
