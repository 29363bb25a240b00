"""The optimizer that the settings describe."""

import difflib
import inspect
from typing import Any

import keras
import tensorflow as tf

from nodelens.errors import UsageError
from nodelens.training.loop.schedules import Shrinkable, make_schedule
from nodelens.training.settings import TrainingSettings

# What has a setting of its own.
OURS = {"learning_rate", "weight_decay", "global_clipnorm", "name", "kwargs"}


def make_optimizer(settings: TrainingSettings, scale: tf.Variable) -> keras.optimizers.Optimizer:
    """Makes a Keras optimizer with its learning rate or the schedule of it.

    Args:
        settings: Which one, and how it learns.
        scale: What the learning rate is multiplied by, 1 unless something went wrong.

    Raises:
        UsageError: If the optimizer does not take an option, or its value.
    """
    name, options = settings.optimizer, settings.optimizer_options
    kind = {each.lower(): value for each, value in vars(keras.optimizers).items()}[name]
    config: dict[str, Any] = {
        "learning_rate": Shrinkable(make_schedule(settings), scale),
        # None leaves weight decay out, which AdamW cannot do.
        "weight_decay": settings.weight_decay or (0.0 if name == "adamw" else None),
        "global_clipnorm": settings.clip_norm,
    }
    known = set(inspect.signature(kind.__init__).parameters) - OURS - {"self"}
    for option in sorted(set(options) - known):
        near = difflib.get_close_matches(option, known, n=1)
        raise UsageError(
            f"the optimizer {name} takes no option {option!r}",
            hint=f"did you mean `{near[0]}`?" if near else f"it takes {', '.join(sorted(known))}",
        )
    try:
        return kind(**config, **options)
    except (ValueError, TypeError) as error:
        raise UsageError(f"the optimizer {name} does not take {options}: {error}") from error
