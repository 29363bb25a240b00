"""What a run is about: a task with its data around it, and what came of it."""

from dataclasses import dataclass
from typing import Any, Protocol

from nodelens.training.loop.state import TrainingState
from nodelens.training.loop.task import Stage, Task
from nodelens.training.settings import TrainOdeSettings


@dataclass(frozen=True)
class Picture:
    """A picture of a run.

    Attributes:
        artifact: What it is called among the artifacts of the report.
        file: Its name in the folder of the figures.
        shown: What it shows, in words.
        content: The bytes of a PNG file.
    """

    artifact: str
    file: str
    shown: str
    content: bytes


class Conclusion(Protocol):
    """What a trained model makes of its data."""

    def final(self) -> dict[str, Any]:
        """How good it is: further entries of `final` in the JSON document."""

    def findings(self) -> dict[str, Any]:
        """What else was found: further entries of the JSON document."""

    def pictures(
        self, state: TrainingState, rows: list[dict[str, Any]], rival: Any = None
    ) -> list[Picture]:
        """Draws the pictures.

        Args:
            state: Where the training ended.
            rows: The metrics, one row a call of the compiled loop.
            rival: The conclusion of the same kind about the model to compare with.
        """


class Experiment(Protocol):
    """Data, and a task that learns from it."""

    @property
    def task(self) -> Task:
        """What the loop trains, as it is at the end."""

    @property
    def stages(self) -> tuple[Stage, ...]:
        """What the loop trains in each phase."""

    @property
    def settings(self) -> TrainOdeSettings:
        """What to do; epochs are turned into steps."""

    @property
    def examples(self) -> int:
        """The samples or windows to train on."""

    @property
    def title(self) -> str:
        """What the data is, in words."""

    @property
    def split_in_words(self) -> str:
        """What is trained on and what is kept back."""

    def content(self) -> bytes:
        """All data, for hashing."""

    def plan(self) -> dict[str, Any]:
        """What a training would do; `summary` says it in one sentence."""

    def conclude(self) -> Conclusion:
        """Judges the trained model."""
