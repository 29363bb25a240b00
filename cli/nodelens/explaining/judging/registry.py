"""The table of the measures of maps: adding one is a function and a row here.

Everything that is said of a measure elsewhere (columns of tables, keys of documents, panels of the
figure, notes on the cost) is read from its row.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from nodelens.explaining.settings import GradcamSettings
from nodelens.registry import load, table

Better = Literal["lower", "higher", ""]

ROAD_SHARES = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Shares of the pixels that ROAD takes away."""
DRAWS = 3
"""The number of random maps that make one control: a single one may be good by chance."""


@dataclass(frozen=True)
class Panel:
    """The curves of a measure, as they are drawn: the probability of the class over pixels.

    Attributes:
        title: The heading.
        x: The completion of "share of the pixels …".
        note: What the curves cannot show.
        curves: Their keys in documents.
        shares: The pixels at each point; evenly from none to all unless given.
    """

    title: str
    x: str
    note: str
    curves: tuple[str, ...]
    shares: tuple[float, ...] = ()


@dataclass(frozen=True)
class Measure:
    """A measure of maps.

    Attributes:
        name: The key of its value for one map in documents.
        mean: The key of its mean over pictures in documents.
        title: The heading of its column.
        better: The direction of better maps; empty where there is none.
        form: The format of its numbers; it has no column if empty.
        function: The implementation, as `module:attribute` (`faithfulness.MeasureFunction`); empty
            for a value of `Localisation`, which there is where boxes are given.
        runs: The number of pictures that the model is run on for one map.
        is_share: True if its mean is the share of maps of which something is true.
        in_captions: True if it is shown below every map of a page.
        panel: The curves of `function`, if it has any.
    """

    name: str
    mean: str
    title: str
    better: Better = ""
    form: str = ""
    function: str = ""
    runs: Callable[[GradcamSettings], int] = lambda settings: 0
    is_share: bool = False
    in_captions: bool = False
    panel: Panel | None = None

    @property
    def heading(self) -> str:
        """The title with an arrow in the direction of better maps."""
        return f"{self.title} {ARROWS[self.better]}".strip()

    def load(self) -> Any:
        """Loads the function."""
        return load(self.function)


ARROWS: dict[Better, str] = {"lower": "↓", "higher": "↑", "": ""}
_FAITHFULNESS = "nodelens.explaining.judging.faithfulness"

MEASURES = table(
    Measure(
        "deletion",
        "deletion",
        "deletion",
        "lower",
        ".3f",
        function=f"{_FAITHFULNESS}:deletion",
        runs=lambda settings: settings.metric_steps + 1,
        in_captions=True,
        panel=Panel(
            "Deletion: lower is better",
            "deleted",
            "Grey holes are like no photo: part of the fall is due to them.",
            ("deletion_curve",),
        ),
    ),
    Measure(
        "insertion",
        "insertion",
        "insertion",
        "higher",
        ".3f",
        function=f"{_FAITHFULNESS}:insertion",
        runs=lambda settings: settings.metric_steps + 1,
        in_captions=True,
        panel=Panel(
            "Insertion: higher is better",
            "inserted",
            "Favours maps in one piece; a blurred photo still shows its colours.",
            ("insertion_curve",),
        ),
    ),
    Measure(
        "road",
        "road",
        "ROAD",
        "higher",
        ".3f",
        function=f"{_FAITHFULNESS}:road",
        runs=lambda settings: 2 * len(ROAD_SHARES),
        panel=Panel(
            "ROAD: a wide gap is better",
            "taken away and filled in",
            "▲ least, ▼ most relevant first. Favours coarse maps.",
            ("road_most_curve", "road_least_curve"),
            ROAD_SHARES,
        ),
    ),
    Measure(
        "drop",
        "average_drop",
        "drop",
        "lower",
        ".1%",
        function=f"{_FAITHFULNESS}:drop",
        runs=lambda settings: 2,
        in_captions=True,
    ),
    Measure(  # from the same two runs as `drop`
        "increase",
        "increase_in_confidence",
        "increase",
        "higher",
        ".1%",
        function=f"{_FAITHFULNESS}:increase",
        is_share=True,
    ),
    Measure("sparsity", "sparsity", "sparsity", form=".2f", function=f"{_FAITHFULNESS}:sparsity"),
    Measure("hit", "pointing_game", "pointing", "higher", ".0%", is_share=True),
    Measure("share", "share_in_boxes", "in boxes", "higher", ".1%"),
    Measure("area", "area_of_boxes", "area of boxes"),
)


def faithfulness_measures() -> list[Measure]:
    """Returns those that are computed by running the model on changed pictures."""
    return [measure for measure in MEASURES.values() if measure.function]


def columns(means: Iterable[Iterable[str]]) -> list[Measure]:
    """Returns the measures that a table of means shows: those that some row has, in their order."""
    there = {name for row in means for name in row}
    return [row for row in MEASURES.values() if row.form and row.mean in there]


def runs_needed(settings: GradcamSettings) -> int:
    """Returns the number of pictures that the model is run on to measure one map."""
    return sum(measure.runs(settings) for measure in MEASURES.values())
