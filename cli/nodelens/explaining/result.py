"""The results of explaining a photo: predictions, maps, and the files that were written of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

import numpy as np

from nodelens.explaining.judging.faithfulness import Faithfulness
from nodelens.explaining.judging.localisation import Localisation
from nodelens.explaining.judging.measuring import Control
from nodelens.explaining.judging.sanity import Sanity
from nodelens.explaining.model.classes import Prediction
from nodelens.explaining.model.classifier import Weights
from nodelens.explaining.model.receptive_field import ReceptiveField
from nodelens.explaining.pictures.boxes import Box
from nodelens.explaining.pictures.photo import Photo

NO_EVIDENCE = "no positive evidence"
"""The words for a map with nothing above zero."""


@dataclass(frozen=True)
class MapFiles:
    """The files of one map; None stands for one that is not written.

    Attributes:
        overlay: Picture, the photo in its own size with the heat map over it.
        heatmap: Picture, the colours of the heat map alone, in the size of the photo.
        raw: NumPy file, float32, the map at the size of the layer or input, after the ReLU.
        figure: Picture, photo and overlay side by side, with words.
        signed: NumPy file, float32, the same map before the ReLU.
        animation: GIF, the overlays of all frames, where the picture moves.
        frames: NumPy file, float32 `(frames, h, w)`, the maps of all frames.
    """

    overlay: Path | None = None
    heatmap: Path | None = None
    raw: Path | None = None
    figure: Path | None = None
    signed: Path | None = None
    animation: Path | None = None
    frames: Path | None = None

    def as_dict(self) -> dict[str, Path]:
        """Returns the paths of those that are written, by their kind."""
        return {kind: path for kind, path in vars(self).items() if path is not None}

    def within(self, directory: Path) -> "MapFiles":
        """Returns the same files in another directory."""
        return MapFiles(**{kind: directory / path.name for kind, path in self.as_dict().items()})


@dataclass(frozen=True, kw_only=True)
class MapResult:
    """One map without its pixels.

    Attributes:
        layer: Name of the layer; `input` where the method looks at the pixels.
        target: The explained class, as the model scores it on this photo.
        method: Name of the method.
        shape: Height and width of the map, those of the layer or of the model's input.
        max: Largest value before the ReLU; zero or less means that nothing speaks for the class.
        min: Smallest value before the ReLU.
        receptive_field: The part of the model's input that one cell of the map sees; None where
            that is not one size at one place.
        signed: True if the ReLU was left out, to also show what speaks against the class.
        counterfactual: True if the gradient was negated, so that what speaks against the class
            makes the map.
        smooth: The smoothing of the map: `aug`, `eigen`, or none.
        explains: The score whose gradient was taken: `logit`, `prob` or `margin`.
        details: Further numbers that the method reports.
        box: The box around the largest region above 15 % of the maximum, in pixels of the photo;
            None if nothing is positive.
        localisation: The overlap with the boxes that were given, if there are any.
        faithfulness: The measures of the map; None if they were not requested, or it is empty.
        files: The files that were written of it.
    """

    layer: str
    target: Prediction
    method: str
    shape: tuple[int, ...]
    max: float
    min: float
    receptive_field: ReceptiveField | None
    signed: bool = False
    counterfactual: bool = False
    smooth: str | None = None
    explains: str = "logit"
    details: Mapping[str, float] = field(default_factory=dict)
    box: Box | None = None
    localisation: Localisation | None = None
    faithfulness: Faithfulness | None = None
    files: MapFiles = MapFiles()

    @property
    def empty(self) -> bool:
        """True if there is nothing to show: no evidence of the sign that is shown."""
        return self.max <= 0 and not (self.signed and self.min < 0)

    @property
    def kind(self) -> str:
        """The method and its options, in a word for the names of files."""
        words = [self.method, *([self.smooth] if self.smooth else [])]
        words += ["counterfactual"] if self.counterfactual else []
        return "-".join([*words, *(["signed"] if self.signed else [])])


@dataclass(frozen=True, kw_only=True)
class HeatMap(MapResult):
    """The evidence that one layer found for one class.

    Attributes:
        values: The map, float32 of the shape `shape`; after the ReLU unless signed.
        before_relu: The map before the ReLU, whatever is shown; None if it was not kept.
        frames: The maps of all frames of an animation, `(frames, h, w)`; `values` is the first.
    """

    values: np.ndarray
    before_relu: np.ndarray | None = None
    frames: np.ndarray | None = None

    def without_pixels(self, files: MapFiles) -> MapResult:
        """Returns the map without its pixels, and with the files in which they are."""
        facts = {each.name: getattr(self, each.name) for each in fields(MapResult)}
        return MapResult(**{**facts, "files": files})


@dataclass(frozen=True)
class PictureResult:
    """All that was found out about one picture but its pixels, and the files that hold them.

    Attributes:
        path: The file of the picture.
        sha256: Of the bytes of that file.
        size: Width and height in pixels.
        notes: What was done to the pixels beyond decoding, one phrase each.
        predictions: The best classes, best first.
        maps: One for each layer, class and method.
        controls: Random maps, measured beside the others if that was requested.
        sanity: The change of the maps when the weights are shuffled, if that was requested.
        figures: The files of the figures that judge the maps: `metrics` and `sanity`, if any.
    """

    path: Path
    sha256: str
    size: tuple[int, int]
    notes: tuple[str, ...]
    predictions: tuple[Prediction, ...]
    maps: tuple[MapResult, ...]
    controls: tuple[Control, ...] = ()
    sanity: Sanity | None = None
    figures: Mapping[str, Path] = field(default_factory=dict)

    def within(self, directory: Path) -> "PictureResult":
        """Returns the same with its files in another directory."""
        return replace(
            self,
            maps=tuple(replace(each, files=each.files.within(directory)) for each in self.maps),
            figures={kind: directory / file.name for kind, file in self.figures.items()},
        )


@dataclass(frozen=True)
class Findings:
    """All that was found out about one photo, see `Explanation`."""

    photo: Photo
    predictions: tuple[Prediction, ...]
    maps: tuple[HeatMap, ...]
    model: str
    weights: Weights
    controls: tuple[Control, ...] = ()
    sanity: Sanity | None = None

    def without_pixels(
        self, files: Sequence[MapFiles] = (), figures: Mapping[str, Path] | None = None
    ) -> PictureResult:
        """Returns the same without pixels, with the files of each map and of the figures."""
        written = files or [MapFiles()] * len(self.maps)
        return PictureResult(
            path=self.photo.path,
            sha256=self.photo.sha256,
            size=self.photo.size,
            notes=self.photo.notes,
            predictions=self.predictions,
            maps=tuple(
                heat_map.without_pixels(its_files)
                for heat_map, its_files in zip(self.maps, written, strict=True)
            ),
            controls=self.controls,
            sanity=self.sanity,
            figures=figures or {},
        )
