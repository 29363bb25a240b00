"""The optimizer that the settings describe."""

from typing import Any

import keras

from nodelens.settings.train_ode import TrainingSettings


def make_optimizer(settings: TrainingSettings) -> keras.optimizers.Optimizer:
    """Makes a Keras optimizer with its learning rate or the schedule of it."""
    rate: Any = settings.learning_rate
    if settings.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(rate, decay_steps=settings.steps)
    config = {
        "learning_rate": rate,
        "weight_decay": settings.weight_decay or None,
        "global_clipnorm": settings.clip_norm,
    }
    return keras.optimizers.get({"class_name": settings.optimizer, "config": config})
