"""Equations of second or higher order as first-order systems."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from nodelens.fields.dense import dense_stack, with_time
from nodelens.fields.functional import run_layers
from nodelens.fields.model import FieldModel, Frame
from nodelens.fields.settings import HigherOrderFieldSettings


@keras.saving.register_keras_serializable(package="nodelens")
class HigherOrderField(FieldModel):
    """x⁽ⁿ⁾ = MLP(x, x', …) or MLP(x, x', …, t), written as d(x, …, x⁽ⁿ⁻¹⁾)/dt = (x', …, x⁽ⁿ⁾).

    An ODE of order n becomes one of the first by taking the derivatives into the state; then only
    the highest derivative is learned. The second order is the one that mechanics needs.

    Args:
        dimension: The number of components of the state, a multiple of the order: positions first,
            then velocities, and so on.
        order: n.
        mean: The mean of each component, subtracted from the input of the network; 0 if empty.
        scale: The size of each component: the input of the network is divided by it, and the
            learned derivative multiplied. The other derivatives are components of the state as they
            are.
        rate: The rate at which they change, in their sizes per unit of time; the learned derivative
            is multiplied by it, and so is the time that the network sees.
        **kwargs: The others are as in `FieldModel`.
    """

    def __init__(
        self,
        dimension: int,
        order: int = 2,
        hidden: tuple[int, ...] = (50,),
        activation: str = "tanh",
        time: bool = False,
        seed: int = 0,
        mean: tuple[float, ...] = (),
        scale: tuple[float, ...] = (),
        rate: float = 1.0,
        initialization: str = "small",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if dimension % order:
            raise ValueError(
                f"a field of order {order} needs as many components of each derivative up to the "
                f"{order - 1}., so a number of components that {order} divides; it has {dimension}"
            )
        self._keep(dimension=dimension, order=order, hidden=tuple(hidden), activation=activation)
        self._keep(time=time, seed=seed, mean=_floats(mean), scale=_floats(scale))
        self._keep(rate=float(rate), initialization=initialization)
        outputs = dimension // order
        self.stack = dense_stack(
            dimension + time, self.hidden, outputs, activation, seed, initialization
        )

    def call(self, t: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
        """See `FieldModel.call`: velocities, accelerations and so on of positions, velocities …."""
        dtype, size = z.dtype.as_numpy_dtype, self.dimension // self.order
        inputs = z
        if self.scale:
            inputs = (z - np.asarray(self.mean, dtype)) / np.asarray(self.scale, dtype)
        seen = with_time(self.rate * t, inputs) if self.time else inputs
        highest = self.rate * run_layers(self.stack, seen)
        if self.scale:
            highest *= np.asarray(self.scale[-size:], dtype)
        return tf.concat([z[..., size:], highest], axis=-1)


def _floats(values: Sequence[float]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


def make_higher_order(
    settings: HigherOrderFieldSettings, frame: Frame, seed: int
) -> HigherOrderField:
    """Makes a field that scales by itself: a velocity in other units would not be the derivative.

    See `FieldKind.builder`.
    """
    return HigherOrderField(
        frame.dimension,
        settings.order,
        settings.hidden,
        settings.activation,
        settings.time,
        seed,
        frame.mean,
        frame.scale,
        frame.rate,
        settings.initialization,
    )
