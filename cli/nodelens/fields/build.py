"""Making the field that the settings describe."""

import keras
import numpy as np

from nodelens.errors import UsageError
from nodelens.fields.model import Frame
from nodelens.fields.scaled import scaled
from nodelens.fields.settings import FIELDS, Augmenting, FieldSettings
from nodelens.registry import load


def make_field(
    settings: FieldSettings,
    components: tuple[str, ...],
    seed: int,
    mean: np.ndarray,
    scale: np.ndarray,
    rate: float = 1.0,
) -> keras.Model:
    """Makes the untrained vector field of a run, in the units of the data.

    It is a field of the components of the data and of those that augment it. The components are
    those of the data, by name; mean and scale are their means and sizes, shape [components]; the
    rate is that of their change, in sizes per unit of time.

    Raises:
        UsageError: If the field does not fit the data.
    """
    kind = FIELDS[settings.kind]
    if not kind.trajectories:
        raise UsageError(
            f"a field of kind {kind.name} learns from samples, not from trajectories",
            hint="use field.kind=mlp, or data.kind=samples",
        )
    extra = augmented(settings)
    frame = Frame(len(components) + extra, components, tuple(mean), tuple(scale), rate)
    try:
        field = make_inner(settings, frame, seed)
    except ValueError as error:
        raise UsageError(f"the field does not fit the data: {error}") from error
    return field if kind.scales else scaled(field, frame)


def augmented(settings: FieldSettings) -> int:
    """Returns the number of components, or channels, that the field adds to the state."""
    return settings.augment if isinstance(settings, Augmenting) else 0


def make_inner(settings: FieldSettings, frame: Frame, seed: int) -> keras.Model:
    """Makes a field of a state, without anything around it.

    Raises:
        ValueError: If it does not fit this state.
    """
    field: keras.Model = load(FIELDS[settings.kind].builder)(settings, frame, seed)
    return field
