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
        better: The direction of better maps; empty where there is none.
        form: The format of its numbers; it has no column if empty.
        function: The implementation, as `module:attribute`, from a `faithfulness.Trial` to what is
            `Measured`; empty for a value of `Localisation`, which there is where boxes are given.
        runs: The number of pictures that the model is run on for one map.
        title: The heading of its column; the name unless given.
        mean: The key of its mean over pictures in documents; the name unless given.
        is_share: True if its mean is the share of maps of which something is true.
        brief: True if it is shown below every map of a page.
        panel: The curves of `function`, if it has any.
    """

    name: str
    better: Better = ""
    form: str = ""
    function: str = ""
    runs: Callable[[GradcamSettings], int] = lambda _: 0
    title: str = ""
    mean: str = ""
    is_share: bool = False
    brief: bool = False
    panel: Panel | None = None

    def __post_init__(self) -> None:
        for key in ("title", "mean"):
            object.__setattr__(self, key, getattr(self, key) or self.name)

    @property
    def heading(self) -> str:
        """The title with an arrow in the direction of better maps."""
        return f"{self.title} {ARROWS[self.better]}".strip()

    def load(self) -> Any:
        """Loads the function."""
        return load(self.function)


ARROWS: dict[Better, str] = {"lower": "↓", "higher": "↑", "": ""}
_HERE = "nodelens.explaining.judging.faithfulness"

_DELETION = Panel(
    title="Deletion: lower is better",
    x="deleted",
    note="Grey holes are like no photo: part of the fall is due to them.",
    curves=("deletion_curve",),
)
_INSERTION = Panel(
    title="Insertion: higher is better",
    x="inserted",
    note="Favours maps in one piece; a blurred photo still shows its colours.",
    curves=("insertion_curve",),
)
_ROAD = Panel(
    title="ROAD: a wide gap is better",
    x="taken away and filled in",
    note="▲ least, ▼ most relevant first. Favours coarse maps.",
    curves=("road_most_curve", "road_least_curve"),
    shares=ROAD_SHARES,
)


def _curve(settings: GradcamSettings) -> int:
    return settings.metric_steps + 1


# `increase` reads the same two runs as `drop`.
MEASURES = table(
    Measure("deletion", "lower", ".3f", f"{_HERE}:deletion", _curve, panel=_DELETION, brief=True),
    Measure(
        "insertion", "higher", ".3f", f"{_HERE}:insertion", _curve, panel=_INSERTION, brief=True
    ),
    Measure(
        "road",
        "higher",
        ".3f",
        f"{_HERE}:road",
        lambda _: 2 * len(ROAD_SHARES),
        title="ROAD",
        panel=_ROAD,
    ),
    Measure("drop", "lower", ".1%", f"{_HERE}:drop", lambda _: 2, mean="average_drop", brief=True),
    Measure(
        "increase",
        "higher",
        ".1%",
        f"{_HERE}:increase",
        mean="increase_in_confidence",
        is_share=True,
    ),
    Measure("sparsity", "", ".2f", f"{_HERE}:sparsity"),
    Measure("hit", "higher", ".0%", title="pointing", mean="pointing_game", is_share=True),
    Measure("share", "higher", ".1%", title="in boxes", mean="share_in_boxes"),
    Measure("area", title="area of boxes", mean="area_of_boxes"),
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
