"""Using a run that has learned from samples."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import keras
import numpy as np

from nodelens.datasets.samples import Samples
from nodelens.errors import NumericalError, UsageError
from nodelens.fields.network import Network
from nodelens.training.samples.experiment import prepare_samples
from nodelens.training.samples.task import make_predictor
from nodelens.training.settings import TrainOdeSettings


@dataclass(frozen=True)
class SampleRun:
    """A trained network around an ODE block.

    Attributes:
        path: The run directory.
        settings: The settings of the run.
        model: The network, from samples as they are to logits or values.
        classes: The names of the classes; empty if it computes values.
        unseen: The test part of its data, else what was kept back, else what it was trained on.
    """

    path: Path
    settings: TrainOdeSettings
    model: keras.Sequential
    classes: tuple[str, ...]
    unseen: Samples

    @cached_property
    def network(self) -> Network:
        """The network's parts."""
        return Network.of(self.model)

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Logits, or values.

        Args:
            x: Samples as those of the data, shape [samples, ...].

        Returns:
            Shape [samples, outputs].

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


def load_sample_run(path: Path, settings: TrainOdeSettings, model: keras.Model) -> SampleRun:
    """Puts a loaded network beside its data.

    Args:
        path: The run directory.
        settings: Its settings.
        model: What was loaded from it.
    """
    split = prepare_samples(settings).split
    unseen = split.test or split.validation or split.train
    return SampleRun(path, settings, model, split.train.classes, unseen)
