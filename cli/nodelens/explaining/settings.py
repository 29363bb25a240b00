"""What may be set for `gradcam`."""

from typing import Annotated, Any, Literal

from pydantic import Field, PositiveInt, field_validator, model_validator

from nodelens.explaining.methods.registry import METHODS, Smoothing
from nodelens.settings.base import Settings
from nodelens.settings.choices import name_in

MethodName = Annotated[str, name_in(METHODS)]
Baseline = Literal["black", "mean", "blur"]
File = Literal["overlay", "heatmap", "raw", "figure", "signed"]


class ModelSettings(Settings):
    """The classifier.

    `name`: a network of keras.applications, or the path of a model. `weights`, of a network: auto,
    imagenet, embedded, random, or the path of an HDF5 file. `labels`: a file with the names of the
    classes. `imports`: Python files with custom classes. `trust`: whether code in the file of the
    model may run.
    """

    name: str = "vgg19"
    weights: str = "auto"
    download: bool = False
    preprocess: Literal["auto", "caffe", "tf", "torch", "unit", "none"] = "auto"
    input_size: tuple[PositiveInt, PositiveInt] | None = None
    output: str | None = None
    labels: str | None = None
    imports: tuple[str, ...] = ()
    trust: bool = False


class PixelSettings(Settings):
    """The methods that look at pixels, and those that add noise to them.

    `baseline`: what stands for nothing to see. `steps` of integrated-gradients, `samples` and
    `noise` (share of the range of values) of smoothgrad and smooth-gradcam++, `window` and `stride`
    of occlusion in pixels of the model's input.
    """

    baseline: Baseline = "black"
    steps: int = Field(default=32, ge=1, le=1000)
    samples: int = Field(default=32, ge=1, le=10_000)
    noise: float = Field(default=0.15, ge=0, le=10)
    window: PositiveInt | None = None
    stride: PositiveInt | None = None


class OutputSettings(Settings):
    """What is written, and where; below `directory` every picture gets a directory of its own.

    `files`: what is written of every map, `signed` being the raw map before the ReLU. `format`: of
    the pictures. `html`: one page with all results; none unless given.
    `contact_sheet`: whether several pictures are also shown together, by their overlays.
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

    Without `layers` the model's own choice is explained, without `classes` the `top_k` best ones.
    `metrics`: whether maps are measured. `sanity`: whether they are compared with those of shuffled
    weights. `region`: a box in every photo, `boxes`: a CSV file with boxes of single photos.
    `frames`: which of an animation are explained.
    `shard`: `i/n`, this machine's share of the pictures where `n` machines explain them together.
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
    max_pixels: PositiveInt = 80_000_000
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
