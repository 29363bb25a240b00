"""Making the field that the settings describe."""

import keras
import numpy as np

from nodelens.errors import UsageError
from nodelens.fields.conv import MAX_GROUPS, ConvField
from nodelens.fields.higher_order import HigherOrderField
from nodelens.fields.hybrid import HybridField
from nodelens.fields.mlp import MLPField
from nodelens.fields.own import OwnField
from nodelens.fields.scaled import ScaledField
from nodelens.fields.settings import (
    ConvFieldSettings,
    FieldSettings,
    HigherOrderFieldSettings,
    HybridFieldSettings,
    LinearFieldSettings,
    MLPFieldSettings,
    OwnFieldSettings,
    ResnetFieldSettings,
)

LearnedFieldSettings = MLPFieldSettings | LinearFieldSettings | OwnFieldSettings | ConvFieldSettings


def make_field(
    settings: FieldSettings,
    components: tuple[str, ...],
    seed: int,
    mean: np.ndarray,
    scale: np.ndarray,
) -> keras.Model:
    """Makes the untrained vector field of a run.

    Args:
        settings: Which field.
        components: The names of the components of the data.
        seed: The seed of its weights.
        mean: What is subtracted from each component before the network sees it.
        scale: What each component is divided by.

    Returns:
        A field of the components of the data and those that augment it, in the units of the data.

    Raises:
        UsageError: If the field does not fit the data.
    """
    if isinstance(settings, ConvFieldSettings | ResnetFieldSettings):
        raise UsageError(
            f"a field of kind {settings.kind} learns from samples, not from trajectories",
            hint="use field.kind=mlp, or data.kind=samples",
        )
    extra = augmented(settings)
    dimension = len(components) + extra
    try:
        if isinstance(settings, HybridFieldSettings):
            # Equations are written in the units of the data: nothing is scaled.
            return HybridField(
                components,
                settings.equations,
                settings.parameters,
                settings.hidden,
                settings.activation,
                seed,
            )
        if isinstance(settings, HigherOrderFieldSettings):
            # It scales by itself: a velocity in other units would not be the derivative of x.
            return HigherOrderField(
                dimension,
                settings.order,
                settings.hidden,
                settings.activation,
                settings.time,
                seed,
                tuple(mean),
                tuple(scale),
            )
        field = make_learned_field(settings, dimension, seed)
    except ValueError as error:
        raise UsageError(f"the field does not fit the data: {error}") from error
    if np.all(mean == 0) and np.all(scale == 1):
        return field
    return ScaledField(field, (*mean, *[0.0] * extra), (*scale, *[1.0] * extra))


def augmented(settings: FieldSettings) -> int:
    """The number of components that the field adds to the state."""
    return getattr(settings, "augment", 0)


def norm_groups(settings: ConvFieldSettings) -> int:
    """The most groups of a norm of the state; see `ConvField`."""
    return 1 if settings.augment else MAX_GROUPS


def make_learned_field(settings: LearnedFieldSettings, dimension: int, seed: int) -> keras.Model:
    """Makes a field that is a network.

    Args:
        settings: Which.
        dimension: The components of the state, or its channels.
        seed: The seed of its weights.

    Raises:
        ValueError: If it does not fit this state.
    """
    if isinstance(settings, ConvFieldSettings):
        return ConvField(
            dimension,
            settings.filters,
            settings.activation,
            settings.time,
            norm_groups(settings),
            seed,
        )
    if isinstance(settings, OwnFieldSettings):
        return OwnField(str(settings.path), settings.name, dimension, seed)
    if isinstance(settings, LinearFieldSettings):
        return MLPField(dimension, hidden=(), seed=seed)
    return MLPField(
        dimension,
        settings.hidden,
        settings.activation,
        settings.input_power,
        settings.time,
        seed,
    )
