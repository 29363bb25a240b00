"""The facts about samples that a run directory holds."""

from dataclasses import dataclass

import numpy as np

from nodelens.datasets.sample_split import SampleSplit
from nodelens.training.loop.data_summary import DataSummary

SAMPLES = 4  # few enough for a check of every component


@dataclass(frozen=True)
class SampleSummary(DataSummary):
    """The facts about samples that predictions use.

    Attributes:
        classes: The names of the classes; empty if values are computed.
        x: A few samples, shape [samples, ...].
    """

    classes: tuple[str, ...]
    x: np.ndarray

    @classmethod
    def of(cls, split: SampleSplit) -> "SampleSummary":
        """Takes the first samples of the part that the network is evaluated on."""
        return cls(split.train.classes, split.unseen.x[:SAMPLES])
