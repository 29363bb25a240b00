"""A network that learns from samples: the data, the split, the network, and what came of it."""

from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from nodelens.datasets.sample_split import SampleSplit, split_samples
from nodelens.datasets.samples import SampleData
from nodelens.datasets.settings import DrawnPart, SampleDataSettings, read_data
from nodelens.errors import UsageError
from nodelens.fields.layer import NeuralODE
from nodelens.fields.network import make_network
from nodelens.training.loop.epochs import in_steps
from nodelens.training.loop.losses import choose_loss
from nodelens.training.loop.phases import phases
from nodelens.training.loop.task import Stage
from nodelens.training.samples.conclusion import SampleConclusion
from nodelens.training.samples.task import SampleTask
from nodelens.training.settings import TrainOdeSettings
from nodelens.training.trajectories.objective import make_adjoint


@dataclass(frozen=True)
class SampleExperiment:
    """All that a training on samples needs: an `Experiment`.

    Attributes:
        settings: What was asked for.
        data: All of it.
        split: What is trained on and what is kept back.
        task: The network and its loss, for the training loop.
        stages: The task in each phase of the training.
    """

    settings: TrainOdeSettings
    data: SampleData
    split: SampleSplit
    task: SampleTask
    stages: tuple[Stage, ...]

    @property
    def examples(self) -> int:
        """The samples to train on."""
        return len(self.split.train)

    @property
    def title(self) -> str:
        """What the data is."""
        return self.data.title

    @property
    def split_in_words(self) -> str:
        """What is trained on and what is kept back."""
        return self.split.how

    def content(self) -> bytes:
        """All numbers of the data."""
        return self.data.content()

    def plan(self) -> dict[str, Any]:
        """What a training would do."""
        settings, train = self.settings, self.split.train
        count, training = self.task.model.count_params(), settings.training
        return {
            "samples": len(train),
            "shape": list(train.x.shape[1:]),
            "classes": list(train.classes),
            "parameters": count,
            "steps": training.steps,
            "summary": (
                f"would train a network of {count:,} parameters on {self.data.title} in "
                f"{training.steps:,} steps of {training.batch_size} samples, with "
                f"{settings.solver.method} and the adjoint {settings.adjoint.method}; "
                f"{self.split.how}"
            ),
        }

    def conclude(self) -> SampleConclusion:
        """Predicts what was kept back."""
        return SampleConclusion.of(self.task, self.split, self.data.title)


def prepare_samples(settings: TrainOdeSettings) -> SampleExperiment:
    """Loads samples and makes the untrained network.

    Args:
        settings: What to do; its data are samples.

    Raises:
        UsageError: If data, field and loss do not fit together.
    """
    chosen = settings.data
    if not isinstance(chosen, SampleDataSettings):
        raise UsageError(f"data of kind {chosen.kind} are no samples")
    data: SampleData = read_data(chosen, settings.seed)
    test = dict(chosen).get("test", DrawnPart(fraction=0.0))
    split = split_samples(
        data,
        validation=chosen.validation.fraction,
        test=test.fraction,
        seed=settings.seed,
    )
    train = split.train
    settings = in_steps(settings, len(train))
    training = settings.training
    if training.batch_size > len(train):
        raise UsageError(
            f"a batch of {training.batch_size} samples was asked for, and there are {len(train)} "
            "to train on",
            hint="lower training.batch_size, or data.validation.fraction and data.test.fraction",
        )
    loss = choose_loss(training.loss, labelled=train.labelled)
    outputs = len(train.classes) if train.labelled else train.y.shape[1]
    results = _scaling(train.y, chosen.scale and not train.labelled)
    network = make_network(
        settings.field,
        train.x.shape[1:],
        outputs,
        settings.seed,
        inputs=_scaling(train.x, chosen.scale),
        results=results,
        block=lambda field: _ode_block(field, settings),
    )
    task = SampleTask(
        network=network,
        x=tf.constant(train.x),
        y=tf.constant(train.y),
        kept_back=split.validation,
        loss=loss,
        scale=results[1],
        adjoint=make_adjoint(settings.adjoint),
        batch_size=training.batch_size,
        seed=settings.seed,
    )
    if any(training.regularization.model_dump().values()):
        raise UsageError(
            "training.regularization is for trajectories; a network on samples has none",
            hint="leave it out, or use training.weight_decay",
        )
    if any(
        phase.window is not None or any(phase.solver.model_dump().values())
        for phase in training.phases
    ):
        raise UsageError(
            "only the adjoint may differ between phases of a training on samples",
            hint="leave window and solver out of training.phases",
        )
    stages = tuple(
        Stage(until, replace(task, adjoint=make_adjoint(phase.adjoint)))
        for until, phase in phases(settings)
    )
    return SampleExperiment(settings, data, split, task, stages)


def _ode_block(field: keras.Model, settings: TrainOdeSettings) -> NeuralODE:
    solver = settings.solver
    return NeuralODE(
        field,
        solver=solver.method,
        adjoint=settings.adjoint.method,
        rtol=solver.rtol,
        atol=solver.atol,
        max_steps=solver.max_steps,
        step_size=solver.step_size,
    )


def _scaling(values: np.ndarray, wanted: bool) -> tuple[np.ndarray, np.ndarray]:
    """Mean and scale: of each feature of vectors, of all pixels of images together."""
    if not wanted:
        size = () if values.ndim == 4 or values.ndim == 1 else values.shape[1:]
        return np.zeros(size), np.ones(size)
    axes = None if values.ndim == 4 else 0
    mean = values.mean(axis=axes, dtype=np.float64)
    scale = values.std(axis=axes, dtype=np.float64)
    return np.asarray(mean), np.where(scale > 0, scale, 1.0)
