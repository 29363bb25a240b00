"""A run that has learned from samples, loaded from its directory."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import keras
import numpy as np

from nodelens.datasets.samples import Samples
from nodelens.errors import NumericalError, UsageError
from nodelens.fields.network import Network
from nodelens.training.samples.experiment import prepare_samples
from nodelens.training.samples.summary import SampleSummary
from nodelens.training.samples.task import make_predictor
from nodelens.training.settings import TrainOdeSettings


@dataclass(frozen=True, repr=False)
class SampleRun:
    """A trained network around an ODE block.

    Attributes:
        path: The run directory.
        settings: The settings of the run.
        model: The network, from samples as they are to logits or values.
        summary: The facts about its data that predictions use.
    """

    path: Path
    settings: TrainOdeSettings
    model: keras.Sequential
    summary: SampleSummary

    def __repr__(self) -> str:
        return f"SampleRun({str(self.path)!r}, classes={self.classes})"

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes; empty if it computes values."""
        return self.summary.classes

    @cached_property
    def unseen(self) -> Samples:
        """The test part of its data, else the validation part, else the training part.

        Raises:
            UsageError: If the data cannot be read.
        """
        try:
            return prepare_samples(self.settings).split.unseen
        except UsageError as error:
            raise UsageError(
                f"the data of {self.path} cannot be used: {error.message}",
                hint="give samples of your own; a run directory holds the network, not the data",
            ) from error

    @cached_property
    def network(self) -> Network:
        """The network's parts."""
        return Network.of(self.model)

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Computes logits, or values if the run has learned those.

        Args:
            x: Samples like those of the data, shape [samples, ...].

        Returns:
            Shape [samples, outputs]. Logits are no probabilities: those are their softmax.

        Raises:
            UsageError: If the samples have another shape.
            NumericalError: If a solve failed.
        """
        x = np.asarray(x)
        expected = tuple(self.model.input_shape[1:])
        if x.shape[1:] == expected[:-1] and expected[-1] == 1:
            x = x[..., None]
        if x.shape[1:] != expected or len(x) == 0:
            raise UsageError(
                f"samples of the shape {list(expected)} were expected, x has the shape "
                f"{list(x.shape)}"
            )
        outputs = make_predictor(self.model)(x)
        if not np.isfinite(outputs).all():
            raise NumericalError(
                "the solve failed on some samples",
                hint="they may be far from the data; scale them as those, or train with a larger "
                "solver.max_steps",
            )
        return outputs
