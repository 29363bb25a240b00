"""The convolutional vector field of the ODE-Net."""

from typing import Any

import keras
import tensorflow as tf

from nodelens.fields.dense import with_time
from nodelens.fields.fast_convolution import Convolution
from nodelens.fields.model import FieldModel, Frame
from nodelens.fields.settings import ConvFieldSettings

MAX_GROUPS = 32


@keras.saving.register_keras_serializable(package="nodelens")
class ConvField(FieldModel):
    """A vector field of feature maps, the block of the ODE-Net (Chen et al. 2018, section 3).

    f(t, z) = N(C(a(N(C(a(N(z)), t))), t)): two convolutions C, 3×3, which see the time as one more
    channel, each after a group norm N and an activation a, and a group norm at the end. All
    convolutions keep height and width.

    Args:
        filters: The channels between the two convolutions.
        groups: The most groups of a norm. One, where channels start as zeros: alone in a group they
            have no scale to be normalised by, and the field would be stiff.
        **kwargs: The others are as in `FieldModel`.
    """

    def __init__(
        self,
        dimension: int,
        filters: int = 64,
        activation: str = "relu",
        time: bool = True,
        groups: int = MAX_GROUPS,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._keep(dimension=dimension, filters=filters, activation=activation, time=time)
        self._keep(groups=groups, seed=seed)
        self.norms = [group_norm(size, groups) for size in (dimension, filters, dimension)]
        self.convolutions = [
            Convolution(filters, 3, seed, padding="same"),
            Convolution(dimension, 3, seed + 1, padding="same"),
        ]
        self.activate = keras.activations.get(activation)
        for norm, channels in zip(self.norms, (dimension, filters, dimension), strict=True):
            norm.build((None, None, None, channels))
        for layer, channels in zip(self.convolutions, (dimension, filters), strict=True):
            layer.build((None, None, None, channels + time))

    @property
    def state_shape(self) -> tuple[int | None, ...]:
        """See `FieldModel.state_shape`: feature maps."""
        return (None, None, None, self.dimension)

    def call(self, t: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
        """See `FieldModel.call`."""
        slope = z
        for norm, convolve in zip(self.norms[:-1], self.convolutions, strict=True):
            slope = self.activate(norm(slope))
            slope = convolve(with_time(t, slope) if self.time else slope)
        return self.norms[-1](slope)


def make_conv(settings: ConvFieldSettings, frame: Frame, seed: int) -> ConvField:
    """Makes the field of an ODE-Net; see `FieldKind.builder`."""
    activation, groups = settings.activation, norm_groups(settings)
    return ConvField(frame.dimension, settings.filters, activation, settings.time, groups, seed)


def norm_groups(settings: ConvFieldSettings) -> int:
    """Returns the most groups of a norm of the state; see `ConvField`."""
    return 1 if settings.augment else MAX_GROUPS


def group_norm(channels: int, most: int = MAX_GROUPS) -> keras.layers.GroupNormalization:
    """Makes a norm of at most `most` equal groups of the channels (Wu and He 2018)."""
    groups = max(n for n in range(1, min(channels, most) + 1) if channels % n == 0)
    return keras.layers.GroupNormalization(groups=groups, epsilon=1e-5)
