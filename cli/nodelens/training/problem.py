"""What is trained: a field on windows, compared by a loss."""

from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from nodelens.fields.functional import VectorField, as_function, parameters
from nodelens.ode import ADJOINTS, Adjoint, Backsolve, Solution, odeint_vjp
from nodelens.ode.odeint import Pullback
from nodelens.settings.train_ode import AdjointSettings, SolverSettings
from nodelens.training.losses import LOSSES
from nodelens.training.windows import Batch


@dataclass(frozen=True)
class Problem:
    """A field and how its solutions are compared with data.

    Attributes:
        field: The vector field, of the components of the data and `augment` more.
        augment: The components that the data does not show; they start at zero.
        scale: The size of each component of the data, shape [dimension].
        loss: The name of the loss, one of `LOSSES`.
        solver: The forward solve.
        adjoint: The gradient.
    """

    field: keras.Model
    augment: int
    scale: np.ndarray
    loss: str
    solver: SolverSettings
    adjoint: AdjointSettings

    def solve(self, batch: Batch) -> tuple[Solution, Pullback]:
        """Solves from where windows start, each with steps of its own if their times differ.

        Returns:
            The solution, of all components, and its pullback.
        """
        return odeint_vjp(
            self._from(batch.t0),
            tf.pad(batch.z0, [[0, 0], [0, self.augment]]),
            batch.times,
            batching="joint" if batch.times.shape.rank == 1 else "independent",
            params=parameters(self.field),
            solver=self.solver.method,
            rtol=self.solver.rtol,
            atol=self.atol(),
            max_steps=self.solver.max_steps,
            adjoint=make_adjoint(self.adjoint),
        )

    def _from(self, t0: tf.Tensor) -> VectorField:
        """The field with the time counted from `t0`."""
        function = as_function(self.field)
        if self.field.autonomous:
            return function
        return lambda t, z, params: function(t + t0, z, params)

    def compare(self, states: tf.Tensor, batch: Batch) -> tf.Tensor:
        """The mean loss over all measurements.

        Args:
            states: Of all components, shape [window, batch, dimension + augment].
            batch: What was measured.
        """
        dimension = len(self.scale)
        error = (states[..., :dimension] - batch.target) / self.scale.astype(np.float32)
        losses = LOSSES[self.loss](error) * batch.weight
        return tf.reduce_sum(losses) / tf.maximum(tf.reduce_sum(batch.weight), 1.0)

    def atol(self) -> float | tf.Tensor:
        """The absolute tolerance of each component, in its own unit."""
        if np.all(self.scale == 1):
            return self.solver.atol
        scale = np.concatenate([self.scale, np.ones(self.augment)])
        return tf.constant(self.solver.atol * scale, tf.float32)


def make_adjoint(settings: AdjointSettings) -> Adjoint:
    """The adjoint of the settings; only the one that solves backward has tolerances of its own."""
    if settings.method == "backsolve":
        return Backsolve(rtol=settings.rtol, atol=settings.atol)
    return ADJOINTS[settings.method]
