"""Epochs: the examples that were seen, in multiples of those there are."""

import math

from nodelens.training.settings import TrainOdeSettings


def in_steps(settings: TrainOdeSettings, examples: int) -> TrainOdeSettings:
    """Turns `training.epochs`, if it is given, into `training.steps`.

    Args:
        settings: The settings of the training.
        examples: The samples or windows to train on; drawn with replacement, so that an epoch sees
            as many, and not each of them once.

    Returns:
        The same settings with the steps.
    """
    training = settings.training
    if training.epochs is None:
        return settings
    steps = math.ceil(training.epochs * examples / training.batch_size)
    changed = training.model_copy(update={"steps": max(1, steps)})
    return settings.model_copy(update={"training": changed})
