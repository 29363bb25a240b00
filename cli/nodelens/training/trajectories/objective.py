"""The objective of a training on trajectories: a field on windows, compared by a loss."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import keras
import numpy as np
import tensorflow as tf

from nodelens.fields.functional import VectorField, as_function, parameters
from nodelens.ode import Solution, SolveOptions, Status, odeint_vjp
from nodelens.ode.solve import Pullback
from nodelens.training.registry import Loss
from nodelens.training.trajectories.regularization import Regularization
from nodelens.training.trajectories.windows import Batch


@dataclass(frozen=True)
class Objective:
    """A field and the comparison of its solutions with data.

    Attributes:
        field: The vector field, of the components of the data and `augment` more.
        augment: The number of components that the data does not show; they start at zero.
        scale: The size of each component of the data, shape [dimension].
        loss: The loss, one that compares numbers.
        options: The options of the solve and of its gradient; `atol` is in units of the scale.
        regularization: Integrals along the solution that are added to the loss; None if none are.
    """

    field: keras.Model
    augment: int
    scale: np.ndarray
    loss: Loss
    options: SolveOptions
    regularization: Regularization | None = None

    def solve(self, batch: Batch) -> tuple[Solution, Pullback]:
        """Solves from the starts of windows, each with steps of its own if their times differ.

        Returns:
            The solution, of all components and the integrals behind them, and its pullback.
        """
        return odeint_vjp(
            self._from(batch),
            tf.pad(batch.z0, [[0, 0], [0, self.augment + self._integrals]]),
            batch.times,
            batching="joint" if batch.times.shape.rank == 1 else "independent",
            params=parameters(self.field),
            **self.scaled_options().arguments(),
        )

    def without_gradient(self) -> "Objective":
        """Returns the same for solves that nothing is pulled back through: no step is kept."""
        return replace(self, options=replace(self.options, adjoint="backsolve"))

    def sparing(self, batch: Batch) -> tuple[Batch, tf.Tensor]:
        """Replaces the windows that cannot be solved by one that can be, of no weight.

        Returns:
            The batch, with times for each window so that each has steps of its own, and the number
            of windows that were replaced.
        """
        count = tf.shape(batch.z0)[0]
        if batch.times.shape.rank == 1:
            times = tf.broadcast_to(batch.times[:, None], [batch.times.shape[0], count])
            batch = batch._replace(times=tf.ensure_shape(times, [None, batch.z0.shape[0]]))
        solution, _ = self.without_gradient().solve(batch)
        good = solution.status == int(Status.SUCCESS)
        one = tf.argmax(good, output_type=tf.int32)
        chosen = tf.where(good, tf.range(count), one)
        weight = batch.weight * tf.cast(good, tf.float32)[None, :, None]
        spared = Batch(
            z0=tf.gather(batch.z0, chosen),
            t0=tf.gather(batch.t0, chosen),
            times=tf.gather(batch.times, chosen, axis=1),
            target=tf.gather(batch.target, chosen, axis=1),
            weight=weight,
            rows=tf.gather(batch.rows, chosen),
            probe=None if batch.probe is None else tf.gather(batch.probe, chosen),
        )
        return spared, tf.reduce_sum(tf.cast(~good, tf.int32))

    def _from(self, batch: Batch) -> VectorField:
        """The field with the time counted from the start of each window."""
        field = as_function(self.field)
        function = field
        if not self.field.autonomous:

            def function(t: tf.Tensor, z: tf.Tensor, params: Sequence[tf.Tensor]) -> tf.Tensor:
                return field(t + batch.t0, z, params)

        if self.regularization is None:
            return function
        probe = tf.zeros([]) if batch.probe is None else batch.probe
        return self.regularization.along(function, probe)

    @property
    def components(self) -> int:
        """The number of components that are solved: data, augmented ones and integrals."""
        return len(self.scale) + self.augment + self._integrals

    @property
    def _integrals(self) -> int:
        return len(self.regularization.weights) if self.regularization else 0

    def compare(self, states: tf.Tensor, batch: Batch) -> tf.Tensor:
        """Computes the mean loss over all measurements, and adds the regularization.

        Args:
            states: The states of all components, shape [window, batch, components].
            batch: The measurements.
        """
        dimension = len(self.scale)
        error = (states[..., :dimension] - batch.target) / self.scale.astype(np.float32)
        losses = self.loss.load()(error) * batch.weight
        mean = tf.reduce_sum(losses) / tf.maximum(tf.reduce_sum(batch.weight), 1.0)
        return mean if self.regularization is None else mean + self.regularization.of(states[-1])

    def scaled_options(self) -> SolveOptions:
        """Returns the options with the absolute tolerance of each component in its own unit."""
        if np.all(self.scale == 1):
            return self.options
        scale = np.concatenate([self.scale, np.ones(self.augment + self._integrals)])
        return replace(self.options, atol=tf.constant(self.options.atol * scale, tf.float32))
