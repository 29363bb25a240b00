"""The table of the explaining methods: adding one is a function and a row here.

Everything that is said of a method elsewhere (choices, help, titles, refusals, notes on the cost)
is read from its row.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from nodelens.registry import load, table

Kind = Literal["cam", "rerun", "guided", "pixel"]
Smoothing = Literal["aug", "eigen"]

BOTH: tuple[Smoothing, ...] = ("aug", "eigen")


@dataclass(frozen=True)
class Method:
    """A method.

    What is not stated is refused: a method has no counterfactual and cannot be smoothed unless its
    row says so.

    Attributes:
        name: The name that a user gives.
        title: Its name in figures.
        paper: Who published it; empty for a control.
        function: The implementation, as `module:attribute`.
        kind: What it is computed from, and with it the signature of its function. At a layer: `cam`
            from activations and gradients (`cam.CamMethod`), `rerun` from runs of the model with
            something changed (`reruns.RerunMethod`). At the pixels: `guided` from a map of
            Grad-CAM (`pixels.GuidedMethod`), `pixel` without a layer (`pixels.PixelMethod`).
        counterfactual: True if the negated gradient makes a map of what speaks against the class.
        smooth: The ways of smoothing that make sense.
        noise: True if it adds noise to the picture, as `pixels.samples` and `pixels.noise` say.
        many_runs: True if the model runs so often that a user should be warned.
        note: A word for the help, such as `slow`.
    """

    name: str
    title: str
    paper: str
    function: str
    kind: Kind = "cam"
    counterfactual: bool = False
    smooth: tuple[Smoothing, ...] = ()
    noise: bool = False
    many_runs: bool = False
    note: str = ""

    def __post_init__(self) -> None:
        """Refuses rows whose map would not be what it is called."""
        if self.counterfactual and self.kind != "cam":
            raise ValueError(f"{self.name}: only a function of gradients can be given negated ones")
        if self.smooth and not self.needs_only_layer:
            raise ValueError(f"{self.name}: only maps of layers can be smoothed")

    @property
    def needs_layer(self) -> bool:
        """True if its map is made at a layer."""
        return self.kind != "pixel"

    @property
    def needs_only_layer(self) -> bool:
        """True if its map has the size of the layer, and not that of the picture."""
        return self.kind in {"cam", "rerun"}

    @property
    def has_settings(self) -> bool:
        """True if the settings `pixels` belong to it."""
        return self.kind == "pixel" or self.noise

    def load(self) -> Any:
        """Loads the function."""
        return load(self.function)


_CAM = "nodelens.explaining.methods.cam:"
_RERUNS = "nodelens.explaining.methods.reruns:"
_PIXELS = "nodelens.explaining.methods.pixels:"

# fmt: off
METHODS = table(
    Method("gradcam", "Grad-CAM", "Selvaraju et al. 2017", _CAM + "gradcam",
           counterfactual=True, smooth=BOTH),
    Method("gradcam++", "Grad-CAM++", "Chattopadhay et al. 2018", _CAM + "gradcam_plus_plus",
           counterfactual=True, smooth=BOTH),
    Method("hirescam", "HiResCAM", "Draelos & Carin 2020", _CAM + "hirescam",
           counterfactual=True, smooth=BOTH),
    Method("xgradcam", "XGrad-CAM", "Fu et al. 2020", _CAM + "xgradcam",
           counterfactual=True, smooth=BOTH),
    Method("layercam", "LayerCAM", "Jiang et al. 2021", _CAM + "layercam",
           counterfactual=True, smooth=BOTH),
    Method("eigencam", "Eigen-CAM", "Muhammad & Yeasin 2020", _CAM + "eigencam",
           smooth=("aug",)),
    Method("eigengradcam", "Eigen-Grad-CAM", "Gildenblat (pytorch-grad-cam)", _CAM + "eigengradcam",
           counterfactual=True, smooth=("aug",)),
    Method("ablationcam", "Ablation-CAM", "Desai & Ramaswamy 2020", _RERUNS + "ablationcam",
           kind="rerun", smooth=BOTH),
    Method("scorecam", "Score-CAM", "Wang et al. 2020", _RERUNS + "scorecam",
           kind="rerun", smooth=BOTH, many_runs=True, note="slow"),
    Method("smooth-gradcam++", "Smooth Grad-CAM++", "Omeiza et al. 2019",
           _RERUNS + "smooth_gradcam_plus_plus",
           kind="rerun", smooth=BOTH, noise=True, many_runs=True),
    Method("random", "random control", "", _CAM + "random",
           smooth=BOTH),
    Method("saliency", "saliency", "Simonyan et al. 2014", _PIXELS + "saliency",
           kind="pixel"),
    Method("smoothgrad", "SmoothGrad", "Smilkov et al. 2017", _PIXELS + "smoothgrad",
           kind="pixel", noise=True, many_runs=True),
    Method("integrated-gradients", "integrated gradients", "Sundararajan et al. 2017",
           _PIXELS + "integrated_gradients",
           kind="pixel", many_runs=True),
    Method("occlusion", "occlusion", "Zeiler & Fergus 2014", _PIXELS + "occlusion",
           kind="pixel", many_runs=True),
    Method("guided-backprop", "guided backpropagation", "Springenberg et al. 2015",
           _PIXELS + "guided_backprop",
           kind="pixel"),
    Method("guided-gradcam", "Guided Grad-CAM", "Selvaraju et al. 2017", _PIXELS + "guided_gradcam",
           kind="guided"),
    Method("fullgrad", "FullGrad", "Srinivas & Fleuret 2019", _PIXELS + "fullgrad",
           kind="pixel"),
)
# fmt: on
"""The methods by name, in the order of the help."""


def methods_help() -> str:
    """Returns the methods in one sentence for the help."""
    rows = METHODS.values()
    listed = [
        ", ".join(f"{row.name} ({row.note})" if row.note else row.name for row in some)
        for some in (
            [row for row in rows if row.needs_only_layer],
            [row for row in rows if not row.needs_only_layer],
        )
    ]
    return f"{listed[0]}; at the pixels: {listed[1]}"


def layer_methods(names: Sequence[str]) -> list[Method]:
    """Returns those of the named methods that look at a layer."""
    return [METHODS[name] for name in names if METHODS[name].needs_layer]


def pixel_methods(names: Sequence[str]) -> list[Method]:
    """Returns those of the named methods that need no layer."""
    return [METHODS[name] for name in names if not METHODS[name].needs_layer]
