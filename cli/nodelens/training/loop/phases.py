"""The phases of a training: earlier steps with settings of their own."""

from collections.abc import Iterator, Mapping
from typing import TypeVar

from nodelens.errors import UsageError
from nodelens.settings.base import Settings
from nodelens.training.settings import TrainOdeSettings

S = TypeVar("S", bound=Settings)


def phases(settings: TrainOdeSettings) -> Iterator[tuple[int, TrainOdeSettings]]:
    """Gives for each phase the step before which it ends, and the settings in force until then.

    The last one has the settings as they are and goes on to the end.

    Raises:
        UsageError: If the phases do not follow one another.
    """
    steps, last = settings.training.steps, 0
    for phase in settings.training.phases:
        if not last < phase.until < steps:
            raise UsageError(
                f"a phase until step {phase.until:,} cannot stand between step {last:,} and the "
                f"end at {steps:,}",
                hint="order training.phases by `until`, each below training.steps; what comes "
                "after the last one has the settings of the training",
            )
        last = phase.until
        window = {} if phase.window is None else {"window": phase.window}
        yield (
            phase.until,
            settings.model_copy(
                update={
                    "solver": _over(settings.solver, phase.solver.model_dump()),
                    "adjoint": _over(settings.adjoint, phase.adjoint.model_dump()),
                    "training": _over(settings.training, window),
                }
            ),
        )
    yield steps, settings


def _over(settings: S, given: Mapping[str, object]) -> S:
    return settings.model_copy(update={k: v for k, v in given.items() if v is not None})
