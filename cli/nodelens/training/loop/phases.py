"""The phases of a training: earlier steps with settings of their own."""

from collections.abc import Iterator

from nodelens.errors import UsageError
from nodelens.settings.base import merged
from nodelens.training.settings import TrainOdeSettings


def phases(settings: TrainOdeSettings) -> Iterator[tuple[int, TrainOdeSettings]]:
    """Yields for each phase the step before which it ends, and the settings in force until then.

    The last one has the settings as they are and goes on to the end.

    Raises:
        UsageError: If the phases do not follow one another.
    """
    training, last = settings.training, 0
    for phase in training.phases:
        if not last < phase.until < training.steps:
            raise UsageError(
                f"a phase until step {phase.until:,} cannot stand between step {last:,} and the "
                f"end at {training.steps:,}",
                hint="order training.phases by `until`, each below training.steps; what comes "
                "after the last one has the settings of the training",
            )
        last = phase.until
        window = training.window if phase.window is None else phase.window
        changed = {
            "solver": merged(settings.solver, phase.solver),
            "adjoint": merged(settings.adjoint, phase.adjoint),
            "training": training.model_copy(update={"window": window}),
        }
        yield phase.until, settings.model_copy(update=changed)
    yield training.steps, settings
