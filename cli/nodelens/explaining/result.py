"""What was found out about a photo: predictions and maps."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from nodelens.explaining.judging.faithfulness import Faithfulness
from nodelens.explaining.judging.localisation import Localisation
from nodelens.explaining.model.classifier import Weights
from nodelens.explaining.model.receptive_field import ReceptiveField
from nodelens.explaining.output.painting import draw_map, paint
from nodelens.explaining.output.save import MapFiles, save_explanation, save_judging
from nodelens.explaining.pictures.boxes import Box
from nodelens.explaining.pictures.images import Photo
from nodelens.figures.overlay import ALPHA


@dataclass(frozen=True)
class Prediction:
    """One class and how sure the model is of it.

    Attributes:
        index: Of the class.
        name: Of the class.
        score: The probability.
        logit: The score before the softmax.
    """

    index: int
    name: str
    score: float
    logit: float


@dataclass(frozen=True)
class HeatMap:
    """Where one layer found evidence for one class.

    Attributes:
        layer: Name of the layer; `input` where the method looks at the pixels.
        target: The explained class, as the model scores it on this photo.
        method: Name of the method.
        values: The map at the size of the layer or of the model's input, float32 `(h, w)`; after
            the ReLU unless signed.
        max: Largest value before the ReLU; zero or less means that nothing speaks for the class.
        min: Smallest value before the ReLU.
        signed: Whether the ReLU was left out, to also show what speaks against the class.
        counterfactual: Whether the gradient was negated, so that what speaks against the class
            makes the map.
        smooth: How the map was smoothed: `aug`, `eigen`, or not at all.
        explains: The score whose gradient was taken: `logit`, `prob` or `margin`.
        receptive_field: What one cell of the map sees of the model's input; None where that is
            not one size at one place.
        details: What the method tells besides, in numbers.
        box: Around the largest region above 15 % of the maximum, in pixels of the photo; None if
            nothing is positive.
        localisation: How the map lies to the boxes that were given, if there are any.
        faithfulness: How the map stands the test; None if it was not asked for, or the map is
            empty.
        before_relu: The map before the ReLU, whatever is shown; None if it was not kept.
        frames: The maps of all frames of an animation, `(frames, h, w)`; `values` is the first.
    """

    layer: str
    target: Prediction
    method: str
    values: np.ndarray
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
    before_relu: np.ndarray | None = None
    frames: np.ndarray | None = None

    @property
    def empty(self) -> bool:
        """Whether there is nothing to show: no evidence of the sign that is shown."""
        return self.max <= 0 and not (self.signed and self.min < 0)

    @property
    def kind(self) -> str:
        """The method and how it was used, in a word for the names of files."""
        words = [self.method, *([self.smooth] if self.smooth else [])]
        words += ["counterfactual"] if self.counterfactual else []
        return "-".join([*words, *(["signed"] if self.signed else [])])


@dataclass(frozen=True)
class Control:
    """How random maps stand the test: what a method must beat.

    Attributes:
        layer: Whose channels are weighted by chance; `input` where pixels are.
        target: The explained class.
        faithfulness: The mean over several random maps.
    """

    layer: str
    target: Prediction
    faithfulness: Faithfulness


@dataclass(frozen=True)
class Sanity:
    """What becomes of the maps while the weights are shuffled, layer by layer from the top.

    Attributes:
        layers: The layers in the order in which they are shuffled; those before stay shuffled.
        correlations: For each of `Explanation.maps`, and then for each layer, the rank correlation
            with the map before; None where one of both is the same everywhere.
    """

    layers: tuple[str, ...]
    correlations: tuple[tuple[float | None, ...], ...]


@dataclass(frozen=True)
class Explanation:
    """All that was found out about one photo.

    Attributes:
        photo: The photo in its own size.
        predictions: The best classes, best first.
        maps: One for each layer, class and method, in this order; then, for each class, those of
            the methods that need no layer.
        model: Name of the model.
        weights: Which weights it ran with.
        controls: Random maps, measured beside the others if that was asked for.
        sanity: What becomes of the maps when the weights are shuffled, if that was asked for.
    """

    photo: Photo
    predictions: tuple[Prediction, ...]
    maps: tuple[HeatMap, ...]
    model: str
    weights: Weights
    controls: tuple[Control, ...] = ()
    sanity: Sanity | None = None

    def overlay(self, number: int = 0, *, alpha: float = ALPHA) -> Image.Image:
        """The photo with one of its maps over it, in the size of the photo.

        Args:
            number: Which of `maps`.
            alpha: Opacity of the map, from 0 to 1.

        Returns:
            The picture; `np.asarray` makes an array of it.
        """
        return Image.fromarray(paint(self.photo, self.maps[number], alpha).overlay)

    def save(
        self, directory: str | Path, *, alpha: float = ALPHA, force: bool = False
    ) -> tuple[MapFiles, ...]:
        """Writes overlay, heat map, raw map and figure of every map, and what was measured.

        Args:
            directory: Where; it is made if it is not there.
            alpha: Opacity of the map over the photo.
            force: Whether files of the same names are replaced.

        Returns:
            The files of each map, in the order of `maps`.

        Raises:
            UsageError: A file is there already, and `force` is not set.
        """
        Path(directory).mkdir(parents=True, exist_ok=True)
        files = save_explanation(self, Path(directory), alpha=alpha, force=force)
        save_judging(self, Path(directory), force=force)
        return files

    def _repr_html_(self) -> str:
        """What a notebook shows: the predictions and the figure of every map."""
        said = ", ".join(f"{row.name} {row.score:.2g}" for row in self.predictions)
        figures = "".join(f'<img alt="" src="{self._drawn(row)}">' for row in self.maps)
        return f"<p>{escape(self.model)}: {escape(said)}</p>{figures}"

    def _drawn(self, heat_map: HeatMap) -> str:
        """The figure of a map as a `data:` address."""
        png = BytesIO()
        draw_map(self, heat_map, paint(self.photo, heat_map).overlay).savefig(png)
        return "data:image/png;base64," + b64encode(png.getvalue()).decode()
