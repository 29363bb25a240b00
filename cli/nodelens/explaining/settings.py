"""The settings of `gradcam`, which are also what the explainer takes."""

from typing import Annotated, Any, Literal

from pydantic import Field, PositiveInt, field_validator, model_validator

from nodelens.explaining.methods.registry import METHODS, Smoothing
from nodelens.explaining.pictures.files import PIXEL_LIMIT
from nodelens.settings.base import Settings
from nodelens.settings.checks import name_in

Preprocessing = Literal["auto", "caffe", "tf", "torch", "unit", "none"]
MethodName = Annotated[str, name_in(METHODS)]
Baseline = Literal["black", "mean", "blur"]
File = Literal["overlay", "heatmap", "raw", "figure", "signed"]


class ModelSettings(Settings):
    """The classifier.

    Attributes:
        name: A network of `keras.applications`, or the path of a `.keras` or `.h5` file.
        weights: For a network: `imagenet` are the official ones, downloaded if Keras' cache lacks
            them; `embedded` are part of the package (VGG19 only); `auto` takes the official ones
            if they are complete in the cache, else the embedded; `random` are untrained; else the
            path of an HDF5 file.
        download: True if `auto` may download the official ones.
        preprocess: The scale of its pictures: `unit` (0 to 1), `tf` (-1 to 1), `caffe`, `torch`, or
            `none` (0 to 255); `auto` is that of the network, or of a `Rescaling` layer.
        input_size: Height and width, of a model that takes any.
        output: The output that is explained, of a model with several.
        labels: A text file with the names of the classes, one a line.
        imports: Python files that define the custom classes of the model.
        trust: True if code that is stored in the file of the model may run.
    """

    name: str = "vgg19"
    weights: str = "auto"
    download: bool = False
    preprocess: Preprocessing = "auto"
    input_size: tuple[PositiveInt, PositiveInt] | None = None
    output: str | None = None
    labels: str | None = None
    imports: tuple[str, ...] = ()
    trust: bool = False


class PixelSettings(Settings):
    """The methods that look at pixels, and those that add noise to them.

    Attributes:
        baseline: The picture with nothing to see, for integrated gradients and under the windows of
            occlusion: black, the mean colour, or blurred.
        steps: Nodes of the quadrature of integrated gradients.
        samples: Noisy copies of SmoothGrad and Smooth Grad-CAM++.
        noise: Their standard deviation, as a share of the range of the picture's values.
        window: Side of the windows of occlusion, in pixels of the model's input; a seventh of the
            shorter side unless given.
        stride: The distance from one window to the next; half a window unless given.
    """

    baseline: Baseline = "black"
    steps: int = Field(default=32, ge=1, le=1000)
    samples: int = Field(default=32, ge=1, le=10_000)
    noise: float = Field(default=0.15, ge=0, le=10)
    window: PositiveInt | None = None
    stride: PositiveInt | None = None


class OutputSettings(Settings):
    """The files that are written.

    Attributes:
        directory: Every picture gets a directory of its own below it.
        files: The kinds of files of every map; `signed` is the raw map before the ReLU.
        format: The format of the pictures.
        html: One page with all results; none unless given.
        contact_sheet: True if several pictures are also shown together, by their overlays.
        alpha: Opacity of the map over the photo.
    """

    directory: str = "explanations"
    files: tuple[File, ...] = Field(default=("overlay", "heatmap", "raw", "figure"), min_length=1)
    format: Literal["png", "jpg", "webp"] = "png"
    html: str | None = None
    contact_sheet: bool = True
    alpha: float = Field(default=0.5, ge=0, le=1)

    @model_validator(mode="after")
    def _page_of_overlays(self) -> "OutputSettings":
        if self.html is not None and "overlay" not in self.files:
            raise ValueError("the page shows overlays: add overlay to the files, or leave out html")
        return self


class GradcamSettings(Settings):
    """Everything that may be set for `gradcam`.

    Attributes:
        seed: Seed of the noise and of the shuffled weights.
        device: The device to compute on.
        model: The classifier.
        layers: Names of layers, `all` for the last one of every size; without any, the default
            layer of the classifier.
        classes: Indices or names of classes; without any, the best ones of each picture.
        top_k: The number of best classes that are explained where none are named.
        methods: Names of methods in `METHODS`.
        target: The score that is explained: the `logit`, the probability (`prob`), or the `margin`
            of the logit over that of another class.
        against: The other class of the margin; the best other one unless given.
        counterfactual: True if the gradient is negated, to show what speaks against the class.
        signed: True if what speaks against the class is shown as well.
        smooth: The smoothing of the maps of layers: `aug`, the mean over changed copies of the
            picture; `eigen`, the first principal component of what the channels add.
        pixels: The methods that look at pixels.
        metrics: True if the faithfulness of the maps is measured, beside random maps.
        sanity: True if the maps are compared with those of shuffled weights.
        region: A box `x0, y0, x1, y1` in pixels of every photo, with which maps are compared.
        boxes: A CSV file with boxes of single photos, see `read_boxes`.
        metric_steps: Points of the curves of deletion and insertion.
        frames: The frames of an animation that are explained.
        max_pixels: Larger pictures are refused.
        batch_size: The most pictures that the model sees at once.
        shard: `i/n`, the part of this machine where `n` machines explain the pictures together.
        fail_fast: True if the first picture that cannot be explained ends the command.
        output: The files that are written.
    """

    seed: int = Field(default=0, ge=0, lt=2**32)
    device: str = "auto"
    model: ModelSettings = ModelSettings()
    layers: tuple[str, ...] = ()
    classes: tuple[int | str, ...] = ()
    top_k: int = Field(default=1, ge=1, le=1000)
    methods: tuple[MethodName, ...] = Field(default=("gradcam",), min_length=1)
    target: Literal["logit", "prob", "margin"] = "logit"
    against: int | str | None = None
    counterfactual: bool = False
    signed: bool = False
    smooth: Smoothing | None = None
    pixels: PixelSettings = PixelSettings()
    metrics: bool = False
    sanity: bool = False
    region: tuple[int, int, int, int] | None = None
    boxes: str | None = None
    metric_steps: int = Field(default=32, ge=1, le=1000)
    frames: Literal["all", "first"] = "all"
    max_pixels: PositiveInt = PIXEL_LIMIT
    batch_size: int = Field(default=16, ge=1, le=4096)
    shard: str | None = None
    fail_fast: bool = False
    output: OutputSettings = OutputSettings()

    @field_validator("region")
    @classmethod
    def _not_empty(cls, region: tuple[int, int, int, int] | None) -> Any:
        if region and not (0 <= region[0] < region[2] and 0 <= region[1] < region[3]):
            raise ValueError("expected a box x0,y0,x1,y1 in pixels, with x0 < x1 and y0 < y1")
        return region

    @field_validator("shard")
    @classmethod
    def _one_of_several(cls, shard: str | None) -> str | None:
        number, _, count = (shard or "1/1").partition("/")
        if not (number.isdigit() and count.isdigit() and 1 <= int(number) <= int(count)):
            raise ValueError("expected i/n with i from 1 to n, such as 2/4")
        return shard

    @model_validator(mode="after")
    def _one_way_to_choose_classes(self) -> "GradcamSettings":
        if self.classes and self.top_k != 1:
            raise ValueError("top_k chooses the best classes, classes names them: give one of both")
        return self
