"""The states that windows start from: measured, or fitted together with the field."""

from collections.abc import Mapping
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from nodelens.datasets.noise import noise
from nodelens.datasets.trajectories import Trajectory, TrajectoryData
from nodelens.training.loop.experiment import StartChoice
from nodelens.training.settings import InitialStates
from nodelens.training.trajectories.windows import Batch

NOISY = 0.005
"""The noise, in sizes of a component, from which on measured states are no good starts."""
FEW = 32
"""Parameters of a field that states fitted beside it leave well determined.

In short windows a network does not become better by fitted starts: they take up a part of its
errors. Over Lotka-Volterra, a pendulum and FitzHugh-Nagumo with noise of 2 and 10 % it was as often
worse as better.
"""
MOST = 50_000  # points of data whose starts are fitted unasked: each step updates all of them


def choose_starts(
    wish: InitialStates, data: TrajectoryData, scale: np.ndarray, parameters: int, *, whole: bool
) -> StartChoice:
    """Chooses the initial states of a training.

    Args:
        wish: The setting; `auto` decides by the noise of the data.
        data: The part to train on.
        scale: The size of each component, shape [dimension].
        parameters: The number of parameters of the field.
        whole: True if whole trajectories are fitted, False if windows of them.
    """
    if wish != "auto":
        return StartChoice(wish)
    level = float(np.max(noise(data.trajectories) / scale))
    if level < NOISY:
        return StartChoice("measured", "the data has next to no noise")
    in_words = f"the data has noise of about {level:.1%} of its size"
    if data.points > MOST:
        return StartChoice("measured", f"{in_words}, and more than {MOST:,} points")
    if whole:
        return StartChoice("fitted", f"{in_words}, and whole trajectories are fitted")
    if parameters <= FEW:
        return StartChoice("fitted", f"{in_words}, and the field {parameters} parameters")
    return StartChoice(
        "measured", f"{in_words}, but the field more than {FEW} parameters to fit to windows"
    )


@dataclass(frozen=True)
class FittedStarts:
    """The deviation of the true state from the measured one at each point that a window may start.

    A measured state carries its noise into the whole solution, which biases the field. Fitted
    together with the field, each start is an unknown whose measurement counts as much as those
    behind it.

    Attributes:
        deviations: In units of `unit`, shape [points, dimension]; zero at first.
        unit: The noise of each component, shape [dimension]. An optimizer that takes steps of about
            the learning rate thereby takes them in parts of the noise.
    """

    deviations: keras.Variable
    unit: np.ndarray

    @classmethod
    def of(cls, data: TrajectoryData, scale: np.ndarray) -> "FittedStarts":
        """Makes the deviations of all points of data, all zero."""
        zero = np.zeros((data.points, data.dimension), np.float32)
        unit = np.maximum(noise(data.trajectories), NOISY * scale)
        return cls(keras.Variable(zero, name="initial_states"), unit)

    def shift(self, batch: Batch) -> Batch:
        """Moves the first states of windows to the fitted ones."""
        return batch._replace(z0=batch.z0 + tf.gather(self._shifts, batch.rows))

    def gradient(self, batch: Batch, by_z0: tf.Tensor) -> tf.Tensor:
        """Returns dL/d(deviations), given dL/dz0 of the windows of a batch [batch, components]."""
        own = by_z0[:, : len(self.unit)] * self.unit.astype(np.float32)
        zero = tf.zeros(self.deviations.shape, tf.float32)
        return tf.tensor_scatter_nd_add(zero, batch.rows[:, None], own)

    @property
    def _shifts(self) -> tf.Tensor:
        return self.deviations.value * self.unit.astype(np.float32)

    def per_trajectory(self, data: TrajectoryData) -> dict[str, np.ndarray]:
        """Returns the shift of each point of each trajectory, by its name."""
        cuts = np.cumsum([len(each) for each in data.trajectories])[:-1]
        parts = np.split(np.asarray(self._shifts, np.float64), cuts)
        return {each.name: part for each, part in zip(data.trajectories, parts, strict=True)}


def initial_state(trajectory: Trajectory, row: int, shifts: Mapping[str, np.ndarray]) -> np.ndarray:
    """Returns the state that a trajectory is solved from at a point of it, shape [dimension].

    Args:
        trajectory: The data.
        row: The point, one at which all components were measured.
        shifts: See `FittedStarts.per_trajectory`; the measured state counts where there is none.
    """
    measured = trajectory.states[row]
    shift = shifts.get(trajectory.name)
    return measured if shift is None else np.add(measured, shift[row])
