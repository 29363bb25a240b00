"""The optimizer that the settings describe."""

import difflib
import inspect
from typing import Any

import keras
import tensorflow as tf

from nodelens.errors import UsageError
from nodelens.training.loop.schedules import Shrinkable, make_schedule
from nodelens.training.registry import OPTIMIZERS
from nodelens.training.settings import TrainingSettings

# Arguments that have settings of their own.
OURS = {"learning_rate", "weight_decay", "global_clipnorm", "name", "kwargs"}


def make_optimizer(settings: TrainingSettings, scale: tf.Variable) -> keras.optimizers.Optimizer:
    """Makes a Keras optimizer with its learning rate or the schedule of it.

    Args:
        settings: The optimizer, its options and the learning rate.
        scale: A factor of the learning rate, 1 unless steps were skipped.

    Raises:
        UsageError: If the optimizer does not take an option, or its value.
    """
    row, options = OPTIMIZERS[settings.optimizer], settings.optimizer_options
    name, kind = row.name, row.load()
    config: dict[str, Any] = {
        "learning_rate": Shrinkable(make_schedule(settings), scale),
        "weight_decay": settings.weight_decay or (0.0 if row.always_decays else None),
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
