"""An explanation as it is handed to callers from Python: it saves and shows itself."""

from base64 import b64encode
from dataclasses import dataclass
from html import escape
from io import BytesIO
from pathlib import Path

from PIL import Image

from nodelens.explaining.output.painting import draw_map, paint
from nodelens.explaining.output.save import save_explanation, save_judging
from nodelens.explaining.result import Findings, HeatMap, MapFiles
from nodelens.explaining.settings import OutputSettings
from nodelens.figures.overlay import ALPHA


@dataclass(frozen=True)
class Explanation(Findings):
    """All that was found out about one photo, with the means to save and to show it.

    Attributes:
        photo: The photo in its own size, with `pixels`, `path`, `size` and `notes`.
        predictions: The best classes, best first, each with `index`, `name`, `score` and `logit`.
        maps: One `HeatMap` for each layer, class and method, in this order; then, for each class,
            those of the methods that need no layer.
        model: Name of the model.
        weights: The weights that it ran with.
        controls: Random maps, measured beside the others if that was requested.
        sanity: The change of the maps when the weights are shuffled, if that was requested.
    """

    def overlay(self, number: int = 0, *, alpha: float = ALPHA) -> Image.Image:
        """Lays one of the maps over the photo, in the size of the photo.

        Args:
            number: The index of the map in `maps`.
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
            directory: The directory; it is made if it is not there.
            alpha: Opacity of the map over the photo.
            force: True if files of the same names are replaced.

        Returns:
            The files of each map, in the order of `maps`.

        Raises:
            UsageError: A file is there already, and `force` is not set.
        """
        Path(directory).mkdir(parents=True, exist_ok=True)
        output = OutputSettings().model_copy(update={"alpha": alpha})
        files = save_explanation(self, Path(directory), output, force=force)
        save_judging(self, Path(directory), force=force)
        return files

    def _repr_html_(self) -> str:
        """Shows the predictions and the figure of every map in a notebook."""
        best = ", ".join(f"{row.name} {row.score:.2g}" for row in self.predictions)
        figures = "".join(f'<img alt="" src="{self._drawn(row)}">' for row in self.maps)
        return f"<p>{escape(self.model)}: {escape(best)}</p>{figures}"

    def _drawn(self, heat_map: HeatMap) -> str:
        """Draws the figure of a map as a `data:` address."""
        png = BytesIO()
        draw_map(self, heat_map, paint(self.photo, heat_map).overlay).savefig(png)
        return "data:image/png;base64," + b64encode(png.getvalue()).decode()
