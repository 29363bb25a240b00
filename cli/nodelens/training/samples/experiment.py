"""The experiment of a network that learns from samples: its data, their parts, the network."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import tensorflow as tf

from nodelens.datasets.sample_split import SampleSplit, split_samples
from nodelens.datasets.samples import SampleData
from nodelens.datasets.settings import DrawnPart, SampleDataSettings, read_data
from nodelens.errors import UsageError
from nodelens.fields.layer import SOLVE, NeuralODE
from nodelens.fields.network import make_network
from nodelens.fields.solve_settings import solve_options
from nodelens.training.loop.epochs import in_steps
from nodelens.training.loop.experiment import Experiment
from nodelens.training.loop.gradient import choose_adjoint, gradient_document
from nodelens.training.loop.losses import choose_loss
from nodelens.training.loop.phases import phases
from nodelens.training.loop.task import Stage
from nodelens.training.samples.conclusion import SampleConclusion
from nodelens.training.samples.summary import SampleSummary
from nodelens.training.samples.task import SampleTask
from nodelens.training.settings import TrainOdeSettings


@dataclass(frozen=True)
class SampleExperiment(Experiment):
    """All that a training on samples needs."""

    data: SampleData
    split: SampleSplit
    task: SampleTask

    @property
    def examples(self) -> int:
        """The number of samples to train on."""
        return len(self.split.train)

    def data_summary(self) -> SampleSummary:
        """See `Experiment.data_summary`."""
        return SampleSummary.of(self.split)

    def plan(self) -> dict[str, Any]:
        """See `Experiment.plan`."""
        train, count = self.split.train, self.task.model.count_params()
        return {
            "samples": len(train),
            "shape": list(train.x.shape[1:]),
            "classes": list(train.classes),
            "parameters": count,
            "steps": self.settings.training.steps,
            "adjoint": gradient_document(self.gradient),
            "summary": self._summary(
                f"train a network of {count:,} parameters on {self.title}", "samples"
            ),
        }

    def conclude(self) -> SampleConclusion:
        """Predicts samples that were held out."""
        return SampleConclusion.of(self.task, self.split, self.title)


def prepare_samples(settings: TrainOdeSettings) -> SampleExperiment:
    """Loads samples and makes the untrained network.

    Args:
        settings: The settings of the training; its data is samples.

    Raises:
        UsageError: If data, field and loss do not fit together.
    """
    chosen = settings.data
    if not isinstance(chosen, SampleDataSettings):
        raise UsageError(f"data of kind {chosen.kind} are no samples")
    data: SampleData = read_data(chosen, settings.seed)
    test = dict(chosen).get("test", DrawnPart(fraction=0.0))
    split = split_samples(
        data, validation=chosen.validation.fraction, test=test.fraction, seed=settings.seed
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
    options = solve_options(settings.solver, settings.adjoint)
    network = make_network(
        settings.field,
        train.x.shape[1:],
        outputs,
        settings.seed,
        inputs=_scaling(train.x, chosen.scale),
        results=results,
        block=lambda field: NeuralODE(field, **{name: getattr(options, name) for name in SOLVE}),
    )
    task = SampleTask(
        network=network,
        x=tf.constant(train.x),
        y=tf.constant(train.y),
        validation=split.validation,
        loss=loss,
        scale=results[1],
        adjoint=options.make_adjoint(),
        batch_size=training.batch_size,
        seed=settings.seed,
    )
    stages = []
    state = (1, training.batch_size * int(np.prod(network.state)))
    for until, phase in phases(settings):
        gradient = choose_adjoint(solve_options(phase.solver, phase.adjoint), state)
        stages.append(Stage(until, replace(task, adjoint=gradient.adjoint)))
    solves = isinstance(network.block, NeuralODE)
    # The last phase has the settings of the training itself.
    return SampleExperiment(
        settings, data, split, task, tuple(stages), gradient if solves else None
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
