"""Settings of runs that earlier versions began; TensorFlow is not imported here."""

from dataclasses import replace

from nodelens.settings.resolve import Resolved
from nodelens.training.settings import TrainOdeSettings


def as_begun(resolved: Resolved[TrainOdeSettings]) -> Resolved[TrainOdeSettings]:
    """Gives settings that a run's configuration does not have the values of when it began.

    Args:
        resolved: The settings that the run directory holds, all of those of its version.
    """
    if ("training", "initial_states") in resolved.places:
        return resolved
    training = resolved.settings.training.model_copy(update={"initial_states": "measured"})
    return replace(resolved, settings=resolved.settings.model_copy(update={"training": training}))
